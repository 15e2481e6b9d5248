"""
A service that counts calls at a moment of its own choice, and a schedule that an adversary writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from masterops.core.budgets import Account, Clock, Lane, Limit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = 1_000_000


@dataclass
class Sent:
    """
    One call: when it left, what it weighs, when the service counted it.
    """

    bucket: str
    weight: int
    left: int
    counted: int = 0


@dataclass
class World:
    """
    An account, the time, the calls under way and those that were counted.
    """

    limits: Sequence[Limit]
    now: int = 1_000
    wall: datetime = NOON
    under_way: list[Sent] = field(default_factory=list)
    counted: list[Sent] = field(default_factory=list)
    granted: int = 0

    def __post_init__(self) -> None:
        self.start = self.now
        self.account = Account(self.limits, Clock(self.now, self.wall))

    def take(self, bucket: str, weight: int, lane: Lane) -> int:
        wait = self.account.take(bucket, weight, self.now, lane)
        if not wait:
            self.granted += 1
            self.under_way.append(Sent(bucket, weight, self.now))
        return wait

    def answer(self, which: int, when: float) -> None:
        """One call is answered now; the service had counted it `when` of the way."""
        if self.under_way:
            call = self.under_way.pop(which % len(self.under_way))
            call.counted = call.left + round((self.now - call.left) * when)
            self.counted.append(call)
            self.account.settle(call.bucket, call.weight, self.now, self.now, sent=True)

    def give_back(self, which: int) -> None:
        """One call is cancelled before it leaves."""
        if self.under_way:
            call = self.under_way.pop(which % len(self.under_way))
            self.account.settle(call.bucket, call.weight, self.now, self.now, sent=False)

    def moment(self, ticks: int) -> datetime:
        return self.wall + timedelta(microseconds=ticks - self.start)

    def end(self, when: float) -> None:
        """What is still under way was counted, too."""
        for call in self.under_way:
            call.counted = call.left + round((self.now - call.left) * when)
        self.counted += self.under_way

    def worst(self, seconds: float, *buckets: str) -> int:
        """The most that the service counted in any window."""
        span = round(seconds * SECOND)
        calls = sorted((c.counted, c.weight) for c in self.counted if not buckets or c.bucket in buckets)
        worst, total, first = 0, 0, 0
        for moment, weight in calls:
            total += weight
            while calls[first][0] <= moment - span:
                total -= calls[first][1]
                first += 1
            worst = max(worst, total)
        return worst


def schedules(buckets: Sequence[str], lanes: Sequence[str], longest: int) -> st.SearchStrategy[list[Any]]:
    """What callers, network and service do, step by step."""
    step = st.one_of(
        st.tuples(st.just("take"), st.sampled_from(buckets), st.integers(1, 4), st.sampled_from(lanes)),
        st.tuples(st.just("many"), st.sampled_from(buckets), st.integers(2, 12), st.sampled_from(lanes)),
        st.tuples(st.just("answer"), st.integers(0, 9), st.floats(0, 1)),
        st.tuples(st.just("answers"), st.floats(0, 1)),
        st.tuples(st.just("give_back"), st.integers(0, 9)),
        st.tuples(st.just("pass"), st.integers(0, longest)),
        st.tuples(st.just("until"), st.sampled_from(buckets), st.integers(1, 4), st.sampled_from(lanes)),
    )
    return st.lists(step, max_size=60)


def play(world: World, steps: list[Any]) -> None:
    """Do all of it."""
    for name, *given in steps:
        match name:
            case "take":
                world.take(*given)
            case "many":
                bucket, number, lane = given
                for _ in range(number):
                    world.take(bucket, 1, lane)
            case "answer":
                world.answer(*given)
            case "answers":
                while world.under_way:
                    world.answer(0, *given)
            case "give_back":
                world.give_back(*given)
            case "pass":
                world.now += given[0]
            case "until":
                wait = world.take(*given)
                if 0 < wait < 10 * SECOND:
                    world.now += wait
                    world.take(*given)
