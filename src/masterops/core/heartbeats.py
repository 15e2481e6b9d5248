"""
What pings come to, pure: each is folded into the marks of its heartbeat.

    success  it ran, and well; ends a run      log     a word, and nothing else
    start    a run began                       extend  wait longer for what is running
    fail     it ran, and not well; ends a run

Pings of several processes arrive out of order, in files that are carried over one after the other, so marks
only move forward: what comes late and is older than what is known changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["success", "start", "fail", "log", "extend"]


@dataclass(frozen=True, slots=True)
class Beat:
    """
    What counts of one ping. `until` is how long an extension asks to wait.
    """

    kind: Kind
    at: datetime
    exit_code: int | None = None
    run_id: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """
    What is remembered of all pings of one heartbeat.
    """

    last_ping_at: datetime | None = None
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_exit_code: int | None = None
    last_duration_ms: float | None = None
    running_since: datetime | None = None
    run_id: str | None = None
    extended_until: datetime | None = None


def fold(marks: Marks, beat: Beat) -> tuple[Marks, float | None]:
    """The marks after one more ping, and how long the run took in ms that it ends."""
    marks = replace(marks, last_ping_at=_later(marks.last_ping_at, beat.at))
    if beat.kind == "start":
        return _started(marks, beat), None
    if beat.kind == "extend":
        return replace(marks, extended_until=_later(marks.extended_until, beat.until)), None
    if beat.kind == "log":
        return marks, None
    return _ended(marks, beat)


def _started(marks: Marks, beat: Beat) -> Marks:
    ended = _later(marks.last_success_at, marks.last_failure_at)
    if (ended is not None and beat.at <= ended) or (
        marks.running_since is not None and beat.at < marks.running_since
    ):
        return marks
    return replace(marks, running_since=beat.at, run_id=beat.run_id, extended_until=None)


def _ended(marks: Marks, beat: Beat) -> tuple[Marks, float | None]:
    began, duration = marks.running_since, None
    ended = _later(marks.last_success_at, marks.last_failure_at)
    if ended is None or beat.at >= ended:
        marks = replace(marks, last_exit_code=beat.exit_code)
    # The end of another run, where both say which they are, leaves this one running.
    ours = None in (beat.run_id, marks.run_id) or beat.run_id == marks.run_id
    if began is not None and ours and beat.at >= began:
        duration = (beat.at - began) / timedelta(milliseconds=1)
        marks = replace(marks, last_duration_ms=duration)
        marks = replace(marks, running_since=None, run_id=None, extended_until=None)
    elif began is None and marks.extended_until is not None and beat.at >= marks.extended_until:
        marks = replace(marks, extended_until=None)
    if beat.kind == "success":
        return replace(marks, last_success_at=_later(marks.last_success_at, beat.at)), duration
    return replace(marks, last_failure_at=_later(marks.last_failure_at, beat.at)), duration


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other
