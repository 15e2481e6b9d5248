"""
Who goes next of those that wait: lanes, first come first served in each.

A person's call goes before bulk work, and every tenth time bulk work goes first, so that it is never starved.
Nobody passes a heavier caller who waits for room: it would never come. Somebody as heavy or heavier who can
go where the first cannot is in a lane for which permits are reserved, and passes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from masterops.core.budgets.limit import INTERACTIVE, NEVER, Lane

TURNS = 9  # of a person's calls in a row, while others wait
SLACK = 32


class Waiter:
    """
    One caller who waits. `gone` is one who does not any more.
    """

    __slots__ = ("gone", "lane", "number", "weight")

    def __init__(self, weight: int, lane: Lane) -> None:
        self.weight = weight
        self.lane = lane
        self.gone = False
        self.number = 0


W = TypeVar("W", bound=Waiter)


class Line(Generic[W]):
    """
    Those who wait for one bucket.
    """

    __slots__ = ("_gone", "_lanes", "_numbers", "_turns", "_weights")

    def __init__(self) -> None:
        self._lanes: dict[Lane, deque[W]] = {}
        self._weights: dict[Lane, int] = {}
        self._gone = 0
        self._numbers = 0
        self._turns = 0

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values())) - self._gone

    def join(self, waiter: W) -> None:
        """At the end of its lane."""
        self._numbers += 1
        self._weights[waiter.lane] = self._weights.get(waiter.lane, 0) + waiter.weight
        waiter.number = self._numbers
        self._lanes.setdefault(waiter.lane, deque()).append(waiter)

    def leave(self, waiter: W) -> None:
        """It does not want to wait any longer. Its place is cleared away in passing."""
        waiter.gone = True
        self._weights[waiter.lane] -= waiter.weight
        self._gone += 1
        if self._gone > SLACK and self._gone > len(self):
            kept = {lane: deque(each for each in line if not each.gone) for lane, line in self._lanes.items()}
            self._lanes = {lane: line for lane, line in kept.items() if line}
            self._gone = 0

    def __iter__(self) -> Iterator[W]:
        return (each for line in self._lanes.values() for each in line if not each.gone)

    def weight(self, lane: Lane | None = None) -> int:
        """What all who wait weigh together; with a lane, only those who go before one who joins it now."""
        names = self._weights if lane is None else {lane, INTERACTIVE}
        return sum(self._weights.get(name, 0) for name in names)

    def by_lane(self) -> Mapping[Lane, int]:
        """What those who wait weigh together, in each lane."""
        return self._weights

    def heaviest(self) -> int:
        """What the heaviest weighs of those who could go next: the first of each lane."""
        return max((each.weight for each in self._heads()), default=1)

    def serve(self, take: Callable[[int, Lane], int]) -> tuple[list[W], int]:
        """
        All who may go now, in order, and how long until the next may. `take` is asked for each: 0 lets it go.
        """
        served: list[W] = []
        while True:
            first, wait = self._next(take)
            if first is None:
                return served, wait
            self._lanes[first.lane].popleft()
            self._weights[first.lane] -= first.weight
            served.append(first)

    def _next(self, take: Callable[[int, Lane], int]) -> tuple[W | None, int]:
        shortest, lightest = NEVER, 0
        heads = self._heads()
        for head in heads:
            if head.weight < lightest:
                continue
            wait = take(head.weight, head.lane)
            if not wait:
                others = len(heads) > 1
                self._turns = self._turns + 1 if head.lane == INTERACTIVE and others else 0
                return head, 0
            shortest, lightest = min(shortest, wait), max(lightest, head.weight)
        return None, shortest

    def _heads(self) -> list[W]:
        """The first of each lane, who goes first of them first."""
        heads = []
        for lane in list(self._lanes):
            line = self._lanes[lane]
            while line and line[0].gone:
                line.popleft()
                self._gone -= 1
            if line:
                heads.append(line[0])
            else:
                del self._lanes[lane]
        person_first = self._turns < TURNS
        return sorted(heads, key=lambda each: ((each.lane == INTERACTIVE) != person_first, each.number))
