"""
Going on as somebody else, in a database where each of two businesses has a row of everything.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.sql.conftest import Connection
from tests.sql.rows import add, ago, attempt, business, connection, error, execution, look

DENIED = "42501"
OURS = ("teelixir", "red-hill-fresh")
OWNERS: tuple[str | None, ...] = (*OURS, None)


def fill(admin: Connection) -> None:
    """A row of everything for each of two businesses and for the group."""
    for each in OURS:
        business(admin, each)
    _owned(admin)
    admin.execute("SELECT ops.roll_up()")
    _waiting(admin)
    admin.execute(
        "INSERT INTO ops.maintenance (name, applies, starts_at, ends_at) VALUES ('a', '{*}', now(), now())"
    )
    for table, values in (_of_work() | _of_limits()).items():
        add(admin, table, **values)


def _owned(admin: Connection) -> None:
    """What belongs to a business, or to none."""
    for slug in OWNERS:
        name = f"hubspot/{slug or 'group'}"
        connection(admin, name)
        connection(admin, f"xero/{slug or 'group'}")
        look(admin, "down", business_id=slug, integration_id=name)
        attempt(admin, business_id=slug, integration_id=name, duration_ms=7)
        execution(admin, business_id=slug, execution_id=name, status="error", workflow_id=name)
        finding = {"integration_id": name, "workflow_id": name, "problem": "missed", "reason": name}
        add(admin, "ops.workflow_findings", business_id=slug, **finding)
        heartbeat = add(
            admin, "ops.heartbeats", business_id=slug, name=f"beat-{slug or 'group'}", every_seconds=60
        )
        ping = {"id": heartbeat["id"], "heartbeat_id": heartbeat["id"], "kind": "success", "method": "GET"}
        add(admin, "ops.heartbeat_pings", business_id=slug, accepted_at=ago(), **ping)
        alert = {"rule": name, "key": name, "severity": "critical", "summary": name, "since": ago()}
        moments = {"seen_at": ago(), "fired_at": ago()}
        add(admin, "ops.alerts", id=OWNERS.index(slug), state="firing", business_id=slug, **alert, **moments)
        add(admin, "ops.alert_silences", rule="other", business_id=slug, ends_at=ago(timedelta(hours=-1)))
        workflow = {"integration_id": name, "workflow_id": name, "name": name, "active": True}
        add(admin, "ops.workflows", business_id=slug, **workflow)
        incident = {"cause": name, "title": "a", "state": "down", "service": "hubspot", "checks": [name]}
        add(admin, "incidents", business_id=slug, **incident)


def _waiting(admin: Connection) -> None:
    """These wait to be rolled up: the views read both, and neither may tell too much."""
    for slug in OWNERS:
        name = f"hubspot/{slug or 'group'}"
        error(admin, business_id=slug, integration_id=name, operation="sync", message=name)
        admin.execute("SELECT create_task_with_log('t', p_business_id => %s)", [slug])
    admin.execute("SELECT mark_task_needs_fix(id, 'x') FROM tasks")


def _of_work() -> dict[str, dict[str, Any]]:
    """A row of each table that says what was done and sent."""
    return {
        "ops.cycles": {"kind": "full"},
        "ops.read_cursors": {"integration_id": "a", "resource": "a"},
        "ops.execution_sweeps": {"integration_id": "a"},
        "ops.workflow_outputs": {
            "integration_id": "a",
            "workflow_id": "a",
            "execution_id": "a",
            "started_at": ago(),
        },
        "ops.heartbeat_ingests": {"name": "a", "listening_since": ago(), "complete_until": ago()},
        "ops.deployment_steps": {
            "deployment": "01978f3a-5b0c-7d2e-8f10-6a1b2c3d4e5f",
            "number": 1,
            "integration_id": "a",
            "file": "a",
            "workflow_name": "a",
            "action": "create",
            "after_json": "{}",
            "after_digest": "a",
            "who": "a",
        },
        "ops.spool_segments": {"name": "a", "shipped_bytes": 0, "records": 0},
        "ops.log_dead_letters": {"segment": "a", "line_offset": 0, "line": "a", "reason": "a"},
        "ops.deletions": {"table_name": "a", "day": "2026-01-01", "records": 1},
        "ops.detached_partitions": {"partition_name": "a", "table_name": "a"},
        "ops.log_arrivals": {"first_at": ago(), "last_at": ago(), "records": 1},
        "ops.alert_notices": {
            "dedupe_key": "a",
            "kind": "firing",
            "channel": "a",
            "thread": "a",
            "severity": "info",
            "alert_ids": "{1}",
            "message": {},
            "created_at": ago(),
        },
        "ops.leases": {"name": "a", "holder": "a", "held_until": ago()},
    }


def _of_limits() -> dict[str, dict[str, Any]]:
    """A row of each table that says what may be spent, and by whom."""
    return {
        "ops.budgets": {
            "connection": "a",
            "limit_name": "a",
            "declared": 1,
            "most": 1,
            "seconds": 1,
            "latest": ago(),
        },
        "ops.budget_holders": {
            "connection": "a",
            "limit_name": "a",
            "process": "a",
            "held": 1,
            "used": 1,
            "peak": 1,
            "wanted": 1,
            "urgent": 0,
            "waiting": 0,
            "seen_at": ago(),
            "held_until": ago(),
        },
        "ops.budget_periods": {
            "connection": "a",
            "limit_name": "a",
            "starts": "2026-01-01",
            "mark_at": ago(),
            "before_at": ago(),
        },
        "ops.budget_spending": {"connection": "a", "process": "a", "day": "2026-01-01", "seen_at": ago()},
    }


def become(db: Connection, role: str, *businesses: str, claims: str | None = None) -> None:
    """Go on as a role, with a token that names these businesses."""
    token = claims if claims is not None else json.dumps({"app_metadata": {"business_ids": businesses}})
    db.execute("SELECT set_config('request.jwt.claims', %s, true)", [token])
    db.execute(f"SET LOCAL ROLE {role}".encode())
