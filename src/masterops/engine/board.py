"""
What there is to say about jobs: which wait, run or are parked, how they ended, when each comes next.

It reads PgQueuer's own tables; a database in which nobody has worked yet has none, and no jobs.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.db import Pool

MADE = "SELECT to_regclass('pgqueuer.pgqueuer') IS NOT NULL AS made"
TASKS = """
SELECT q.id, q.entrypoint AS job, q.attempts AS failures,
    CASE q.status::text WHEN 'picked' THEN 'running' WHEN 'failed' THEN 'failed'
        ELSE CASE WHEN q.attempts > 0 THEN 'retrying' ELSE 'waiting' END END AS state,
    q.updated AS since,
    CASE WHEN q.status = 'queued' THEN q.execute_after END AS next_at,
    l.error
FROM pgqueuer.pgqueuer AS q
LEFT JOIN LATERAL (
    SELECT coalesce(traceback->'additional_context'->>'reason', traceback->>'exception_message') AS error
    FROM pgqueuer.pgqueuer_log
    WHERE job_id = q.id AND traceback IS NOT NULL
    ORDER BY id DESC LIMIT 1
) AS l ON true
WHERE %(id)s::bigint IS NULL OR q.id = %(id)s
ORDER BY q.id
"""
SCHEDULES = """
-- One whose times were changed leaves its old row, which nobody takes any more.
SELECT left(entrypoint, -length('.schedule')) AS job, max(next_run) AS next_at
FROM pgqueuer.pgqueuer_schedules WHERE entrypoint LIKE '%%.schedule' GROUP BY 1
"""
# Some schedule comes each quarter of a minute, and whoever works takes it.
WORKED = """
SELECT updated AS at, now() - updated > interval '2 minutes' AS long_ago
FROM pgqueuer.pgqueuer_schedules ORDER BY updated DESC LIMIT 1
"""
ENDED = """
SELECT DISTINCT ON (entrypoint) entrypoint AS job, job_id AS id, status::text AS outcome, created AS at
FROM pgqueuer.pgqueuer_log WHERE status IN ('successful', 'failed')
ORDER BY entrypoint, created DESC, id DESC
"""
HISTORY = """
SELECT created AS at, entrypoint AS job, what, seconds, error FROM (
    SELECT id, created, entrypoint,
        CASE status::text WHEN 'queued' THEN CASE WHEN traceback IS NULL THEN 'queued' ELSE 'put back' END
            WHEN 'picked' THEN 'begun' WHEN 'successful' THEN 'done' ELSE status::text END AS what,
        CASE WHEN status::text <> 'picked' AND lag(status::text) OVER past = 'picked'
            THEN extract(epoch FROM created - lag(created) OVER past)::float8 END AS seconds,
        coalesce(traceback->'additional_context'->>'reason', traceback->>'exception_message') AS error
    FROM pgqueuer.pgqueuer_log WHERE job_id = %(id)s
    WINDOW past AS (ORDER BY id)
) AS steps ORDER BY id
"""
# What ended well is of interest for some days, what failed for longer, and what is still there stays whole.
TRIM = """
WITH gone AS (
    DELETE FROM pgqueuer.pgqueuer_log AS l
    WHERE l.created < now() - CASE WHEN l.traceback IS NULL THEN interval '7 days' ELSE interval '30 days' END
        AND NOT EXISTS (SELECT FROM pgqueuer.pgqueuer AS q WHERE q.id = l.job_id)
    RETURNING 1
), counted AS (
    DELETE FROM pgqueuer.pgqueuer_statistics WHERE created < now() - interval '30 days' RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM counted) AS rows
"""


class Entry(msgspec.Struct, frozen=True):
    """
    One job in the queue; or, with the state `idle` and no id, one that is not.
    """

    id: int | None
    job: str
    state: str
    since: datetime | None
    failures: int = 0
    next_at: datetime | None = None
    error: str | None = None


class Step(msgspec.Struct, frozen=True):
    """
    One thing that happened to a job; what ended has the seconds that it took.
    """

    at: datetime
    job: str
    what: str
    seconds: float | None = None
    error: str | None = None


async def _made(pool: Pool) -> bool:
    (row,) = await pool.fetch(MADE)
    return bool(row["made"])


async def entries(pool: Pool, id: int | None = None) -> list[Entry]:
    """Every job in the queue, or the one with this id."""
    if not await _made(pool):
        return []
    rows = await pool.fetch(TASKS, {"id": id})
    return [Entry(**row) for row in rows]


async def overview(pool: Pool, names: list[str]) -> list[Entry]:
    """What is in the queue, and each of `names` that is not, with how it ended last and when it is next."""
    if not await _made(pool):
        return [Entry(None, name, "idle", None) for name in names]
    next_at = {row["job"]: row["next_at"] for row in await pool.fetch(SCHEDULES, {})}
    ended = {row["job"]: row for row in await pool.fetch(ENDED)}
    queued = await entries(pool)
    busy = {each.job for each in queued}
    idle = [
        Entry(None, name, "idle", ended[name]["at"] if name in ended else None, next_at=next_at.get(name))
        for name in names
        if name not in busy
    ]
    shown = [
        each if each.next_at else msgspec.structs.replace(each, next_at=next_at.get(each.job))
        for each in queued
    ]
    return sorted([*idle, *shown], key=lambda each: (each.job, each.id or 0))


async def history(pool: Pool, id: int) -> list[Step]:
    """What happened to a job, oldest first; nothing for one that is not known or long gone."""
    if not await _made(pool):
        return []
    return [Step(**row) for row in await pool.fetch(HISTORY, {"id": id})]


async def unattended_since(pool: Pool) -> datetime | None:
    """When somebody last worked jobs off; None while somebody does, and where nobody ever did."""
    if not await _made(pool):
        return None
    rows = await pool.fetch(WORKED)
    return rows[0]["at"] if rows and rows[0]["long_ago"] else None


async def trim_history(pool: Pool) -> int:
    """Forget the runs of long ago; answers how many rows went."""
    if not await _made(pool):
        return 0
    (row,) = await pool.fetch(TRIM)
    return int(row["rows"])
