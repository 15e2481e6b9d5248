"""
The Management API: a project's health, what the advisors find, how much it was used.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.service import Ask
from masterops.sandbox.supabase import keys, problems

if TYPE_CHECKING:
    from masterops.sandbox.supabase.project import Project

PREFIX = "/v1/projects"
PARTS = ("auth", "db", "db_postgres_user", "pooler", "realtime", "rest", "storage", "pg_bouncer")
HOURS = 24


def answer(project: Project, ask: Ask) -> Answer:
    """The answer to a request. Raises Refusal."""
    parts = ask.path.removeprefix(PREFIX).strip("/").split("/")
    if ask.method != "GET":
        raise problems.gateway(405, "Method not allowed")
    if parts[0] != keys.ref_of(project.business):
        raise problems.gateway(404, "Project not found")
    match parts[1:]:
        case []:
            return json_answer(200, _project(project))
        case ["health"]:
            return json_answer(200, _health(project, ask.query))
        case ["advisors", "security" | "performance" as kind]:
            return json_answer(200, {"lints": _lints(kind)})
        case ["analytics", "endpoints", "usage.api-counts"]:
            return json_answer(200, {"result": _usage(project)})
        case ["analytics", "endpoints", "usage.api-requests-count"]:
            return json_answer(200, {"result": [{"count": project.requests}]})
    raise problems.gateway(404, f"Cannot GET {ask.path}")


def _project(project: Project) -> dict[str, Any]:
    ref = keys.ref_of(project.business)
    database = {
        "host": f"db.{ref}.example",
        "version": "17.6.1.132",
        "postgres_engine": "17",
        "release_channel": "ga",
    }
    return {
        "id": ref,
        "ref": ref,
        "name": f"{project.business} (demo)",
        "region": "ap-southeast-2",
        "status": "ACTIVE_HEALTHY",
        "created_at": "2026-01-01T00:00:00Z",
        "database": database,
    }


def _health(project: Project, query: str) -> list[dict[str, Any]]:
    asked = [word for name, value in parse_qsl(query) if name == "services" for word in value.split(",")]
    if not asked or not set(asked) <= set(PARTS):
        raise problems.gateway(400, "services: Invalid input")
    sick = project.traits.unhealthy
    return [
        {
            "name": name,
            "healthy": name not in sick,
            "status": "UNHEALTHY" if name in sick else "ACTIVE_HEALTHY",
            **({"error": "it does not answer"} if name in sick else {}),
        }
        for name in asked
    ]


def _lints(kind: str) -> list[dict[str, Any]]:
    """What is so of the seeded tables: no index on a foreign key, and policies that nobody gave."""
    if kind == "performance":
        return [_lint("unindexed_foreign_keys", "Unindexed foreign keys", "INFO", "PERFORMANCE", "orders")]
    return [
        _lint("rls_enabled_no_policy", "RLS Enabled No Policy", "INFO", "SECURITY", "orders"),
        _lint("function_search_path_mutable", "Function Search Path Mutable", "WARN", "SECURITY", "cancel"),
    ]


def _lint(name: str, title: str, level: str, category: str, entity: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "level": level,
        "facing": "EXTERNAL",
        "categories": [category],
        "description": f"{title}.",
        "detail": f"`public.{entity}`",
        "remediation": f"https://supabase.com/docs/guides/database/database-linter?lint={name}",
        "metadata": {"schema": "public", "name": entity},
        "cache_key": f"{name}_public_{entity}",
    }


def _usage(project: Project) -> list[dict[str, Any]]:
    """The last day by the hour; all of it in the present one."""
    hour = project.clock.now().replace(minute=0, second=0, microsecond=0)
    return [
        {
            "timestamp": (hour - timedelta(hours=back)).isoformat(),
            "total_auth_requests": 0,
            "total_realtime_requests": 0,
            "total_rest_requests": 0 if back else project.requests,
            "total_storage_requests": 0,
        }
        for back in reversed(range(HOURS))
    ]
