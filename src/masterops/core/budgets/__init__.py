"""
Exact budgets: how much may be sent, and when. Pure: whole microseconds in, decisions out.
"""

from masterops.core.budgets.lease import Lease
from masterops.core.budgets.limit import (
    BULK,
    CALLS,
    INTERACTIVE,
    NEVER,
    Calendar,
    Concurrent,
    Lane,
    Limit,
    Reading,
    Rolling,
    Span,
    TokenBucket,
)

__all__ = [
    "BULK",
    "CALLS",
    "INTERACTIVE",
    "NEVER",
    "Calendar",
    "Concurrent",
    "Lane",
    "Lease",
    "Limit",
    "Reading",
    "Rolling",
    "Span",
    "TokenBucket",
]
