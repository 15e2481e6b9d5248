"""
Questions that people ask, answered from the database's views: how is it going, what needs attention,
what happened.
"""

from masterops.reports.attention import Attention, Reason, attention
from masterops.reports.logs import LogFilter, LogRow, follow_logs, read_logs
from masterops.reports.stats import SourceStats, stats
from masterops.reports.summary import ConnectionNow, LastCycle, Summary, summary

__all__ = [
    "Attention",
    "ConnectionNow",
    "LastCycle",
    "LogFilter",
    "LogRow",
    "Reason",
    "SourceStats",
    "Summary",
    "attention",
    "follow_logs",
    "read_logs",
    "stats",
    "summary",
]
