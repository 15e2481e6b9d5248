"""
The budgets of all connections of this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from masterops.core import clock
from masterops.core.budgets import Limit
from masterops.logs import Logger
from masterops.transport.budgets.budget import Budget
from masterops.transport.budgets.ledger import Ledger
from masterops.transport.budgets.sharing import HOLD, SharedBudget


class Budgets:
    """
    One budget a connection, made when it is first used, and shared with other processes where there is a
    `ledger`; `log` is told when that is away. `opened` is called with each that is made, before anything is
    spent from it; `now` is handed in by tests.
    """

    def __init__(
        self,
        *,
        ledger: Ledger | None = None,
        log: Logger | None = None,
        opened: Callable[[Budget], None] = lambda budget: None,
        now: Callable[[], int] = clock.microseconds,
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._opened = opened
        self._now = now
        self._budgets: dict[str, Budget] = {}

    def of(self, connection: str, limits: Sequence[Limit]) -> Budget:
        """The budget of a connection; `limits` are those to begin with."""
        budget = self._budgets.get(connection)
        if budget is None:
            budget = self._budgets[connection] = self._make(connection, limits)
            self._opened(budget)
        return budget

    async def close(self) -> None:
        """Give back what others may spend."""
        shared = [budget.close() for budget in self._budgets.values() if isinstance(budget, SharedBudget)]
        # What takes longer than others take us for alive need not be told any more.
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD):
                await asyncio.gather(*shared)

    def _make(self, connection: str, limits: Sequence[Limit]) -> Budget:
        if self._ledger is None:
            return Budget(connection, limits, now=self._now)
        return SharedBudget(connection, limits, self._ledger, log=self._log, now=self._now)

    def __iter__(self) -> Iterator[Budget]:
        return iter(self._budgets.values())
