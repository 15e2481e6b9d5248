"""
Read the executions of one n8n into workflow_execution_logs.

What runs is read in every look and followed by its id until it has ended; what is new is read page by page,
each kept with the place of the next; of what failed the reason is asked for. A row stays when n8n has purged
its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from masterops import errors
from masterops.connectors.batches import chunks
from masterops.connectors.client import Page
from masterops.connectors.n8n import Execution, N8n, Workflow
from masterops.connectors.pages import Watch
from masterops.core import clock
from masterops.core.together import together
from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows.inside import inside
from masterops.workflows.keeping import Row, keep
from masterops.workflows.owners import Owners
from masterops.workflows.sweep import Sweep, begun, turned

MOST_FOLLOWED = 200
MOST_EXPLAINED = 50
AT_ONCE = 10  # that many are kept before the next are asked for
PURGED = "n8n has purged this execution: why it failed is not known"
UNTOLD = "n8n does not say why"

LOAD = """
SELECT read_to, floor_at AS floor, newest_at AS newest, place, began_at AS began, oldest_at AS oldest,
    known_from, caught_up_to AS caught_up
FROM ops.execution_sweeps WHERE integration_id = %s
"""
UNENDED = """
SELECT execution_id FROM public.workflow_execution_logs
WHERE integration_id = %s AND finished_at IS NULL AND status IN ('running', 'waiting', 'new')
    AND execution_id <> ALL (%s)
ORDER BY started_at LIMIT %s
"""
UNEXPLAINED = """
SELECT execution_id FROM public.workflow_execution_logs
WHERE integration_id = %s AND failed AND error_message IS NULL AND started_at > now() - interval '7 days'
    AND execution_id <> ALL (%s)
