"""
The verdict: what the writers say about their records against what is in the table.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.proof import marks
from tests.proof.content import content

SHOWN = 5  # numbers of each kind of fault


@dataclass(frozen=True, slots=True)
class Row:
    """
    One record as the database has it.
    """

    stream: str
    number: int
    created_at: datetime
    id: UUID
    level: str
    message: str
    duration_ms: float | None
    details: Mapping[str, Any]


@dataclass(slots=True)
class Verdict:
    """
    What is wrong, as sentences, and how many records there were of each kind.
    """

    problems: list[str] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)

    def blame(self, what: str, stream: str, numbers: Iterable[int]) -> None:
        found = sorted(numbers)
        if found:
            some = ", ".join(map(str, found[:SHOWN])) + (", …" if len(found) > SHOWN else "")
            self.problems.append(f"{stream}: {len(found)} {what}: {some}")


def judge(sheets: Mapping[str, bytes], rows: Iterable[Row], *, jumped: Iterable[str] = ()) -> Verdict:
    """
    Compare each stream's marks with its rows; the clock of the streams in `jumped` did not go right.
    """
    verdict = Verdict()
    by_stream: dict[str, list[Row]] = {stream: [] for stream in sheets}
    for row in rows:
        by_stream.setdefault(row.stream, []).append(row)
    ids = Counter(row.id for found in by_stream.values() for row in found)
    verdict.blame("ids that are not unique", "all", [n for n in ids.values() if n > 1])
    for stream, found in by_stream.items():
        _judge_stream(verdict, stream, sheets.get(stream, b""), found, ordered=stream not in set(jumped))
    return verdict


def _judge_stream(verdict: Verdict, stream: str, sheet: bytes, rows: list[Row], *, ordered: bool) -> None:
    seen = Counter(row.number for row in rows)
    said = {mark: {n for n, m in enumerate(sheet) if m == mark} for mark in range(4)}
    known = said[marks.ACKNOWLEDGED] | said[marks.REFUSED] | said[marks.BEGUN]
    verdict.blame("lost", stream, said[marks.ACKNOWLEDGED] - seen.keys())
    verdict.blame("doubled", stream, [number for number, times in seen.items() if times > 1])
    verdict.blame("never written", stream, seen.keys() - known)
    verdict.blame("changed", stream, [row.number for row in rows if not _same(row)])
    if ordered:
        verdict.blame("out of order", stream, _backwards(rows))
    verdict.numbers.update(
        written=len(known),
        acknowledged=len(said[marks.ACKNOWLEDGED]),
        arrived=len(rows),
        refused=len(said[marks.REFUSED]),
        unanswered=len(said[marks.BEGUN]),
    )


def _same(row: Row) -> bool:
    level, message, facts = content(row.stream, row.number)
    duration = facts.pop("duration_ms", None)
    return (level, message, duration, facts) == (row.level, row.message, row.duration_ms, dict(row.details))


def _backwards(rows: list[Row]) -> list[int]:
    """Numbers whose time, or the time in whose id, lies before that of an earlier number."""
    rows = sorted(rows, key=lambda row: row.number)
    return [
        later.number
        for earlier, later in itertools.pairwise(rows)
        if later.created_at < earlier.created_at or later.id.int >> 80 < earlier.id.int >> 80
    ]


def overtaken(progress: Iterable[tuple[str, int, int]], rows: Iterable[Row]) -> int:
    """
    How often a reader saw a record of a stream before an earlier one: what it counted up to the highest
    number is less than what there is up to there in the end.
    """
    numbers: dict[str, list[int]] = {}
    for row in rows:
        numbers.setdefault(row.stream, []).append(row.number)
    seen = 0
    for stream, count, highest in progress:
        seen += count < sum(number <= highest for number in numbers.get(stream, []))
    return seen
