"""
The views as they were before there were rollups: plain aggregates over the rows, in a schema of their own.

They are slow and obviously right, and so they are what the others are compared with, in answers and in time.
"""

from __future__ import annotations

import re
from pathlib import Path

MIGRATIONS = Path(__file__).parents[2] / "supabase" / "migrations"
FILES = ("20261124001100_*.sql", "20261124001200_*.sql", "20261124001300_*.sql")
VIEW = re.compile(r"^CREATE VIEW (public|ops)\.(\w+) .*?;$", re.DOTALL | re.MULTILINE)
KEPT = {"tasks_with_latest_log", "tasks_needing_attention", "public_status", "checks_now"}

# Each with the columns that tell its rows apart. Percentiles are compared by another test.
COUNTING = {
    "integration_health_summary": ("source",),
    "api_performance_summary": ("service", "endpoint"),
    "workflow_performance_summary": ("integration_id", "workflow_id"),
    "business_error_summary": ("business_slug",),
    "business_integration_health": ("business_slug", "source"),
    "business_performance_comparison": ("business_slug",),
    "daily_operations_summary": ("business_slug", "operation_date"),
    "hubspot_sync_status": ("business_slug",),
    "business_workflow_executions": ("business_slug", "integration_id", "workflow_id"),
    "weekly_business_report": ("business_slug", "week_start"),
    "stale_integrations": ("integration",),
    "uptime_summary": ("integration_id",),
    "businesses_needing_attention": ("business_slug",),
}


def statements() -> str:
    """What makes the schema `naive` with these views."""
    found = ["CREATE SCHEMA naive"]
    for pattern in FILES:
        (file,) = MIGRATIONS.glob(pattern)
        for match in VIEW.finditer(file.read_text("utf-8")):
            if match[2] not in KEPT:
                text = match[0].replace(f"CREATE VIEW {match[1]}.", "CREATE VIEW naive.").rstrip(";")
                for name in ("ops.connection_activity", "ops.attention_reasons", "public.stale_integrations"):
                    text = text.replace(name, f"naive.{name.partition('.')[2]}")
                found.append(text)
    return ";\n".join(found)
