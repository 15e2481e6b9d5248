"""
The one-screen summary: what `ops up` shows, as text.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.cli import look
from masterops.cli.values import Column, ago, count, milliseconds
from masterops.reports import ConnectionNow, LastCycle, Summary

COLUMNS = (
    Column("business_name", "business"),
    Column("service", "service", spare=1),
    Column("state", "state", show=look.state),
    Column("response_time_ms", "response", show=milliseconds, right=True),
    Column("since", "for", show=ago, right=True, spare=2),
    Column("changed", "changed", show=count, right=True, spare=3),
    Column("errors_24h", "errors 24 h", show=count, right=True, spare=4),
)


def render(summary: Summary, *, demo: bool) -> str:
    """Title, a line a connection, what is wrong, the last cycle; ends in a newline."""
    rows = [_row(each) for each in summary.connections]
    body = look.table(rows, COLUMNS) if rows else "No connection is configured: `ops init` makes a file.\n"
    wrong = "".join(f"{trouble(each)}\n" for each in summary.unhealthy)
    parts = [f"{look.wrap(title(summary, demo=demo))}\n", body, wrong, f"{last_cycle(summary)}\n"]
    return "\n".join(part for part in parts if part)


def trouble(each: ConnectionNow) -> str:
    """`✖ hubspot/teelixir failed on its side: ...`; an error of a connection names it already."""
    mark, colour = look.STATES[each.state]
    message = each.error_message or each.state
    named = message if message.startswith(each.connection) else f"{each.connection}: {message}"
    return look.paint(mark, colour) + " " + look.wrap(named, "  ")


def title(summary: Summary, *, demo: bool) -> str:
    """`Master-Ops (demo)   4 businesses, 4 connections: 3 up, 1 down`."""
    name = look.paint("Master-Ops", "1") + (" (demo)" if demo else "")
    businesses = len({each.business for each in summary.connections if each.business})
    connections = plural(len(summary.connections), "connection")
    return f"{name}   {plural(businesses, 'business')}, {connections}: {states(summary)}"


def states(summary: Summary) -> str:
    """`3 up, 1 down`, the bad ones last."""
    found = [each.state for each in summary.connections]
    order = ("up", "unknown", "late", "degraded", "down")
    return ", ".join(f"{found.count(state)} {state}" for state in order if state in found) or "none"


def last_cycle(summary: Summary) -> str:
    """`Last cycle 12 s ago: 3 records changed, took 340 ms`."""
    cycle = summary.last_cycle
    if cycle is None:
        return "No cycle has ended yet."
    return f"Last cycle {ago(cycle.finished_at)} ago: {found(cycle)}"


def found(cycle: LastCycle) -> str:
    """`3 records changed, took 340 ms`; what could not be read is said first."""
    took = (cycle.finished_at - cycle.started_at).total_seconds() * 1000
    changed = f"{plural(cycle.outcome.get('changed', 0), 'record')} changed, took {milliseconds(took)}"
    unread = cycle.outcome.get("unread", 0)
    return f"{plural(unread, 'resource')} could not be read, {changed}" if unread else changed


def cycle_line(summary: Summary) -> str:
    """One plain line a cycle, for logs and pipes."""
    cycle = summary.last_cycle
    if cycle is None:
        return ""
    moment = f"{cycle.finished_at.astimezone():%Y-%m-%d %H:%M:%S}"
    lines = [f"{moment}  cycle  {states(summary)}; {found(cycle)}"]
    lines += [
        f"{moment}  {each.state:<8}  {each.connection}: {each.error_message}" for each in summary.unhealthy
    ]
    return "\n".join(lines) + "\n"


def plural(number: int, word: str) -> str:
    """`1 record`, `2 records`, `4 businesses`."""
    ending = "es" if word.endswith("s") else "s"
    return f"{number:,} {word}{'' if number == 1 else ending}"


def _row(each: ConnectionNow) -> dict[str, Any]:
    return {**msgspec.structs.asdict(each), "business_name": each.business_name or each.business or "(group)"}
