"""
A pipeline on a folder of its own, and a database that remembers what it was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from masterops.logs import Batch, LogRecord, Pipeline
from masterops.logs.record import Row, decode, encode


class Memory:
    """
    A `RecordStore` in memory. `fail_next` breaks before anything is kept, as a lost connection does;
    `fail_on` breaks every time for the segments that it names.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.rejects: list[tuple[int, str, str]] = []
        self.offsets: dict[str, int] = {}
        self.fail_next: Exception | None = None
        self.fail_on: dict[str, Exception] = {}

    async def offset(self, segment: str) -> int:
        return self.offsets.get(segment, 0)

    async def store(self, batch: Batch) -> int:
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        if batch.segment in self.fail_on:
            raise self.fail_on[batch.segment]
        assert self.offsets.get(batch.segment, 0) == batch.start
        self.rows += [decode(encode(row)) for row in batch.rows]  # carried details are looked into here
        self.rejects += batch.rejects
        self.offsets[batch.segment] = batch.end
        return 0

    async def forget(self, segment: str) -> None:
        self.offsets.pop(segment, None)

    @property
    def messages(self) -> list[str]:
        return [row.message for row in self.rows if isinstance(row, LogRecord)]


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    made = Pipeline(tmp_path / "spool", level="debug")
    yield made
    made.close()


def spooled(folder: Path) -> list[Row]:
    """Every whole line that the spool holds, in order."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    return [decode(line) for line in lines]
