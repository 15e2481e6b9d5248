"""
What a budget needs of a ledger that several processes share.

The ledger hands out permits in blocks, a lease each. A permit that was leased counts as spent from that
moment until it is settled, and then until a whole window after it was last used: the service may have
counted it at any moment up to its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from masterops.core.budgets import Lane, Lease, Limit, Reading


class Ledger(Protocol):
    """
    The budgets of all connections, wherever they are kept.
    """

    async def lease(
        self, connection: str, bucket: str, limits: Sequence[Limit], wanted: int, lane: Lane
    ) -> Lease:
        """Up to `wanted` permits from all of `limits`, or none. Raises DatabaseError when out of reach."""
        ...

    async def settle(self, lease_id: str, *, used: int, last_used: float) -> None:
        """
        Give back what was not used of a lease. `last_used` is how many seconds ago the last of the `used`
        permits was answered.
        """
        ...

    async def observe(self, connection: str, bucket: str, readings: Sequence[Reading]) -> None:
        """What an answer said of the limits, for everybody's benefit."""
        ...


class Supply(Protocol):
    """
    Permits of one bucket that come from elsewhere, as a limit among the others: what it has not got, nobody
    here may spend. Only `short` may start anything; the rest is arithmetic.
    """

    def wait(self, weight: int, now: int, lane: Lane) -> int:
        """Microseconds until `weight` can be had; 0 is now, NEVER is "not before more comes"."""
        ...

    def put(self, weight: int, now: int) -> None:
        """`weight` is taken by a call that is about to leave."""
        ...

    def settle(self, weight: int, now: int, *, sent: bool) -> None:
        """That call was answered, or never left (`sent` False) and its permits are free again."""
        ...

    def short(self, weight: int, lane: Lane) -> None:
        """Callers with `weight` together wait for more: get it, and wake the budget when it is here."""
        ...
