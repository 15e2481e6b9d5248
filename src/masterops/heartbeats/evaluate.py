"""
How a heartbeat stands, pure.

    up       its last ping came in time, or a run is under way and not longer than it may be
    late     a ping is due, and its grace runs
    down     the grace is over, a run takes too long, or it said itself that it failed
    unknown  nothing is known: no ping yet, paused, or nobody listened when one was due

It is judged as of the moment up to which all pings are known (`Listening.until`), which lies behind the clock
while pings wait on disk to be stored: what has not been read yet is not missing. Where nobody listened when a
ping was due, its grace begins when somebody does again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from masterops.core.durations import in_words
from masterops.core.heartbeats import Marks
from masterops.core.states import State
from masterops.heartbeats.schedule import schedule

# The sender's clock may run ahead: a ping that comes so little before its time is the one that was due then.
EARLY = timedelta(seconds=10)
FAILED, LONG, MISSING = "failed", "too_long", "missing"


@dataclass(frozen=True, slots=True)
class Expected:
    """
    What a heartbeat promises: a ping after each span `every`, or at the times of `cron`.
    """

    every: timedelta | None = None
    cron: str | None = None
    zone: str = "UTC"
    grace: timedelta = timedelta(minutes=5)
    longest: timedelta | None = None

    def next(self, after: datetime, *, early: timedelta = timedelta()) -> datetime | None:
        """When a ping is due after one at `after`; None where its schedule never comes."""
        if self.every is not None:
            return after + self.every
        return schedule(self.cron or "", self.zone).after(after + early)


@dataclass(frozen=True, slots=True)
class Listening:
    """
    Since when pings are taken, up to when all of them are known, and until when they were taken before that.
    """

    since: datetime
    until: datetime
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What is known of one heartbeat. `listening` is None when nobody takes pings.
    """

    marks: Marks
    watched_since: datetime
    listening: Listening | None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    The state, why in words, when a ping is due and when it counts as missing. `category` tells kinds of down
    apart.
    """

    state: State
    reason: str | None = None
    due_at: datetime | None = None
    missing_at: datetime | None = None
    category: str | None = None


def judge(expected: Expected, heard: Heard, now: datetime) -> Judgement:
    """How a heartbeat stands at `now`."""
    if heard.paused:
        return Judgement("unknown", "paused")
    if heard.listening is None:
        return Judgement("unknown", "no process takes pings: `ops up` or `ops web` does")
    as_of = min(now, heard.listening.until)
    marks = heard.marks
    if marks.running_since is not None and marks.running_since > heard.watched_since:
        running = _running(expected, heard, marks.running_since, as_of)
        if running.state != "up":
            return running
        before = _waiting(expected, heard, min(as_of, marks.running_since))
        # A run that began when it was missed already has not made up for it yet.
        return running if before.state in ("up", "unknown") else _again(before, running)
    return _waiting(expected, heard, as_of)


def _running(expected: Expected, heard: Heard, began: datetime, as_of: datetime) -> Judgement:
    longest = expected.longest or expected.grace
    ends = began + longest
    if heard.marks.extended_until is not None:
        ends = max(ends, heard.marks.extended_until)
    given = _given_time(heard, ends, longest)
    if as_of > given:
        reason = f"it has been running for {in_words(as_of - began)}, longer than {in_words(ends - began)}"
        return Judgement("down", reason, ends, given, LONG)
    return Judgement("up", f"running for {in_words(as_of - began)}", ends, given)


def _again(before: Judgement, running: Judgement) -> Judgement:
    reason = f"{before.reason}; it is {running.reason}"
    state: State = "down" if before.category == FAILED else "late"
    return Judgement(state, reason, running.due_at, running.missing_at, before.category)


def _waiting(expected: Expected, heard: Heard, as_of: datetime) -> Judgement:
    marks = heard.marks
    last = max(filter(None, (marks.last_success_at, marks.last_failure_at)), default=None)
    fresh = last is not None and last > heard.watched_since
    begin = last if last is not None and fresh else heard.watched_since
    due = expected.next(begin, early=EARLY if fresh else timedelta())
    if due is None:
        return Judgement("unknown", f"its schedule never comes: {expected.cron}")
    missing = due + expected.grace
    if marks.extended_until is not None:
        missing = max(missing, marks.extended_until)
    given = _given_time(heard, missing, expected.grace, due)
    if fresh and marks.last_failure_at == last and marks.last_failure_at != marks.last_success_at:
        return Judgement("down", _failure(marks), due, given, FAILED)
    if as_of > given:
        ago = in_words(as_of - due)
        said = "the last ping came" if fresh else "none has come yet; it is watched"
        reason = f"no ping for {ago} after it was due ({said} {in_words(as_of - begin)} ago)"
        return Judgement("down", reason, due, given, MISSING)
    if as_of > due and given > missing:
        return Judgement("unknown", "nobody listened when its ping was due", due, given)
    if as_of > due:
        return Judgement("late", f"a ping is due for {in_words(as_of - due)}", due, given)
    return Judgement("up", None, due, given) if fresh else Judgement("unknown", "no ping yet", due, given)


def _given_time(heard: Heard, ends: datetime, grace: timedelta, due: datetime | None = None) -> datetime:
    """When time is up: later, where nobody listened at the moment that counts."""
    listening = heard.listening
    assert listening is not None
    counts = due or ends
    if counts >= listening.since:
        return ends
    if listening.before is not None and ends <= listening.before:
        return ends  # it was over before anybody stopped listening
    return max(ends, listening.since + grace)


def _failure(marks: Marks) -> str:
    code = marks.last_exit_code
    return "it said that it failed" if code is None else f"it ended with exit code {code}"
