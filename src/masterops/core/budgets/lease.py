"""
Permits that one process was handed by a ledger that several share.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lease:
    """
    Permits that this process alone may spend. Spans are seconds from now, so that no two clocks are compared:
    they may be spent after `not_before` and until `expires_in`. With 0 permits, `not_before` says when it is
    worth asking again.
    """

    id: str
    permits: int
    not_before: float
    expires_in: float
