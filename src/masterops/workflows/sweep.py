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
    goes back to there, the newest that it has seen began at `newest` and the oldest at `oldest`, its next
    page is at `place` (None: the first), and it was begun at `began`, by our clock.

    Whatever began from `known_from` to `caught_up` is known, unless it was deleted by hand: a look that
    finds again what the last one ended with has lost nothing between them to n8n's pruning.
    """

    read_to: datetime | None = None
    floor: datetime | None = None
    newest: datetime | None = None
    place: str | None = None
    began: datetime | None = None
    oldest: datetime | None = None
    known_from: datetime | None = None
    caught_up: datetime | None = None


def begun(sweep: Sweep, now: datetime) -> Sweep:
    """The look that is under way, or a new one that begins now."""
    if sweep.floor is not None:
        return sweep
    floor = now - FIRST_LOOK if sweep.read_to is None else sweep.read_to - OVERLAP
    return replace(sweep, floor=floor, newest=sweep.read_to, place=None, began=now, oldest=None)


def turned(sweep: Sweep, started: Sequence[datetime], after: str | None, now: datetime) -> Sweep:
    """
    After a page of executions that began at these moments, behind which the next one is at `after`; None ends
    the look, and so does a page from beyond the floor: older servers do not know the filter by time. One that
    bears a moment of next year does not hide those of this one.
    """
    seen = (moment for moment in (sweep.newest, *started) if moment is not None)
    newest = max((min(moment, now) for moment in seen), default=None)
    oldest = min((moment for moment in (sweep.oldest, *started) if moment is not None), default=None)
    beyond = sweep.floor is not None and bool(started) and max(started) < sweep.floor
    if after is None or beyond:
        known_from = _known_from(sweep, oldest)
        return Sweep(read_to=newest, known_from=known_from, caught_up=sweep.began or sweep.caught_up)
    return replace(sweep, newest=newest, place=after, oldest=oldest)


def _known_from(sweep: Sweep, oldest: datetime | None) -> datetime | None:
    """Since when nothing is unknown, after a look whose oldest execution began then."""
    if sweep.known_from is not None and sweep.read_to is not None and oldest is not None:
        if oldest <= sweep.read_to:
            return sweep.known_from
    elif sweep.known_from is not None and sweep.read_to is None:  # n8n was empty all the time
        return sweep.known_from
    if oldest is None:
        return sweep.began
    return max(oldest, sweep.floor) if sweep.floor is not None else oldest
