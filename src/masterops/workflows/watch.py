"""
Look at the workflows of one n8n: which there are, when each is due, and what is wrong with them.

It is done after the executions have been read, from their rows; n8n is asked nothing more.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from masterops.config import words
from masterops.connectors.n8n import Workflow
from masterops.db import Jsonb, Pool
from masterops.logs import Logger
from masterops.workflows.judge import (
    GRACE,
    KINDS,
    Finding,
    Known,
    Output,
    Run,
    Watched,
    findings,
    stuck,
    unjudged,
)
from masterops.workflows.outputs import outputs
from masterops.workflows.owners import Owners
from masterops.workflows.schedule import DEFAULT_ZONE, schedule_of

NEWEST = 60  # runs of each workflow that are judged by
LOOKED_BACK = timedelta(days=30)

LOOK = """
SELECT known_from, caught_up_to, EXISTS (SELECT FROM public.workflow_execution_logs AS w
    WHERE w.integration_id = s.integration_id AND w.status = 'success'
        AND w.started_at > s.caught_up_to - interval '30 days') AS keeps_successes
FROM ops.execution_sweeps AS s WHERE integration_id = %s
"""
BEFORE = (
    "SELECT workflow_id, active_since, version_id FROM ops.workflows WHERE integration_id = %s AND active"
)
RUNS = """
SELECT a.id AS workflow_id, r.execution_id, r.status, r.started_at, r.mode, r.duration_ms
FROM unnest(%(ids)s::text[]) AS a (id) CROSS JOIN LATERAL (
    SELECT w.execution_id, w.status, w.started_at, w.mode, w.duration_ms
    FROM public.workflow_execution_logs AS w
    WHERE w.workflow_id = a.id AND w.integration_id = %(connection)s AND w.started_at > %(from)s
    ORDER BY w.started_at DESC LIMIT %(most)s
) AS r ORDER BY r.started_at DESC
"""
UNENDED = """
SELECT workflow_id, workflow_name, business_id, execution_id, status, started_at, mode
FROM public.workflow_execution_logs
WHERE integration_id = %s AND finished_at IS NULL AND status = 'running' ORDER BY started_at LIMIT 200
"""
RECORD = "SELECT * FROM ops.record_workflow_findings(%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What a connection says of its n8n: the time zone of workflows without one, how late a run may begin, and
    which workflows are expected to produce something.
    """

    zone: str = DEFAULT_ZONE
    grace: timedelta = GRACE
    expects: frozenset[str] = frozenset()

    def expecting(self, workflows: Iterable[Workflow]) -> list[str]:
        """The ids of the active workflows that are named: by id, by name, or by a tag."""
        return sorted(
            each.id
            for each in workflows
            if each.active and self.expects & {each.id, each.name, *(tag.name for tag in each.tags or [])}
        )


def watching(values: Mapping[str, object]) -> Settings:
    """From the settings of a connection."""
    zone, seconds = values.get("timezone"), values.get("missed_after_seconds")
    grace = timedelta(seconds=seconds) if isinstance(seconds, (int, float)) else GRACE
    expects = frozenset(words(str(values.get("expects_output") or "")))
    return Settings(str(zone) if zone else DEFAULT_ZONE, grace, expects)


async def watch(
    connection: str,
    workflows: Mapping[str, Workflow] | None,
    owners: Owners,
    pool: Pool,
    log: Logger,
    settings: Settings,
) -> list[Finding]:
    """
    One look; what it found. Nothing is judged before the executions have been read once, nor where the key
    may not see the workflows (None): what was found before stays. Raises DatabaseError.
    """
    if workflows is None:
        log.warn("workflows.unseen", service="n8n", operation="workflows.judge",
                 reason="this key may not list workflows: what does not run is not noticed")  # fmt: skip
        return []
    known = await _known(connection, pool, settings.grace)
    if known is None:
        return []
    there = [each for each in workflows.values() if not each.is_archived]
    active = [each for each in there if each.active]
    before = {row["workflow_id"]: row for row in await _rows(pool, BEFORE, [connection])}
    unended = await _rows(pool, UNENDED, [connection])
    ids = {each.id for each in active} | {row["workflow_id"] for row in unended}
    runs = await _runs(connection, sorted(ids), pool, known.end)
    produced = await outputs(connection, settings.expecting(active), pool)
    watched = {
        each.id: _watched(
            each, owners, before, runs.get(each.id, ()), produced.get(each.id, ()), settings, known.end
        )
        for each in active
    }
    found = list[Finding]()
    for each in watched.values():
        found += findings(each, known)
        await asyncio.sleep(0)  # many that have all stopped cost some milliseconds each; others run meanwhile
    found += _stuck(unended, runs, known.end)
    rows = [_row(each, watched.get(each.id), owners, known, settings.zone) for each in there]
    await _record(connection, rows, found, pool, log)
    return found


