"""
Trace and span of OpenTelemetry, where the program uses it. It is never imported from here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

TRACE = "opentelemetry.trace"


def with_span(outer: Mapping[str, object], fixed: Mapping[str, object]) -> Mapping[str, object]:
    """
    `outer` with `trace_id` and `span_id` (hexadecimal) of the span that is being recorded, unless somebody
    named another trace.
    """
    if "trace_id" in outer or "trace_id" in fixed:
        return outer
    try:
        span = sys.modules[TRACE].get_current_span()
        if not span.is_recording():
            return outer
        where = span.get_span_context()
        return {**outer, "trace_id": f"{where.trace_id:032x}", "span_id": f"{where.span_id:016x}"}
    except Exception:  # half imported, or another version: a log record is worth more than its span
        return outer
