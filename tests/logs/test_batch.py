"""
Pieces of a segment: how large they are, and that details travel as they are.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.logs.batch import (
    KEPT_BYTES,
    LARGEST_BYTES,
    LONGEST_BYTES,
    SMALLEST_BYTES,
    next_size,
    read_batch,
)
from masterops.logs.record import LogRecord, encode


@given(st.integers(SMALLEST_BYTES, LARGEST_BYTES), st.integers(0, 100_000_000))
def test_the_size_of_a_piece_has_bounds(size: int, taken: int) -> None:
    """
    However much there is, memory is bounded; however little, the first piece is small.
    """
    assert SMALLEST_BYTES <= next_size(size, taken) <= LARGEST_BYTES


def test_pieces_grow_under_a_backlog_and_shrink_at_its_end() -> None:
    """
    Full readings double up to the largest; one that found little starts again.
    """
    sizes = [SMALLEST_BYTES]
    for _ in range(5):
        sizes.append(next_size(sizes[-1], sizes[-1] - 200))

    assert [1, 2, 4, 8, 8, 8] == [size // SMALLEST_BYTES for size in sizes]
    assert SMALLEST_BYTES == next_size(LARGEST_BYTES, 1000)


def record(**details: Any) -> LogRecord:
    return LogRecord(uuid7(), clock.now(), "x", "info", "info", "m", details_json=details)


def test_details_are_carried_as_they_were_written(tmp_path: Path) -> None:
    """
    Byte for byte, however large their numbers are; the row's other fields are read.
    """
    path = tmp_path / "1.jsonl"
    line = encode(record(n=7)).replace(b'{"n":7}', b'{ "n" : 123456789012345678901234567890 }')
    path.write_bytes(encode(record()) + line)

    batch = read_batch(path, 0, complete=True)

    assert batch is not None
    first, second = batch.rows
    assert isinstance(first, LogRecord) and isinstance(second, LogRecord)
    assert b'{ "n" : 123456789012345678901234567890 }' == bytes(msgspec.Raw(second.details_json))  # type: ignore[call-overload]
    assert (0, len(encode(record()))) == batch.places


def test_details_that_are_no_text_are_a_reject(tmp_path: Path) -> None:
    """
    Nobody looks into them, so their bytes are checked before they are carried on.
    """
    path = tmp_path / "1.jsonl"
    path.write_bytes(encode(record(a="X")).replace(b"X", b"\xff") + encode(record(a="ü")))

    batch = read_batch(path, 0, complete=True)

    assert batch is not None
    assert (1, 1) == (len(batch.rows), len(batch.rejects))
    assert "not a record" in batch.rejects[0][2]


def test_a_line_without_an_end_is_no_record_and_takes_little_memory(tmp_path: Path) -> None:
    """
    Somebody else wrote it. Its beginning and its length are kept, and what stands behind it is read.
    """
    path = tmp_path / "1.jsonl"
    size = 3 * LONGEST_BYTES
    path.write_bytes(b"x" * size + b"\n" + encode(record()))
    tracemalloc.start()

    first = read_batch(path, 0, complete=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert first is not None
    assert size + 1 == first.end
    ((place, line, reason),) = first.rejects
    assert (0, "x" * KEPT_BYTES) == (place, line)
    assert f"a line of {size + 1:,} bytes" in reason
    assert peak < 3 * LONGEST_BYTES
    second = read_batch(path, first.end, complete=True)
    assert second is not None and 1 == len(second.rows)


@pytest.mark.parametrize(("complete", "end"), [(True, LONGEST_BYTES + 100_000), (False, None)])
def test_a_line_without_an_end_in_the_last_place(tmp_path: Path, complete: bool, end: int | None) -> None:
    """
    It ends with the segment, or where that was sealed; of a growing one it is left for later.
    """
    path = tmp_path / "1.jsonl"
    path.write_bytes(b"x" * (LONGEST_BYTES + LARGEST_BYTES))

    batch = read_batch(path, 0, complete=complete, end=end)

    assert end == (batch and batch.end)
