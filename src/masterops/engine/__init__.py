"""
Durable jobs and schedules on PostgreSQL.

PgQueuer does the work and is not seen outside this package: jobs survive a killed worker, and a
schedule fires once however many workers run.
"""

from masterops.engine.board import Entry, Step, entries, history, overview, trim_history, unattended_since
from masterops.engine.engine import Engine, Job
from masterops.engine.policy import Patience

__all__ = [
    "Engine",
    "Entry",
    "Job",
    "Patience",
    "Step",
    "entries",
    "history",
    "overview",
    "trim_history",
    "unattended_since",
]
