"""
Exact budgets: how much may be sent, and when. Pure: whole microseconds in, decisions out.
"""

from masterops.core.budgets.account import Account, Obstacle
from masterops.core.budgets.allowance import AllowanceMeter
from masterops.core.budgets.calendar import Clock
from masterops.core.budgets.latency import Latency
from masterops.core.budgets.learned import Learned
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
from masterops.core.budgets.sharing import Ask, Part, Spending
from masterops.core.budgets.slots import SlotMeter

__all__ = [
    "BULK",
    "CALLS",
    "INTERACTIVE",
    "MICROSECONDS",
    "NEVER",
    "Account",
    "AllowanceMeter",
    "Ask",
    "Calendar",
    "Clock",
    "Concurrent",
    "Lane",
    "Latency",
    "Learned",
    "Limit",
    "Line",
    "Obstacle",
    "Part",
    "Reading",
    "Rolling",
    "SlotMeter",
    "Span",
    "Spending",
    "TokenBucket",
    "Waiter",
]
