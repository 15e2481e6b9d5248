"""
Segments end by size and by age, in order whatever the clock does, also when their owner sleeps.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from masterops import errors
from masterops.logs import Pipeline, Spool, ship_once, spool_state
from masterops.logs.record import decode
from masterops.logs.segments import SEAL, discard, overdue, seal
from tests.logs.conftest import Memory

STOPPED = """
import sys
from pathlib import Path
from masterops.logs import Pipeline
from masterops.logs.spool import Spool
pipeline = Pipeline(Path(sys.argv[1]))
pipeline.spool = Spool(Path(sys.argv[1]), segment_seconds=0.03)
log = pipeline.logger(source="test")
for number in range(1, 3_001):
    log.info(f"n{number}")
print(pipeline.lost, flush=True)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.jsonl"))


def short(folder: Path, seconds: float) -> Pipeline:
    """A pipeline whose segments are overdue after so many seconds."""
    made = Pipeline(folder)
    made.spool = Spool(folder, segment_seconds=seconds)
    return made


def test_an_old_segment_is_finished_by_the_next_record(tmp_path: Path) -> None:
    """
    The record that comes past the deadline is the segment's last.
    """
    spool = Spool(tmp_path, segment_seconds=0.2)
    spool.append(b"one\n")
    spool.append(b"two\n")
    time.sleep(0.25)
    spool.append(b"three\n")
    spool.append(b"four\n")

    assert [b"one\ntwo\nthree\n", b"four\n"] == [(tmp_path / name).read_bytes() for name in names(tmp_path)]
    spool.close()


def test_segments_are_in_order_though_the_clock_jumps_back(tmp_path: Path) -> None:
    """
    The shipper takes them by name: an hour back in the middle changes nothing.
    """
    moments = iter([2 * 10**18, 2 * 10**18 - 3600 * 10**9, 2 * 10**18 - 3600 * 10**9, 3 * 10**18])
    spool = Spool(tmp_path, wall=lambda: next(moments))
    for number in range(4):
        spool.append(b"%d\n" % number)
        spool.close()

    assert [b"0\n", b"1\n", b"2\n", b"3\n"] == [(tmp_path / name).read_bytes() for name in names(tmp_path)]


async def test_a_sleeping_process_keeps_no_segment(tmp_path: Path, memory: Memory) -> None:
    """
    Past its deadline the shipper takes it and its space comes back; what the process says next arrives too, once.
    """
    pipeline = short(tmp_path, 0.2)
    log = pipeline.logger()
    log.info("one")
    await ship_once(tmp_path, memory)
    open_names = names(tmp_path)
    kept = pipeline.spool._file
    await asyncio.sleep(0.25)

    await ship_once(tmp_path, memory)

    assert 1 == len(open_names)
    assert [] == list(tmp_path.iterdir())
    assert {} == memory.offsets
    assert 1 >= os.fstat(kept).st_size
    log.info("two")
    log.info("three")
    await ship_once(tmp_path, memory)
    pipeline.close()
    await ship_once(tmp_path, memory)
    assert ["one", "two", "three"] == memory.messages
    assert ([], 0) == (memory.rejects, pipeline.lost)


async def test_a_young_segment_is_left_to_its_owner(tmp_path: Path, memory: Memory) -> None:
    """
    Nothing is added to a file that its owner writes to without looking.
    """
    pipeline = Pipeline(tmp_path)
    pipeline.logger().info("one")
    (path,) = tmp_path.glob("*.jsonl")
    before = path.read_bytes()

    assert not overdue(path.name)
    assert not seal(path)
    assert before == path.read_bytes()
    pipeline.close()


async def test_a_record_behind_the_seal_is_written_again_and_shipped_once(
    tmp_path: Path, memory: Memory
) -> None:
    """
    The shipper seals, the owner writes, the shipper dies before it has deleted: the next one stops at the seal.
    """
    pipeline = short(tmp_path, 0.2)
    log = pipeline.logger()
    log.info("one")
    (path,) = tmp_path.glob("*.jsonl")
    await asyncio.sleep(0.25)
    assert seal(path)
    log.info("two")
    behind = path.read_bytes().partition(SEAL)[2]

    memory.fail_next = errors.DatabaseLost(reason="cable")
    with pytest.raises(errors.DatabaseLost):
        await ship_once(tmp_path, memory)
    await ship_once(tmp_path, memory)
    pipeline.close()
    await ship_once(tmp_path, memory)

    assert "two" == decode(behind.strip()).message  # type: ignore[union-attr]
    assert ["one", "two"] == memory.messages
    assert [] == memory.rejects


def test_sealing_twice_leaves_one_seal(tmp_path: Path) -> None:
    """
    However often the database is away in between, the file does not grow.
    """
    spool = Spool(tmp_path, segment_seconds=0.01)
    spool.append(b"x" * 3_000_000 + b"\n")
    (path,) = tmp_path.glob("*.jsonl")
    time.sleep(0.05)

    assert seal(path) and seal(path)

    assert 3_000_001 + len(SEAL) == path.stat().st_size
    spool.close()


def test_half_a_seal_does_not_swallow_a_record(tmp_path: Path) -> None:
    """
    A full disk may cut the seal: the owner's next line would hang on to it, so it is written again.
    """
    spool = Spool(tmp_path, segment_seconds=0.05)
    spool.append(b"one\n")
    (path,) = tmp_path.glob("*.jsonl")
    time.sleep(0.1)
    with path.open("ab") as file:
        file.write(SEAL[:9])
    spool.append(b"two\n")
    spool.close()

    assert b"two\n" == (tmp_path / names(tmp_path)[1]).read_bytes()


@pytest.mark.parametrize("seed", range(3))
def test_writer_and_shipper_race_for_overdue_segments(tmp_path: Path, memory: Memory, seed: int) -> None:
    """
    A process that is stopped and continued at random instants, and a shipper that seals whenever it may.
    """
    chance = random.Random(seed)
    writer = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    stopping = threading.Event()

    def stop_and_go() -> None:
        while not stopping.is_set():
            time.sleep(chance.uniform(0.001, 0.02))
            writer.send_signal(signal.SIGSTOP)
            time.sleep(chance.uniform(0.03, 0.08))
            writer.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go)
    thread.start()
    taken = 0
    while writer.poll() is None:
        taken += asyncio.run(ship_once(tmp_path, memory)).finished_segments
    stopping.set()
    thread.join()
    asyncio.run(ship_once(tmp_path, memory))

    assert writer.stdout is not None
    assert "0" == writer.stdout.read().strip()
    assert [f"n{number}" for number in range(1, 3_001)] == memory.messages
    assert [] == memory.rejects
    assert taken > 1
    assert 0 == spool_state(tmp_path).segments


def test_discarding_what_is_gone_is_no_error(tmp_path: Path) -> None:
    """
    Another shipper was faster.
    """
    discard(tmp_path / "1-2-3.jsonl")

    assert [] == list(tmp_path.iterdir())
