"""
Whether a service that keeps failing is asked at all: a circuit breaker.

    closed ── too large a share of the calls in the window failed ──▶ open
    open ── its time is over: the next call is the probe ──▶ half-open
    half-open ── the probe was answered ──▶ closed
    half-open ── the probe failed ──▶ open, for twice as long

Pure: it is told the moment in whole microseconds and what became of a call, and answers whether one may
leave. One probe is under way at a time. A circuit that opens again within a window of closing goes on
doubling where it was, so a service that comes and goes is asked less and less. A `look` (a health check)
passes an open circuit too: answered, it closes it early; failed, it changes nothing.

The moments may jump. Forwards, an open circuit is probed early; backwards, it is open no longer than the
longest time from then on, and what was counted is forgotten.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal, NamedTuple

from masterops.core.budgets import MICROSECONDS, NEVER

State = Literal["closed", "open", "half-open"]

WINDOW_PARTS = 10
# The open time is shortened by up to so much of it: processes that failed together come back one by one.
JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Rules:
    """
    When a circuit opens: when `share` or more of at least `calls` calls in the last `window` seconds failed.
    It is open for `first` seconds, then twice as long each time, up to `longest`.
    """

    calls: int = 10
    share: float = 0.5
    window: float = 30.0
    first: float = 5.0
    longest: float = 300.0

    def __post_init__(self) -> None:
        shares = 0 <= self.share <= 1
        if self.calls < 1 or not shares or self.window <= 0 or not 0 < self.first <= self.longest:
            raise ValueError(f"not usable rules of a circuit breaker: {self}")


OFF = Rules(calls=NEVER)


class Pass(NamedTuple):
    """
    The leave of one call; it tells what its outcome counts for. `turn` is that of the circuit's changes.
    """

    turn: int
    probe: bool = False


class Window:
    """
    How many calls there were in the last while, and how many failed; forgotten a tenth at a time.
    """

    __slots__ = ("_length", "_parts", "calls", "failures")

    def __init__(self, seconds: float) -> None:
        self._length = max(1, round(seconds * MICROSECONDS / WINDOW_PARTS))
        self._parts: deque[list[int]] = deque()  # number of the part, calls, failures
        self.calls = self.failures = 0

    def add(self, now: int, *, failed: bool) -> None:
        """One call ended now."""
        number = now // self._length
        if not self._parts or self._parts[-1][0] != number:
            self._turn_to(number)
        newest = self._parts[-1]
        newest[1] += 1
        newest[2] += failed
        self.calls += 1
        self.failures += failed

    def clear(self) -> None:
        """Forget all."""
        self._parts.clear()
        self.calls = self.failures = 0

    def _turn_to(self, number: int) -> None:
        if self._parts and number < self._parts[-1][0]:
            self.clear()
        while self._parts and self._parts[0][0] <= number - WINDOW_PARTS:
            _, calls, failures = self._parts.popleft()
            self.calls -= calls
            self.failures -= failures
        self._parts.append([number, 0, 0])


class Breaker:
    """
    One circuit. Every pass is handed back once, to `failed`, `answered` or `gave_up`.
    """

    __slots__ = (
        "_closed_at",
        "_probing",
        "_turn",
        "in_a_row",
        "leave",
        "rules",
        "state",
        "until",
        "window",
    )

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.state: State = "closed"
        self.window = Window(rules.window)
        self.until = 0  # of an open circuit: when it may be probed
        self.in_a_row = 0  # how often it opened without having been closed for a whole window
        self._closed_at: int | None = None
        self._turn = 0
        self.leave = Pass(0)  # public: of whoever goes while it is closed
        self._probing = False

    def wait(self, now: int) -> int:
        """Microseconds until a call may leave: 0 is now, NEVER "not before the probe has ended"."""
        if self.state == "closed":
            return 0
        if self.state == "half-open":
            return NEVER if self._probing else 0
        self.until = min(self.until, now + round(self.rules.longest * MICROSECONDS))
        return max(0, self.until - now)

    def forgotten(self, now: int) -> bool:
        """Whether nobody has called for so long that what was known says nothing of today."""
        return self.wait(now) == 0 and now - self.until > self.rules.longest * MICROSECONDS

    def enter(self, now: int, *, look: bool = False) -> Pass | None:
        """The leave of a call that goes out now; None when it may not."""
        if self.state == "closed":
            return self.leave
        if self.wait(now) == 0:
            self.state = "half-open"
            self._probing = True
            return Pass(self._turn, probe=True)
        return Pass(self._turn) if look else None

    def answered(self, leave: Pass, now: int) -> None:
        """The service answered, whatever it said."""
        if leave.turn != self._turn:
            return
        if self.state == "closed":
            self.window.add(now, failed=False)
        else:
            self._change("closed")
            self._closed_at = now
            self.window.clear()

    def failed(self, leave: Pass, now: int, fraction: float) -> None:
        """The service failed, or the way to it; `fraction` is a random number in [0, 1)."""
        if leave.turn != self._turn:
            return
        if self.state == "closed":
            self.window.add(now, failed=True)
            if self._too_many():
                self._open(now, fraction)
        elif leave.probe:
            self._open(now, fraction)

    def gave_up(self, leave: Pass) -> None:
        """Nothing was learnt: the call was cancelled, or never left."""
        if leave.turn == self._turn and leave.probe:
            self._probing = False

    def _too_many(self) -> bool:
        window, rules = self.window, self.rules
        return window.calls >= rules.calls and window.failures >= rules.share * window.calls

    def _open(self, now: int, fraction: float) -> None:
        recovered = self._closed_at is not None and now - self._closed_at > self.rules.window * MICROSECONDS
        self.in_a_row = 1 if self.state == "closed" and recovered else self.in_a_row + 1
        doublings = min(self.in_a_row - 1, 60)
        seconds = min(self.rules.longest, self.rules.first * 2.0**doublings) * (1 - JITTER * fraction)
        self.until = now + max(1, round(seconds * MICROSECONDS))
        self._change("open")

    def _change(self, state: State) -> None:
        """What left before it counts no more."""
        self.state = state
        self._turn += 1
        self.leave = Pass(self._turn)
        self._probing = False
