"""
One look at every heartbeat: read what is known, judge, record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from masterops.core.heartbeats import Marks
from masterops.core.ids import uuid7
from masterops.db import Jsonb, Pool, fetch
from masterops.heartbeats.evaluate import Expected, Heard, Judgement, Listening, judge
from masterops.logs import Logger, bind

SERVICE = CHECK = "heartbeat"

# Held until the look is recorded, so that one which is removed meanwhile leaves nothing behind.
READ = """
SELECT id, name, business_id, every_seconds, cron, zone, grace_seconds, longest_seconds, severity,
    watched_since, paused_at, last_ping_at, last_success_at, last_failure_at, last_exit_code,
    last_duration_ms, running_since, run_id, extended_until, clock_timestamp() AS now
FROM ops.heartbeats ORDER BY id FOR UPDATE
"""
# Whoever has not been heard of for so long has died, and what it took lies on a disk that nobody reads.
INGESTS = """
SELECT listening_since, silent_since, complete_until
FROM ops.heartbeat_ingests
WHERE left_at IS NULL AND seen_at > now() - interval '5 minutes' ORDER BY listening_since
"""
RECORD = """
SELECT e ->> 'integration_id' AS integration_id, r.flipped, r.previous_state
FROM jsonb_array_elements(%s) AS e CROSS JOIN LATERAL ops.record_health(e) AS r
"""
DUE = """
UPDATE ops.heartbeats AS h SET due_at = e.due_at, missing_at = e.missing_at
FROM jsonb_to_recordset(%s) AS e (id uuid, due_at timestamptz, missing_at timestamptz) WHERE h.id = e.id
"""


async def look(pool: Pool, log: Logger) -> dict[str, int]:
    """Judge every heartbeat and record it; how many are in each state. Raises DatabaseError."""
    async with pool.connection() as connection, connection.transaction():
        # Before the marks: what is stored in between is known then, and never the other way about.
        listening = _listening(await fetch(connection, INGESTS))
        rows = await fetch(connection, READ)
        judged = [(row, judge(_expected(row), _heard(row, listening), row["now"])) for row in rows]
        await fetch(connection, DUE, [Jsonb([_due(row, found) for row, found in judged])])
        recorded = await fetch(connection, RECORD, [Jsonb([_result(row, found) for row, found in judged])])
    _announce(log, judged, recorded)
    counts: dict[str, int] = {}
    for _, found in judged:
        counts[found.state] = counts.get(found.state, 0) + 1
    return counts


def _listening(rows: Sequence[dict[str, Any]]) -> Listening | None:
    if not rows:
        return None
    until: datetime = min(row["complete_until"] for row in rows)
    return Listening(rows[0]["listening_since"], until, rows[0]["silent_since"])


def _expected(row: dict[str, Any]) -> Expected:
    return Expected(
        every=timedelta(seconds=row["every_seconds"]) if row["every_seconds"] else None,
        cron=row["cron"],
        zone=row["zone"],
        grace=timedelta(seconds=row["grace_seconds"]),
        longest=timedelta(seconds=row["longest_seconds"]) if row["longest_seconds"] else None,
    )


def _heard(row: dict[str, Any], listening: Listening | None) -> Heard:
    marks = Marks(**{name: row[name] for name in Marks.__dataclass_fields__})
    return Heard(marks, row["watched_since"], listening, paused=row["paused_at"] is not None)


def _due(row: dict[str, Any], found: Judgement) -> dict[str, Any]:
    return {"id": str(row["id"]), "due_at": _text(found.due_at), "missing_at": _text(found.missing_at)}


def _result(row: dict[str, Any], found: Judgement) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "service": SERVICE,
        "business_id": row["business_id"],
        "integration_id": f"{SERVICE}/{row['name']}",
        "check_name": CHECK,
        "healthy": found.state == "up",
        "state": found.state,
        "error_category": found.category,
        "error_message": found.reason,
        "details_json": {
            "due_at": _text(found.due_at),
            "missing_at": _text(found.missing_at),
            "last_ping_at": _text(row["last_ping_at"]),
            "severity": row["severity"],
        },
        "checked_at": _text(row["now"]),
    }


def _announce(
    log: Logger, judged: Sequence[tuple[dict[str, Any], Judgement]], recorded: Sequence[dict[str, Any]]
) -> None:
    flips = {each["integration_id"]: each["previous_state"] for each in recorded if each["flipped"]}
    for row, found in judged:
        id = f"{SERVICE}/{row['name']}"
        if flips.get(id) is not None:
            level = log.warn if found.state in ("down", "late") else log.info
            with bind(connection=id, business=row["business_id"]):
                level(
                    "health.flipped", service=SERVICE, reason=found.reason, check=CHECK,
                    from_state=flips[id], to_state=found.state,
                )  # fmt: skip


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