ORDER BY started_at DESC LIMIT %s
"""
GONE = """
UPDATE public.workflow_execution_logs SET status = 'unknown'
WHERE integration_id = %s AND execution_id = %s AND finished_at IS NULL
"""
NOT_KNOWN = """
UPDATE public.workflow_execution_logs SET error_message = %s
WHERE integration_id = %s AND execution_id = %s AND error_message IS NULL
"""


async def collect(
    n8n: N8n,
    owners: Owners,
    pool: Pool,
    log: Logger,
    *,
    workflows: Mapping[str, Workflow] | None = None,
    now: Callable[[], datetime] = clock.now,
) -> int:
    """
    One look; how many executions were new or had changed. `workflows` are those of this n8n, asked for where
    they are not given. Raises a RemoteError when n8n fails, DatabaseError when the database does: what was
    read until then is kept, and the next look goes on behind it.
    """
    start, began = clock.ticks(), now()
    known = workflows if workflows is not None else await listed(n8n) or {}
    book = Book(n8n.connection, known, owners)
    changed = await _running(n8n, book, pool)
    changed += await _swept(n8n, book, pool, began, now)
    await _explained(n8n, book, pool)
    duration = (clock.ticks() - start) * 1000
    log.info("executions.read", service="n8n", operation="executions.collect", status="success",
             duration_ms=duration, changed=changed)  # fmt: skip
    return changed


async def listed(n8n: N8n) -> dict[str, Workflow] | None:
    """The workflows by their ids; None where the key may not see them: executions are kept without names."""
    try:
        return {row.id: row async for row in n8n.workflows.list(query={"excludePinnedData": "true"})}
    except errors.Forbidden:
        return None


class Book:
    """
    What makes rows of executions.
    """

    def __init__(self, connection: str, workflows: Mapping[str, Workflow], owners: Owners) -> None:
        self.connection, self._workflows, self._owners = connection, workflows, owners
        self._whose: dict[str, tuple[str | None, str | None]] = {}

    def rows(self, executions: Iterable[Execution]) -> list[Row]:
        """Rows of the table. One that belongs to no workflow cannot be kept."""
        return [self._row(each) for each in executions if each.workflow_id]

    def _row(self, one: Execution) -> Row:
        name, business = self._known(one.workflow_id or "")
        told = inside(one.data) if one.data is not None else None
        row = {
            "integration_id": self.connection,
            "workflow_id": one.workflow_id,
            "workflow_name": name,
            "execution_id": one.id,
            "status": one.status,
            "mode": one.mode,
            "started_at": _iso(one.started_at or one.created_at),
            "finished_at": _iso(one.stopped_at) if one.status not in ("running", "waiting", "new") else None,
            "business_id": business,
            "triggered_by": f"retry of {one.retry_of}" if one.retry_of else None,
            "nodes_executed": told.nodes_executed if told else None,
            "nodes_failed": told.nodes_failed if told else None,
            "error_message": told.error_message if told else None,
            "error_details_json": (told.error_details or None) if told else None,
        }
        return {name: value for name, value in row.items() if value is not None}

    def _known(self, id: str) -> tuple[str | None, str | None]:
        """The name of a workflow and its business, decided once: a look may have many executions of it."""
        if id not in self._whose:
            workflow = self._workflows.get(id)
            tags = [tag.name for tag in (workflow.tags or [])] if workflow else []
            name = workflow.name if workflow else None
            self._whose[id] = (name, self._owners.of(id, name, tags))
        return self._whose[id]


async def _running(n8n: N8n, book: Book, pool: Pool) -> int:
    """Those that run now, and those that ran when they were last looked at."""
    running = [each async for each in n8n.executions.find(status="running")]
    changed = await keep(pool, book.rows(running))
    here = [each.id for each in running]
    followed = await _ids(pool, UNENDED, n8n.connection, MOST_FOLLOWED, besides=here)
    for _, some in chunks(followed, AT_ONCE):
        found = await together([_one(n8n, id) for id in some])
        changed += await keep(pool, book.rows(filter(None, found)))
        for id, each in zip(some, found, strict=True):
            if each is None:
                await _tell(pool, GONE, [n8n.connection, id])
    return changed


async def _swept(n8n: N8n, book: Book, pool: Pool, began: datetime, now: Callable[[], datetime]) -> int:
    """
    Every page of a look, down to its floor. Where n8n does not take a place, or comes no further from it, the
    next look starts at the first page again.
    """
    sweep, changed = begun(await _load(pool, n8n.connection), began), 0
    watch, ahead = Watch(n8n.connection), _asked(n8n, sweep)
    try:
        while sweep.floor is not None:
            try:
                page = await ahead
                watch.page(page.ids, page.after)
                if page.after is not None:
                    watch.cursor(page.after)
            except (errors.Invalid, errors.UnexpectedAnswer):
                await keep(pool, [], n8n.connection, replace(sweep, place=None))
                raise
            started = [each.started_at for each in page.rows if each.started_at is not None]
            sweep = turned(sweep, started, page.after, now())
            if sweep.floor is not None:
                ahead = _asked(n8n, sweep)
                await asyncio.sleep(0)  # it is sent before the rows of this page are made
            changed += await keep(pool, book.rows(page.rows), n8n.connection, sweep)
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)  # nobody is told twice why it failed
    return changed


def _asked(n8n: N8n, sweep: Sweep) -> asyncio.Task[Page[Execution]]:
    """The next page, on its way while the one before is written."""
    return asyncio.create_task(n8n.executions.some(sweep.place, started_after=sweep.floor))


async def _explained(n8n: N8n, book: Book, pool: Pool) -> None:
    """Why those failed of which it is not known; the newest first, some in each look."""
    ids = await _ids(pool, UNEXPLAINED, n8n.connection, MOST_EXPLAINED)
    for _, some in chunks(ids, AT_ONCE):
        found = await together([_one(n8n, id, data=True) for id in some])
        await keep(pool, book.rows(filter(None, found)))
        for id, each in zip(some, found, strict=True):
            if each is None or inside(each.data).error_message is None:
                await _tell(pool, NOT_KNOWN, [PURGED if each is None else UNTOLD, n8n.connection, id])


async def _one(n8n: N8n, id: str, *, data: bool = False) -> Execution | None:
    try:
        return await n8n.executions.get(id, data=data)
    except errors.NotFound:
        return None


async def _load(pool: Pool, connection: str) -> Sweep:
    async with pool.connection() as conn:
        row: Row | None = await (await conn.execute(LOAD, [connection])).fetchone()
    return Sweep(**row) if row is not None else Sweep()


async def _ids(pool: Pool, sql: str, connection: str, most: int, besides: Sequence[str] = ()) -> list[str]:
    async with pool.connection() as conn:
        values = [connection, list(besides), most]
        rows: list[Row] = await (await conn.execute(sql.encode(), values)).fetchall()
    return [row["execution_id"] for row in rows]


async def _tell(pool: Pool, sql: str, values: Sequence[object]) -> None:
    async with pool.connection() as conn:
        await conn.execute(sql.encode(), values)


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None
