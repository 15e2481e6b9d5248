"""
Structured logging that loses nothing: logger, spool, shipper.

A call writes one JSON line to this process's spool segment and returns; from then on the record
survives the death of the process. A shipper copies segments into PostgreSQL, in the same transaction
as the segment's offset, so that a record arrives exactly once.
"""

from masterops.logs.batch import Batch, decode_carried
from masterops.logs.bridge import Bridge, StructlogProcessor, WarningsBridge
from masterops.logs.calls import CallLines, Lines
from masterops.logs.console import short_value
from masterops.logs.context import bind, bound, carry
from masterops.logs.inspection import (
    Segment,
    SpoolState,
    oldest_waiting,
    segments,
    spool_state,
    whole_bytes,
)
from masterops.logs.limits import Limits
from masterops.logs.logger import Logger, Perf
from masterops.logs.otlp import check_installed, otlp_exporter
from masterops.logs.pipeline import Console, Pipeline, default_pipeline, set_default_pipeline
from masterops.logs.record import ApiMetric, LogRecord
from masterops.logs.redact import REDACTED, hide_personal, redact, redact_text, remember
from masterops.logs.segments import segment_paths
from masterops.logs.shipper import RecordStore, Shipped, ship_once
from masterops.logs.spool import Policy, Spool

__all__ = [
    "REDACTED",
    "ApiMetric",
    "Batch",
    "Bridge",
    "CallLines",
    "Console",
    "Limits",
    "Lines",
    "LogRecord",
    "Logger",
    "Perf",
    "Pipeline",
    "Policy",
    "RecordStore",
    "Segment",
    "Shipped",
    "Spool",
    "SpoolState",
    "StructlogProcessor",
    "WarningsBridge",
    "bind",
    "bound",
    "carry",
    "check_installed",
    "decode_carried",
    "default_pipeline",
    "hide_personal",
    "oldest_waiting",
    "otlp_exporter",
    "redact",
    "redact_text",
    "remember",
    "segment_paths",
    "segments",
    "set_default_pipeline",
    "ship_once",
    "short_value",
    "spool_state",
    "whole_bytes",
]
