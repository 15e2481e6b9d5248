"""
How far the executions of an n8n have been read, and where the next look goes. Pure.

A look goes from the newest execution back to where the last one began, less an overlap: an execution may be
seen in n8n's list a while after it began. One that is cut off goes on from its place; what began meanwhile is
the next look's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

OVERLAP = timedelta(minutes=10)
# The views look back so far; older ones are there only if they were collected then.
FIRST_LOOK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sweep:
    """
    Everything that began before `read_to` is read, by n8n's clock. With a `floor` a look is under way: it
    goes back to there, the newest that it has seen began at `newest`, its next page is at `place` (None: the
    first).
    """

    read_to: datetime | None = None
    floor: datetime | None = None
    newest: datetime | None = None
    place: str | None = None


def begun(sweep: Sweep, now: datetime) -> Sweep:
    """The look that is under way, or a new one that begins now."""
    if sweep.floor is not None:
        return sweep
    floor = now - FIRST_LOOK if sweep.read_to is None else sweep.read_to - OVERLAP
    return replace(sweep, floor=floor, newest=sweep.read_to, place=None)


def turned(sweep: Sweep, started: Sequence[datetime], after: str | None, now: datetime) -> Sweep:
    """
    After a page of executions that began at these moments, behind which the next one is at `after`; None ends
    the look, and so does a page from beyond the floor: older servers do not know the filter by time. One that
    bears a moment of next year does not hide those of this one.
    """
    seen = (moment for moment in (sweep.newest, *started) if moment is not None)
    newest = max((min(moment, now) for moment in seen), default=None)
    beyond = sweep.floor is not None and bool(started) and max(started) < sweep.floor
    if after is None or beyond:
        return Sweep(read_to=newest)
    return replace(sweep, newest=newest, place=after)