def since(before: Mapping[str, Any] | None, workflow: Workflow) -> datetime | None:
    """
    Since when it is active as it is. As long as it is the same version, since it was first seen so: n8n
    changes `updated_at` for less, such as the memory of a node.
    """
    if (
        before is not None
        and before["active_since"] is not None
        and before["version_id"] == version(workflow)
    ):
        kept: datetime = before["active_since"]
        return kept
    return workflow.updated_at or workflow.created_at


def version(workflow: Workflow) -> str | None:
    """The version that runs."""
    return workflow.active_version_id or workflow.version_id


def _watched(
    workflow: Workflow,
    owners: Owners,
    before: Mapping[str, Any],
    runs: Sequence[Run],
    produced: Sequence[Output],
    settings: Settings,
    now: datetime,
) -> Watched:
    own = workflow.settings or {}
    return Watched(
        workflow.id,
        workflow.name,
        _owner(workflow, owners),
        since(before.get(workflow.id), workflow) or now,
        schedule_of(workflow.nodes, own, settings.zone),
        runs,
        whole=len(runs) < NEWEST,
        keeps_successes=own.get("saveDataSuccessExecution") != "none",
        has_error_workflow=bool(own.get("errorWorkflow")),
        outputs=produced,
    )


def upcoming(
    workflow: Workflow, settings: Settings, start: datetime, last: datetime | None, count: int
) -> list[datetime]:
    """The next moments of a workflow after `start`, if it ran last at `last`."""
    return schedule_of(workflow.nodes, workflow.settings, settings.zone).next(start, last, count)


def _owner(workflow: Workflow, owners: Owners) -> str | None:
    return owners.of(workflow.id, workflow.name, [tag.name for tag in workflow.tags or []])


def _stuck(
    unended: Iterable[Mapping[str, Any]], runs: Mapping[str, Sequence[Run]], now: datetime
) -> list[Finding]:
    """Those that run for too long, of active workflows and others."""
    found = []
    for row in unended:
        run = Run(row["execution_id"], row["status"], row["started_at"], row["mode"])
        reason = stuck(run, runs.get(row["workflow_id"], ()), now)
        if reason is not None:
            name = row["workflow_name"] or row["workflow_id"]
            found.append(
                Finding(
                    row["workflow_id"], name, row["business_id"], "stuck", reason, run.started, subject=run.id
                )
            )
    return found


def _row(
    workflow: Workflow, watched: Watched | None, owners: Owners, known: Known, zone: str
) -> dict[str, Any]:
    """A workflow as the table keeps it."""
    schedule = watched.schedule if watched else schedule_of(workflow.nodes, workflow.settings, zone)
    upcoming = schedule.next(known.end, watched.last_by_schedule()) if watched else []
    return {
        "workflow_id": workflow.id,
        "name": workflow.name,
        "business_id": _owner(workflow, owners),
        "active": workflow.active,
        "active_since": watched.since.isoformat() if watched else None,
        "version_id": version(workflow),
        "runs_when": schedule.words,
        "next_at": upcoming[0].isoformat() if upcoming else None,
        "unjudged": unjudged(watched, known) if watched else None,
    }


async def _known(connection: str, pool: Pool, grace: timedelta) -> Known | None:
    """The time that has been read whole; None before the first look has come to its end."""
    rows = await _rows(pool, LOOK, [connection])
    if not rows or rows[0]["known_from"] is None or rows[0]["caught_up_to"] is None:
        return None
    return Known(rows[0]["known_from"], rows[0]["caught_up_to"], rows[0]["keeps_successes"], grace)


async def _runs(connection: str, ids: Sequence[str], pool: Pool, now: datetime) -> dict[str, list[Run]]:
    """The newest runs of each, the newest first."""
    asked = {"ids": list(ids), "connection": connection, "from": now - LOOKED_BACK, "most": NEWEST}
    found: dict[str, list[Run]] = defaultdict(list)
    for row in await _rows(pool, RUNS, asked):
        run = Run(row["execution_id"], row["status"], row["started_at"], row["mode"], row["duration_ms"])
        found[row["workflow_id"]].append(run)
    return found


async def _record(
    connection: str, rows: Sequence[dict[str, Any]], found: Sequence[Finding], pool: Pool, log: Logger
) -> None:
    """Both at once, so that nobody sees a problem of a workflow that is not there."""
    findings_json = msgspec.to_builtins([asdict(each) for each in found])
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("SELECT ops.record_workflows(%s, %s)", [connection, Jsonb(list(rows))])
        told = await (await conn.execute(RECORD, [connection, list(KINDS), Jsonb(findings_json)])).fetchone()
    if told is not None and (told["opened"] or told["closed"]):
        log.info("workflows.judged", service="n8n", operation="workflows.judge", opened=told["opened"],
                 closed=told["closed"], standing=told["standing"])  # fmt: skip


async def _rows(pool: Pool, sql: str, values: Any) -> list[dict[str, Any]]:
    async with pool.connection() as conn:
        rows: list[dict[str, Any]] = await (await conn.execute(sql.encode(), values)).fetchall()
    return rows
