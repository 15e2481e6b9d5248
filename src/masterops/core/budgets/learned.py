"""
What processes tell each other of limits that are found out by trying.

Each goes on from what it finds itself; a new one begins where the last word was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from masterops.core.budgets.limit import Limit, Rolling
from masterops.core.budgets.sharing import Ask, Part


class Learned:
    """
    The learned limits of one connection, and what was last told or heard of each.
    """

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = {limit.name: limit for limit in limits if isinstance(limit.span, Rolling)}
        self._known: dict[str, int] = {}
        self._now: dict[str, int] = {}

    def asks(self, now: Mapping[str, int]) -> list[Ask]:
        """What to tell, of limits that are as large as `now` says: news only."""
        self._now = {name: now[name] for name in self._limits}
        return [self._ask(limit) for limit in self._limits.values()]

    def heard(self, parts: Mapping[str, Part]) -> dict[str, int]:
        """The ledger has answered: what to begin with, the first time."""
        first = {name: parts[name].most for name in self._limits if name not in self._known}
        self._known = {**self._now, **first}
        return first

    def _ask(self, limit: Limit) -> Ask:
        assert isinstance(limit.span, Rolling)
        size = self._now[limit.name]
        news = limit.name in self._known and self._known[limit.name] != size
        nothing = dict.fromkeys(("held", "used", "peak", "want", "urgent", "waiting", "age"), 0)
        return {
            "name": limit.name,
            "most": limit.permits,
            "seconds": limit.span.seconds,
            "back": [],
            "said": size if news else None,
            "remaining": None,
            **nothing,
        }
