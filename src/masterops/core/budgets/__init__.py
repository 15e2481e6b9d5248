"""
Exact budgets: how much may be sent, and when. Pure: whole microseconds in, decisions out.
"""

from masterops.core.budgets.account import Account, Obstacle, Source
from masterops.core.budgets.calendar import Clock
from masterops.core.budgets.latency import Latency
from masterops.core.budgets.lease import Lease
from masterops.core.budgets.limit import (
    BULK,
    CALLS,
    INTERACTIVE,
    MICROSECONDS,
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
from masterops.core.budgets.line import Line, Waiter

__all__ = [
    "BULK",
    "CALLS",
    "INTERACTIVE",
    "MICROSECONDS",
    "NEVER",
    "Account",
    "Calendar",
    "Clock",
    "Concurrent",
    "Lane",
    "Latency",
    "Lease",
    "Limit",
    "Line",
    "Obstacle",
    "Reading",
    "Rolling",
    "Source",
    "Span",
    "TokenBucket",
    "Waiter",
]
