"""
The records of one trace as a thread: what happened inside what, and how long after the start.

Pure. A record with a duration stands for the stretch of time that ended when it was written; whatever was
written within that stretch belongs under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from masterops.reports.log_filter import LogRow

# A record is stamped a moment after its duration was taken, so that both its ends seem late by that much.
SLACK = timedelta(microseconds=100)
NONE = timedelta()


class Step(msgspec.Struct, frozen=True):
    """
    One record: how deep it lies, and when it began, in milliseconds after the first.
    """

    row: LogRow
    depth: int
    offset_ms: float


def thread(rows: Sequence[LogRow]) -> list[Step]:
    """The steps in the order in which they began; of two that began together the longer comes first."""
    spans = sorted(
        ((_start(row), row) for row in rows), key=lambda each: (each[0], -_took(each[1]), each[1].id)
    )
    steps: list[Step] = []
    above: list[datetime] = []  # the ends of the stretches that are still open, the outermost first
    for start, row in spans:
        while above and above[-1] + SLACK < row.created_at:
            above.pop()
        offset = (start - spans[0][0]) / timedelta(milliseconds=1)
        steps.append(Step(row, len(above), round(offset, 3)))
        if row.duration_ms:
            above.append(row.created_at)
    return steps


def _took(row: LogRow) -> float:
    return row.duration_ms or 0.0


def _start(row: LogRow) -> datetime:
    try:
        return row.created_at - timedelta(milliseconds=_took(row)) - (SLACK if row.duration_ms else NONE)
    except OverflowError:  # a duration that no calendar holds
        return row.created_at
