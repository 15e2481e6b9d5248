"""
Where the budgets that several processes share are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from masterops.core.budgets import Ask, Part, Spending


class Ledger(Protocol):
    """
    Knows who holds which part of each limit: see `masterops.db.BudgetLedger`.
    """

    async def share(
        self, connection: str, asks: Sequence[Ask], *, elapsed: float | None, hold: float, spending: Spending
    ) -> list[Part]:
        """
        Give back, want and get: an answer for each of `asks`, in their order, which is that of their names.

        `elapsed` is how many seconds ago this process was last answered; after `hold` seconds without a word
        what it holds goes to others. Raises DatabaseError when the ledger is out of reach.
        """
        ...
