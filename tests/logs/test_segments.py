"""
The spool looked at from outside.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core import clock
from masterops.errors import SpoolUnusable
from masterops.logs import Pipeline, segment_paths, segments, ship_once, spool_state, whole_bytes
from tests.logs.conftest import Memory


def test_each_segment_says_whose_it_is_and_how_old(tmp_path: Path) -> None:
    """
    An open one is alive, a finished one is not; the oldest comes first. Other files are none.
    """
    gone, alive = Pipeline(tmp_path), Pipeline(tmp_path)
    gone.logger().info("one")
    gone.close()
    alive.logger().info("two")
    (tmp_path / "1-2-a.opening").touch()

    found = segments(tmp_path)

    assert [False, True] == [each.alive for each in found]
    assert all(each.started_at and abs(clock.now() - each.started_at).total_seconds() < 60 for each in found)
    assert [path.stat().st_size for path in sorted(tmp_path.glob("*.jsonl"))] == [s.size_bytes for s in found]
    alive.close()


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    """
    Nobody has logged yet. A file with another name has no beginning.
    """
    (tmp_path / "notes.jsonl").touch()

    assert [] == segments(tmp_path / "missing")
    assert [None] == [each.started_at for each in segments(tmp_path)]


@given(st.lists(st.integers(0, 90_000), max_size=4), st.integers(0, 150_000))
def test_whole_bytes_end_with_the_last_line(
    tmp_path_factory: pytest.TempPathFactory, lines: list[int], torn: int
) -> None:
    """
    Whatever the lengths, also of a torn line that is longer than what is read at a time.
    """
    path = tmp_path_factory.mktemp("s") / "x.jsonl"
    whole = b"".join(b"x" * length + b"\n" for length in lines)
    path.write_bytes(whole + b"y" * torn)

    assert len(whole) == whole_bytes(path)
    assert 0 == whole_bytes(path.with_name("missing"))


class Counting(Memory):
    """
    A store that counts the questions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def offset(self, segment: str) -> int:
        self.asked += 1
        return await super().offset(segment)


async def test_an_open_segment_that_has_not_grown_costs_no_question(pipeline: Pipeline) -> None:
    """
    An idle process is not worth a round trip each pass; its next record is shipped all the same.
    """
    store, noted = Counting(), dict[str, int]()
    pipeline.logger().info("one")
    for _ in range(5):
        await ship_once(pipeline.folder, store, noted)
    asked = store.asked
    pipeline.logger().info("two")
    await ship_once(pipeline.folder, store, noted)
    pipeline.close()
    await ship_once(pipeline.folder, store, noted)
    await ship_once(pipeline.folder, store, noted)

    assert 1 == asked
    assert ["one", "two"] == store.messages
    assert {} == noted


def test_what_is_no_plain_file_or_has_a_foreign_name_is_left_alone(tmp_path: Path) -> None:
    """
    A folder, a link, a pipe that would never answer, and a name that PostgreSQL cannot store.
    """
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff.jsonl")).touch()
    (tmp_path / "plain.jsonl").touch()

    assert ["plain.jsonl"] == [path.name for path in segment_paths(tmp_path)]
    assert ["plain.jsonl"] == [each.name for each in segments(tmp_path)]
    assert 0 == spool_state(tmp_path).size_bytes


def test_a_spool_that_is_no_folder_is_said(tmp_path: Path) -> None:
    """
    Instead of looking empty.
    """
    (tmp_path / "spool").touch()

    with pytest.raises(SpoolUnusable, match=r"Not a directory \(.*/spool\)"):
        spool_state(tmp_path / "spool")
