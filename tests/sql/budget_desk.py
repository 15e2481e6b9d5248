"""
The database's budgets at moments that a test chooses, and processes that share them.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from masterops.core.budgets import (
    BULK,
    MICROSECONDS,
    AllowanceMeter,
    Calendar,
    Lane,
    Limit,
    Part,
    Rolling,
    SlotMeter,
)
from tests.sql.conftest import Connection

START = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOLD, VALID = 2.0, 1.6
_names = itertools.count()


@dataclass
class Desk:
    """
    The database at true moments (seconds), whatever its clock shows.
    """

    db: Connection
    limit: Limit
    connection: str = field(default_factory=lambda: f"shop/{next(_names)}")
    clock: float = 0.0  # how far it is off

    def __post_init__(self) -> None:
        span = self.limit.span
        seconds = span.seconds if isinstance(span, Rolling) else None
        period = span.period if isinstance(span, Calendar) else None
        self.db.execute(
            "INSERT INTO ops.budgets (connection, limit_name, declared, most, seconds, period, latest)"
            " VALUES (%s, %s, %s, %s, %s, %s, '1970-01-01')",
            [self.connection, self.limit.name, self.limit.permits, self.limit.permits, seconds, period],
        )

    def share(self, moment: float, process: str, ask: Any, elapsed: float | None) -> Part:
        row = self.db.execute(
            "SELECT * FROM ops.share_budget_at(%s, %s, %s, %s, %s, %s)",
            [
                START + timedelta(seconds=moment + self.clock),
                self.connection,
                process,
                elapsed,
                HOLD,
                json.dumps([ask]),
            ],
        ).fetchone()
        assert row is not None
        return Part(**row)

    def column(self, name: str) -> Any:
        row = self.db.execute(
            f"SELECT {name} AS it FROM ops.budgets WHERE connection = %s",
            [self.connection],
        ).fetchone()
        assert row is not None
        return row["it"]


class Process:
    """
    One that holds slots: its clock runs like any other, from a zero of its own.
    """

    def __init__(self, desk: Desk, name: str, zero: float = 0.0) -> None:
        self.desk, self.name, self.zero = desk, name, zero
        span = desk.limit.span
        assert isinstance(span, Rolling)
        self.meter = SlotMeter(desk.limit, span.seconds)
        self.heard: float | None = None
        self.valid_until = math.inf
        # When those in flight left, and until when the service has counted them: a call arrives within the time
        # that others take its process for alive, or nobody could ever have its slot.
        self.calls: list[tuple[float, float]] = []

    def ticks(self, moment: float) -> int:
        return round((moment - self.zero) * MICROSECONDS) + 1_000_000_000

    def exchange(self, moment: float, waiting: int = 0, urgent: int = 0, lost: str = "") -> None:
        """Once with the database; `lost` is the "question" or the "answer"."""
        self.wake(moment)
        ask = self.meter.ask(waiting, urgent, self.ticks(moment))
        part = None
        if lost != "question":
            elapsed = None if self.heard is None else moment - self.heard
            part = self.desk.share(moment, self.name, ask, elapsed)
        if part is None or lost:
            self.meter.unheard(ask, self.ticks(moment))
            return
        self.heard, self.valid_until = moment, moment + VALID
        self.meter.grant(part, self.ticks(moment))

    def leave(self, moment: float) -> None:
        """Give everything back."""
        self.wake(moment)
        self.meter.release(self.meter.most, self.ticks(moment))
        self.meter.spent = 0
        self.exchange(moment)

    def wake(self, moment: float) -> None:
        """Whatever it does, it first sees whether it slept for too long."""
        if moment > self.valid_until:
            self.meter.drop(self.ticks(moment))
            arrived = self.valid_until - VALID + HOLD
            self.calls = [(left, min(latest, arrived)) for left, latest in self.calls]
            self.valid_until = math.inf

    def call(self, moment: float) -> bool:
        self.wake(moment)
        if self.meter.wait(1, self.ticks(moment), BULK):
            return False
        self.meter.put(1, self.ticks(moment))
        self.calls.append((moment, math.inf))
        return True

    def answer(self, moment: float, place: int, counted: float, *, sent: bool = True) -> float | None:
        """A call is answered; answers when the service counted it, `counted` of the way."""
        left, latest = self.calls.pop(place % len(self.calls))
        self.meter.settle(1, self.ticks(moment), sent=sent)
        return min(left + (moment - left) * counted, latest) if sent else None


def rolling(most: int, seconds: float = 1.0) -> Limit:
    return Limit("burst", most, Rolling(seconds))


def fullest(uses: Iterable[float], seconds: float) -> int:
    """The most uses in any half-open span of `seconds`."""
    ordered = sorted(round(each * 1e6) for each in uses)
    span = round(seconds * 1e6) - 3  # moments pass through floats and whole microseconds
    return max((sum(1 for b in ordered if a <= b < a + span) for a in ordered), default=0)


class Spender:
    """
    One that is handed parts of a day.
    """

    def __init__(self, desk: Desk, name: str) -> None:
        self.desk, self.name = desk, name
        span = desk.limit.span
        assert isinstance(span, Calendar)
        self.meter = AllowanceMeter(desk.limit, span)

    def exchange(self, moment: float, lost: bool = False, **waiting: int) -> None:
        now = round(moment * MICROSECONDS)
        ask = self.meter.ask(waiting, now)
        part = self.desk.share(moment, self.name, ask, None)
        if lost:
            self.meter.unheard(ask, now)
        else:
            self.meter.grant(part, now)

    def spend(self, moment: float, number: int, lane: Lane = BULK) -> int:
        now = round(moment * MICROSECONDS)
        spent = 0
        while spent < number and not self.meter.wait(1, now, lane):
            self.meter.put(1, now)
            self.meter.settle(1, now, sent=True)
            spent += 1
        return spent


def daily(most: int, zone: str = "UTC", **reserved: float) -> Limit:
    return Limit("daily", most, Calendar("day", zone), reserved=reserved)
