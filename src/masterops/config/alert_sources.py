"""
Where the rows come from that rules look at, and what their fields are.
"""

from __future__ import annotations

from typing import NamedTuple

VIEW = "view:"


class AlertSource(NamedTuple):
    """
    A view of what is wrong now: its name, its fields, and those that tell one row from another.
    """

    relation: str
    fields: tuple[str, ...]
    keys: tuple[str, ...]
    summary: str
    group_by: tuple[str, ...] = ("service", "category")


SOURCES: dict[str, AlertSource] = {
    "flips": AlertSource(
        "ops.standing_health",
        (
            "connection",
            "check_name",
            "business",
            "service",
            "what",
            "state",
            "category",
            "code",
            "reason",
            "since",
            "maintenance",
            "severity",
        ),
        ("connection", "check_name"),
        "{what} is {state}",
    ),
    "workflows": AlertSource(
        "public.workflow_problems",
        (
            "id",
            "integration_id",
            "business_id",
            "workflow_id",
            "workflow_name",
            "problem",
            "subject",
            "severity",
            "reason",
            "since",
            "opened_at",
        ),
        ("integration_id", "workflow_id", "problem", "subject"),
        "workflow {workflow_name}: {problem}",
        ("integration_id", "problem"),
    ),
    "budgets": AlertSource(
        "ops.standing_budgets",
        (
            "connection",
            "business",
            "service",
            "limit_name",
            "window",
            "outlook",
            "permits",
            "spent",
            "remaining",
            "spent_share",
            "runs_out_at",
            "resets_at",
            "reason",
            "step",
        ),
        ("connection", "limit_name"),
        "{service}'s calls of the {window} {outlook}",
        ("service", "limit_name"),
    ),
    "dead_letters": AlertSource(
        "ops.standing_dead_letters",
        ("letters", "since", "newest_at", "reason"),
        (),
        "log records were refused by the database",
    ),
    "losses": AlertSource("ops.standing_losses", ("records", "since", "reason"), (), "log records were lost"),
    "notices": AlertSource(
        "ops.standing_undelivered",
        ("channel", "notices", "since", "reason"),
        ("channel",),
        "notices to {channel} do not arrive",
        ("channel",),
    ),
    # Has no view: what the look at the other rules found.
    "rules": AlertSource("", ("rule", "reason"), ("rule",), "alert rule {rule} cannot be read", ("rule",)),
}
