"""
Structured logging that loses nothing: logger, spool, shipper.

A call writes one JSON line to this process's spool segment and returns; from then on the record
survives the death of the process. A shipper copies segments into PostgreSQL, in the same transaction
as the segment's offset, so that a record arrives exactly once.
"""

from masterops.logs.bridge import Bridge
from masterops.logs.console import short_value
from masterops.logs.context import bind, bound
from masterops.logs.logger import Logger, Perf
from masterops.logs.pipeline import Console, Pipeline, default_pipeline, set_default_pipeline
from masterops.logs.record import ApiMetric, LogRecord
from masterops.logs.redact import REDACTED, redact, redact_text, remember
from masterops.logs.shipper import Batch, RecordStore, Shipped, ship_once
from masterops.logs.spool import Policy, Spool
from masterops.logs.state import SpoolState, spool_state

__all__ = [
    "REDACTED",
    "ApiMetric",
    "Batch",
    "Bridge",
    "Console",
    "LogRecord",
    "Logger",
    "Perf",
    "Pipeline",
    "Policy",
    "RecordStore",
    "Shipped",
    "Spool",
    "SpoolState",
    "bind",
    "bound",
    "default_pipeline",
    "redact",
    "redact_text",
    "remember",
    "set_default_pipeline",
    "ship_once",
    "short_value",
    "spool_state",
]
