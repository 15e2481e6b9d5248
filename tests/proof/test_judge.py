"""
The verdict on the rounds must not be able to overlook anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from masterops.core.ids import uuid7
from tests.proof import marks
from tests.proof.content import content
from tests.proof.judge import Row, judge, overtaken

ALL = bytes([marks.ACKNOWLEDGED] * 4)
START = datetime(2026, 1, 1, tzinfo=UTC)


def row(number: int) -> Row:
    """Record `number` as it should arrive."""
    level, message, facts = content("s", number)
    duration = facts.pop("duration_ms", None)
    return Row("s", number, START + timedelta(seconds=number), uuid7(), level, message, duration, facts)


def test_what_is_right_is_right() -> None:
    """
    Everything acknowledged is there; what was not answered or refused may be there or not.
    """
    sheet = ALL + bytes([marks.REFUSED, marks.BEGUN, marks.REFUSED, marks.BEGUN])

    verdict = judge({"s": sheet}, [row(number) for number in (0, 1, 2, 3, 4, 5)])

    assert [] == verdict.problems
    assert (8, 4, 6) == tuple(verdict.numbers[each] for each in ("written", "acknowledged", "arrived"))


FAULTS: dict[str, tuple[Callable[[list[Row]], list[Row]], str]] = {
    "lost": (lambda rows: rows[:2] + rows[3:], "s: 1 lost: 2"),
    "doubled": (lambda rows: [*rows, replace(rows[1], id=uuid7())], "s: 1 doubled: 1"),
    "same id": (
        lambda rows: [*rows[:3], replace(rows[3], id=rows[2].id)],
        "all: 1 ids that are not unique: 2",
    ),
    "another message": (lambda rows: [replace(rows[0], message="x"), *rows[1:]], "s: 1 changed: 0"),
    "another level": (lambda rows: [replace(rows[0], level="debug"), *rows[1:]], "s: 1 changed: 0"),
    "another fact": (lambda rows: [replace(rows[0], details={"number": 0}), *rows[1:]], "s: 1 changed: 0"),
    "another duration": (lambda rows: [replace(rows[0], duration_ms=1e9), *rows[1:]], "s: 1 changed: 0"),
    "too early": (lambda rows: [*rows[:3], replace(rows[3], created_at=START)], "s: 1 out of order: 3"),
    "never written": (lambda rows: [*rows, row(4)], "s: 1 never written: 4"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_found(fault: str) -> None:
    """
    One record that is lost, doubled, changed, early or made up is named.
    """
    spoil, expected = FAULTS[fault]

    verdict = judge({"s": ALL}, spoil([row(number) for number in range(4)]))

    assert expected in verdict.problems


def test_a_record_that_was_seen_before_an_earlier_one_is_counted() -> None:
    """
    A reader who has seen number 2 must have seen all that is there up to it.
    """
    rows = [row(number) for number in (0, 1, 2, 3)]

    assert 0 == overtaken([("s", 2, 1), ("s", 4, 3)], rows)
    assert 1 == overtaken([("s", 2, 2)], rows)
