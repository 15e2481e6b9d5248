"""
What is wrong with the set-up, and how to mend it: one finding a check, none of them stops the others.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

import msgspec

from masterops import errors
from masterops.app import demo
from masterops.app.home import make_home
from masterops.app.losing import age, is_news, lost
from masterops.config import Secret, Settings
from masterops.config.strays import strays
from masterops.connectors import CONNECTORS
from masterops.core import clock
from masterops.db import Embedded, Pool, bundled, connect, status
from masterops.db.partitions import COUNTED, Partitioning, Strays, partitioning
from masterops.engine import entries, unattended_since
from masterops.logs import spool_state

MIB = 1024 * 1024
SMALLEST_FREE_BYTES = 500 * MIB
LARGEST_BACKLOG_BYTES = 200 * MIB
LOSS_HINTS = {
    "spool_full": "See why the records were not shipped, or raise log.spool_max_mb.",
    "disk_full": "Free some space on the disk of the home folder.",
    "disk_error": "See to the disk of the home folder: it refused to write.",
    "removed": "Let nobody delete in the spool folder: the shipper does, when the database has the records.",
}
OLDEST_PYTHON = (3, 11)
MAKE_PARTITIONS = "`ops db psql -c 'SELECT ops.ensure_partitions({})'`"
MOST_DAYS_BACK = 3660  # that it takes


class Finding(msgspec.Struct, frozen=True):
    """
    One check's result: ok, warning (works, but look at it) or failed; with the way to mend it.
    """

    check: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    hint: str = ""
    code: str = ""


async def examine(load: Callable[[], Settings]) -> AsyncIterator[Finding]:
    """Every check, in the order in which to mend them. Nothing is started that keeps running."""
    yield _python()
    try:
        settings = load()
    except errors.MasterOpsError as error:
        yield _failed("configuration", error)
        return
    yield Finding("configuration", "ok", f"{settings.file or 'no file: defaults and environment'}")
    for name, meant in strays(os.environ):
        hint = f"Did you mean {meant}?" if meant else "`docs/config.md` lists the variables."
        yield Finding("environment", "warning", f"{name} sets nothing", hint)
    yield _home(settings.home)
    for finding in (*_credentials(settings), *_channels(settings)):
        yield finding
    async for finding in _database(settings):
        yield finding
    yield _spool(settings)
    yield await _sandbox(settings)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Finding("python", "failed", f"{version} is too old", "Install Python 3.11 or newer.")
    return Finding("python", "ok", version)


def _home(home: Path) -> Finding:
    try:
        make_home(home)
    except errors.DataDirectoryUnusable as error:
        return _failed("home", error)
    free = shutil.disk_usage(home).free
    shown = f"{home}, {free / 1024**3:,.1f} GiB free"
    if free < SMALLEST_FREE_BYTES:
        return Finding("home", "warning", shown, "Free some space: the database stops when the disk is full.")
    return Finding("home", "ok", shown)


def _credentials(settings: Settings) -> list[Finding]:
    if settings.demo:
        lacking = [each for each in settings.connections if each.enabled and each.missing]
        if lacking:
            more = f", and {len(lacking) - 1} more" if len(lacking) > 1 else ""
            detail = f"demo mode with local twins: {lacking[0].id} lacks {lacking[0].missing}{more}"
            return [Finding("credentials", "warning", detail, "Set it in the environment or in .env.")]
        hint = "`ops init` writes a file to fill in; or set HUBSPOT_ACCESS_TOKEN."
        return [Finding("credentials", "ok", "none configured: demo mode with local twins", hint)]
    findings = []
    for each in settings.connections:
        if not each.enabled:
            continue
        if each.missing:
            detail = f"{each.id} has no credentials yet: {each.missing}"
            findings.append(
                Finding("credentials", "warning", detail, "Set it in the environment or in .env.")
            )
        elif each.service not in CONNECTORS:
            detail = f"{each.id}: this version has no connector for {each.service}"
            findings.append(Finding("credentials", "warning", detail, "It is shown and not checked."))
        else:
            findings.append(Finding("credentials", "ok", each.id))
    return findings


def _channels(settings: Settings) -> list[Finding]:
    """The channels that notices of alerts go to, but for the log, which lacks nothing."""
    findings = []
    for each in settings.channels:
        if each.enabled and each.missing:
            references = ", ".join(reference for reference, _ in each.missing.values())
            hint = "Set it in the environment or in .env; notices wait a day for it."
            findings.append(Finding("channels", "warning", f"{each.name} waits for {references}", hint))
        elif each.enabled and each.kind != "log":
            hint = f"`ops alerts test {each.name}` tries it."
            findings.append(Finding("channels", "ok", f"{each.name} ({each.kind})", hint))
    return findings


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    embedded = None if settings.database.url else Embedded(settings.home)
    try:
        url = embedded.acquire() if embedded else (settings.database.url or Secret("")).reveal()
    except errors.MasterOpsError as error:
        yield _failed("database", error)
        return
    try:
        yield await _reach(url, "embedded" if embedded else "database.url")
        if embedded:
            known = embedded.status()
            size = f"{known.size_bytes / 1024**2:,.0f} MiB"
            users = len(known.users)
            yield Finding(
                "embedded server", "ok", f"{known.data_directory}, {size}, used by {users} process(es)"
            )
        migrations = await _migrations(url)
        yield migrations
        if migrations.state == "ok":
            for finding in await _partitions(url, settings):
                yield finding
        yield await _jobs(url)
    except errors.MasterOpsError as error:
        yield _failed("database", error)
    finally:
        if embedded:
            embedded.release()


async def _reach(url: str, kind: str) -> Finding:
    start = clock.ticks()
    connection = await connect(url)
    async with connection:
        row = await (
            await connection.execute("SELECT current_setting('server_version') AS version")
        ).fetchone()
    took = (clock.ticks() - start) * 1000
    version = row["version"] if row else "?"
    return Finding("database", "ok", f"{kind}: PostgreSQL {version}, connected in {took:,.0f} ms")


async def _migrations(url: str) -> Finding:
    connection = await connect(url)
    async with connection:
        found = await status(connection, bundled())
    if found.pending:
        shown = f"{len(found.pending)} missing, the first is {found.pending[0].version}"
        return Finding("migrations", "warning", shown, "`ops db migrate` applies them; `ops up` does it too.")
    return Finding("migrations", "ok", f"{len(found.applied)} applied, none missing")


async def _partitions(url: str, settings: Settings) -> list[Finding]:
    connection = await connect(url)
    async with connection:
        found = await partitioning(connection)
    return partition_findings(found, kept_days=settings.longest_kept_days)


async def _jobs(url: str) -> Finding:
    async with Pool(url) as pool:
        found, since = await entries(pool), await unattended_since(pool)
    parked = [each for each in found if each.state == "failed"]
    if parked:
        shown = f"{len(parked)} failed for good, the last {parked[-1].job}: {parked[-1].error or '?'}"
        return Finding("jobs", "warning", shown, "`ops jobs list --failed`; `ops jobs retry ID` tries again.")
    shown = f"{len(found)} in the queue, none parked"
    if since is None:
        return Finding("jobs", "ok", shown)
    shown += f"; no worker since {since:%Y-%m-%d %H:%M} UTC"
    return Finding("jobs", "warning" if found else "ok", shown, "`ops up` works them off, or `ops work`.")


def partition_findings(found: Partitioning, *, kept_days: int) -> list[Finding]:
    """What is wrong with the partitions, or that nothing is. Rows are kept `kept_days`."""
    findings = []
    if found.unready:
        shown = f"none for tomorrow: {', '.join(found.unready)}"
        hint = f"`ops up` makes them every hour; {MAKE_PARTITIONS.format('')} does it now."
        findings.append(Finding("partitions", "warning", shown, hint))
    for each in found.strays:
        rows = f"{'at least ' if each.rows == COUNTED else ''}{each.rows:,} row(s) of {each.table}"
        dated = f"dated {each.first}" + (f" to {each.last}" if each.last != each.first else "")
        shown = f"{rows} in the default one, {dated} (UTC): {_cause(each)}"
        findings.append(Finding("partitions", "warning", shown, _way_out(each, kept_days)))
    return findings or [Finding("partitions", "ok", f"{len(found.tables)} tables, ready for tomorrow")]


def _cause(strays: Strays) -> str:
    if strays.side == "future":
        return "their clock is ahead"
    return "theirs was not made in time, or their clock is behind"


def _way_out(strays: Strays, kept_days: int) -> str:
    if strays.side == "future":
        look = f"`ops db psql -c 'SELECT * FROM ops.{strays.table}_default'` shows who wrote them"
        return f"{look}; put that clock right, then delete them there."
    days = strays.age / 86_400
    if days > min(kept_days, MOST_DAYS_BACK):
        return "`ops db retention` forgets what is older than [retention] allows; `ops up` does it at night."
    return f"{MAKE_PARTITIONS.format(f'3, {math.ceil(days)}')} makes theirs and moves them there."


def _spool(settings: Settings) -> Finding:
    try:
        state, most = spool_state(settings.home / "spool"), settings.log.spool_max_mb
    except errors.SpoolUnusable as error:
        return _failed("log spool", error)
    shown = f"{state.segments} segment(s), {state.size_bytes / MIB:,.1f} of {most:,} MiB"
    if state.oldest_at is not None:
        shown += f", the oldest {age(state.oldest_at)} old"
    if is_news(state):
        worst = max(state.lost, key=lambda reason: sum(state.lost[reason].values()))
        return Finding("log spool", "warning", f"{shown}; {lost(state)}", LOSS_HINTS.get(worst, ""))
    shown += f"; {lost(state)}"
    if state.size_bytes > min(LARGEST_BACKLOG_BYTES, most * MIB // 2):
        return Finding("log spool", "warning", shown, "Run `ops up`: it ships them into the database.")
    return Finding("log spool", "ok", shown)


async def _sandbox(settings: Settings) -> Finding:
    place = demo.find(settings.home)
    if place is None:
        return Finding("sandbox", "ok", "not running")
    if not await demo.answers(place.url):
        return Finding("sandbox", "ok", f"not running (the last one answered at {place.url})")
    return Finding("sandbox", "ok", f"running at {place.url}, process {place.pid}")


def _failed(check: str, error: errors.MasterOpsError) -> Finding:
    return Finding(check, "failed", error.message, error.advice, error.code)
