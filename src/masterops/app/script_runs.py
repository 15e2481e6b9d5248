"""
What became of the runs of scripts, from the records that each leaves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from masterops.app.running import ENDED, STARTED, TRY
from masterops.db import Pool

RECORDS = """
SELECT created_at, message, operation, duration_ms, trace_id, details_json FROM public.integration_logs
WHERE source = 'script' AND message IN (%(started)s, %(ended)s)
    AND (%(script)s::text IS NULL OR operation = %(script)s)
ORDER BY created_at DESC, id DESC LIMIT %(most)s
"""


class ScriptRun(msgspec.Struct, frozen=True):
    """
    One run: `state` is success, failed, interrupted, running, or cut for one that was killed.
    """

    run: str
    script: str
    started_at: datetime | None
    state: str
    duration_ms: float | None = None
    exit_code: int | None = None
    arguments: list[str] = []
    error: str | None = None


async def script_runs(pool: Pool, script: str | None, limit: int) -> list[ScriptRun]:
    """The latest runs, newest first."""
    values = {"started": STARTED, "ended": ENDED, "script": script, "most": 2 * limit}
    found = runs_of(await pool.fetch(RECORDS, values))[:limit]
    open_ones = {each.script for each in found if each.state == "cut"}
    held = {name for name in open_ones if await _held(pool, name)}
    return [_told(each, held) for each in found]


def runs_of(records: Iterable[Mapping[str, Any]]) -> list[ScriptRun]:
    """The runs of records that come newest first; one without an end is `cut`."""
    ends: dict[str, Mapping[str, Any]] = {}
    runs: list[ScriptRun] = []
    for each in records:
        if each["message"] == ENDED:
            ends[each["trace_id"]] = each
        else:
            runs.append(_run(each, ends.pop(each["trace_id"], None)))
    return runs


def _run(start: Mapping[str, Any], end: Mapping[str, Any] | None) -> ScriptRun:
    details = (end or {}).get("details_json") or {}
    error = details.get("error")
    return ScriptRun(
        run=str(start["trace_id"]),
        script=start["operation"],
        started_at=start["created_at"],
        state=str(details.get("outcome") or "cut"),
        duration_ms=end["duration_ms"] if end else None,
        exit_code=details.get("exit_code"),
        arguments=(start["details_json"] or {}).get("arguments") or [],
        error=error.get("message") if isinstance(error, dict) else error,
    )


def _told(run: ScriptRun, held: set[str]) -> ScriptRun:
    """Of the runs without an end only the newest of a script may be one that still goes on."""
    if run.state != "cut" or run.script not in held:
        return run
    held.discard(run.script)
    return msgspec.structs.replace(run, state="running")


async def _held(pool: Pool, name: str) -> bool:
    rows = await pool.fetch(TRY, [name])
    return not rows[0]["mine"]
