"""
Questions that people ask, answered from the database's views: how is it going, what needs attention,
what happened.
"""

from masterops.reports.attention import Attention, Reason, attention
from masterops.reports.budgets import BudgetNow, budgets
from masterops.reports.health import Flip, Look, Uptime, flips, incidents, recent_looks, uptimes
from masterops.reports.log_filter import LogFilter, LogRow
from masterops.reports.log_following import follow_logs
from masterops.reports.log_thread import Step, thread
from masterops.reports.logs import Hidden, hidden, read_around, read_logs, read_trace
from masterops.reports.stats import SourceStats, stats
from masterops.reports.summary import ConnectionNow, LastCycle, Summary, summary

__all__ = [
    "Attention",
    "BudgetNow",
    "ConnectionNow",
    "Flip",
    "Hidden",
    "LastCycle",
    "LogFilter",
    "LogRow",
    "Look",
    "Reason",
    "SourceStats",
    "Step",
    "Summary",
    "Uptime",
    "attention",
    "budgets",
    "flips",
    "follow_logs",
    "hidden",
    "incidents",
    "read_around",
    "read_logs",
    "read_trace",
    "recent_looks",
    "stats",
    "summary",
    "thread",
    "uptimes",
]
