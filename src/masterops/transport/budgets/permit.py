"""
The right to make one call, from when it is granted until the call was answered.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from masterops.transport.budgets.budget import Budget


class Permit:
    """
    To be settled once. One that nobody settled, because its holder crashed, counts as used when it goes.
    """

    __slots__ = ("_budget", "alone", "bucket", "marks", "number", "weight")

    def __init__(self, budget: Budget, bucket: str, weight: int, marks: tuple[int, ...]) -> None:
        self._budget: Budget | None = budget
        # Counted here and not by the budget: this is made for every call.
        budget.granted += 1
        self.number = budget.granted
        self.alone = not budget.under_way
        budget.under_way += 1
        self.bucket = bucket
        self.weight = weight
        self.marks = marks

    def settle(self, *, sent: bool, credit: int = 0) -> None:
        """
        The call was answered just now; the service counted it `credit` microseconds ago at the latest.
        Unsent, it gives back what it took.
        """
        budget, self._budget = self._budget, None
        if budget is not None:
            budget.settle(self, sent=sent, credit=credit)

    def __enter__(self) -> Permit:
        return self

    def __exit__(self, *error: object) -> None:
        self.settle(sent=True)

    def __del__(self) -> None:
        if self._budget is not None:
            # Without a loop there is nobody left to wake.
            with suppress(RuntimeError):
                self.settle(sent=True)
