"""
What a process tells and hears of limits that it shares with others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Ask = Mapping[str, object]  # one limit as the ledger is told of it: see `ops.share_budget`


@dataclass(frozen=True, slots=True)
class Part:
    """
    What a process gets of one limit. Spans are seconds from now, so that no two clocks are compared.

    Of a rolling limit: `granted` slots that rest for the `rests` beside, and all above `target` are to be
    given back. Of a day or month: `granted` permits for each wish, the one rest is when it ends, and `target`
    is its number. `most` is the whole limit, `unheld` what nobody holds of it, `peers` how many share it.
    """

    name: str
    granted: Sequence[int]
    rests: Sequence[float]
    target: int
    most: int
    unheld: int
    peers: int


@dataclass(frozen=True, slots=True)
class Spending:
    """
    What a process spent since it last told: calls, those of them that waited, and for how many seconds.
    """

    calls: int = 0
    waits: int = 0
    waited: float = 0.0
