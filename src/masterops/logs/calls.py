"""
What a call of a service leaves behind when it went well, as lines: the row of its last attempt, and its
record.

They are most of what a process writes. Between two answers of a service the processor has done other work, so
that what counts is less how long the code takes than how much of it there is. In all calls of one kind the
two rows differ in a few numbers alone: the rest is written down once, and both go out in one write.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Protocol

from masterops.logs import seen
from masterops.logs.context import bound
from masterops.logs.logger import Logger
from masterops.logs.quick import BEFORE_DETAILS, Quick
from masterops.logs.record import ApiMetric, encode_plain
from masterops.logs.redact import redact_unseen
from masterops.logs.spans import TRACE, with_span
from masterops.logs.stamp import next_number, stamp

# The lines that `encode` makes of the same rows, but for the order of their fields.
ATTEMPT = (
    b'{"to":"api_metrics","id":"%b%012x","created_at":"%b%03dZ",%b,"success":true,"duration_ms":%a,"attempt":%d'
    b',"status_code":%d,"response_size_bytes":%d%b}\n'
)
RECORD = BEFORE_DETAILS + b',"details_json":{"attempts":%d},"duration_ms":%a}\n'
REMAINING, RESETS = b',"rate_limit_remaining":%d', b',"rate_limit_reset_at":"%b"'
NAMES = ("service", "endpoint", "method", "operation", "business_id", "integration_id")


class Rate(Protocol):
    """
    What an answer said of the budget that is left.
    """

    @property
    def remaining(self) -> int | None:
        """How many calls."""
        ...

    @property
    def resets_at(self) -> datetime | None:
        """Until when."""
        ...


class Lines(Protocol):
    """
    Where lines go: the pipeline.
    """

    def emits(self, level: str, source: str, message: object) -> bool:
        """Whether such a record is wanted at all."""
        ...

    def measure_line(self, line: bytes) -> None:
        """Take one row of `api_metrics`."""
        ...

    def emit_both(self, metric: bytes, record: bytes, level: str) -> None:
        """Take one, and a record."""
        ...


class CallLines:
    """
    The lines of one kind of call. `log` has every field of its records but the duration and the attempts,
    `sample` the names of its metrics.
    """

    __slots__ = ("_event", "_lines", "_log", "_middle", "_names", "_quick", "_source")

    def __init__(self, lines: Lines, log: Logger, event: str, sample: ApiMetric) -> None:
        self._lines, self._log, self._event = lines, log, event
        named = {name: value for name in NAMES if (value := getattr(sample, name)) is not None}
        fixed = encode_plain(named)
        self._names = fixed[1:-1] if fixed else None
        self._quick: Quick | None = None
        self._middle: bytes | None = None
        self._source = sample.service

    def write(
        self, call_ms: float, attempt_ms: float, attempt: int, status: int, size_bytes: int, rate: Rate
    ) -> bool:
        """
        Write both rows of a call that ended just now. False where something is not usual: nothing is written.
        """
        quick = self._quick
        if quick is None or quick.seen is not seen.now:
            self._prepare()
        outer = bound()
        if TRACE in sys.modules:
            outer = with_span(outer, self._log.fields)
        if outer or self._names is None or self._middle is None:
            return False
        more = b"" if rate.remaining is None else REMAINING % rate.remaining
        if rate.resets_at is not None:
            more += RESETS % rate.resets_at.isoformat().encode()
        before, number, moment, microsecond = stamp()
        metric = ATTEMPT % (
            before, number, moment, microsecond, self._names, attempt_ms, attempt, status, size_bytes, more
        )  # fmt: skip
        if not self._lines.emits("info", self._source, self._event):
            self._lines.measure_line(metric)
            return True
        record = RECORD % (before, next_number(), moment, microsecond, self._middle, attempt, call_ms)
        self._lines.emit_both(metric, record, "info")
        return True

    def _prepare(self) -> None:
        """At first, and when something else may count as a secret."""
        self._quick = Quick(self._log.fields)
        redact_unseen(self._event)  # what is harmless is known to be from now on
        self._middle = self._quick.middle("info", self._event)
