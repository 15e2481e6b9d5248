"""
The budgets of all connections of this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from masterops.core import clock
from masterops.core.budgets import Limit
from masterops.transport.budgets.budget import Budget


class Budgets:
    """
    One budget a connection, made when it is first used. `opened` is called with each that is made, before
    anything is spent from it; `now` is handed in by tests.
    """

    def __init__(
        self,
        *,
        opened: Callable[[Budget], None] = lambda budget: None,
        now: Callable[[], int] = clock.microseconds,
    ) -> None:
        self._opened = opened
        self._now = now
        self._budgets: dict[str, Budget] = {}

    def of(self, connection: str, limits: Sequence[Limit]) -> Budget:
        """The budget of a connection; `limits` are those to begin with."""
        budget = self._budgets.get(connection)
        if budget is None:
            budget = self._budgets[connection] = Budget(connection, limits, now=self._now)
            self._opened(budget)
        return budget

    def __iter__(self) -> Iterator[Budget]:
        return iter(self._budgets.values())
