"""
The bound of the spool: who goes first, how exact it is, what `block` waits for, two processes in one folder.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops.logs import Pipeline, Policy, Spool, ship_once, spool_state
from masterops.logs.quota import SHARES, Usage, admits, allowance, bound_of, is_tight
from masterops.logs.spool import WhenFull
from tests.logs.conftest import Memory
from tests.logs.disks import SmallDisk

KIB = 1024
LINE = b"x" * 499 + b"\n"
FILLER = """
import sys
from pathlib import Path
from masterops.logs import Policy, Spool
spool = Spool(Path(sys.argv[1]), Policy(most_bytes=int(sys.argv[2])))
print(flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    spool.append(b"x" * 499 + b"\\n", "error")
spool.close()
print(spool.lost)
"""


def size(folder: Path) -> int:
    return spool_state(folder).size_bytes


def fill(spool: Spool, level: str, most: int = 10_000) -> None:
    """Write until the first record is refused."""
    before = spool.lost
    for _ in range(most):
        spool.append(LINE, level)
        if spool.lost > before:
            return
    raise AssertionError(f"{most} records of level {level} fit")


usages = st.builds(Usage, st.integers(0, 2**40), st.integers(0, 200), st.integers(0, 2**40))


@settings(deadline=None)
@given(usage=usages, most=st.integers(1, 2**40), size=st.integers(1, 10**6))
def test_what_a_level_is_allowed_every_higher_one_is(usage: Usage, most: int, size: int) -> None:
    """
    Levels are refused in order, none goes beyond the bound, and only an untight spool refuses nobody.
    """
    bound = bound_of(usage, most)
    allowed = [admits(level, size, usage.used, bound) for level in ("debug", "info", "warn", "error")]

    assert sorted(allowed) == allowed
    assert allowed[1] == admits("metric", size, usage.used, bound)
    assert not allowed[-1] or usage.used + size <= min(most, usage.used + usage.free)
    assert not (allowed[0] and is_tight(usage.used, bound))


@settings(deadline=None)
@given(usage=usages, most=st.integers(1, 2**40))
def test_one_process_leaves_room_for_the_others(usage: Usage, most: int) -> None:
    """
    What all writers may write without another look stays below the next limit, but for the least amount.
    """
    bound = bound_of(usage, most)
    one = allowance(usage, bound)
    least = min(64 * KIB, bound // 64)
    limit = int(SHARES["debug"] * bound) if usage.used < int(SHARES["debug"] * bound) else bound

    assert one >= least
    assert one == least or usage.used + one * min(max(8, usage.writers), 32) <= limit


def test_the_least_important_levels_go_first(tmp_path: Path) -> None:
    """
    debug at 80 %, info and metrics at 90 %, warn at 97 %, error at the bound; never a byte beyond it.
    """
    most = 400 * KIB
    spool = Spool(tmp_path, Policy(most_bytes=most))

    shares = {}
    for level in ("debug", "info", "metric", "warn", "error"):
        fill(spool, level)
        shares[level] = size(tmp_path) / most

    assert {"debug": 0.80, "info": 0.90, "metric": 0.90, "warn": 0.97, "error": 1.0} == {
        level: round(share, 2) for level, share in shares.items()
    }
    assert all(share <= SHARES[level] for level, share in shares.items())
    assert 5 == spool.lost
    assert {"spool_full": dict.fromkeys(shares, 1)} == spool_state(tmp_path).lost


async def test_the_loss_is_told_when_there_is_room_again(tmp_path: Path, memory: Memory) -> None:
    """
    The full spool ships, the next record is kept, and one more says how many were not.
    """
    pipeline = Pipeline(tmp_path, level="debug", policy=Policy(most_bytes=100 * KIB))
    log = pipeline.logger()
    for number in range(600):
        log.debug(str(number), filler="x" * 100)
    kept = 600 - pipeline.lost

    await ship_once(tmp_path, memory)
    lost = -1
    while lost != pipeline.lost:  # looks at a full spool are paced
        await asyncio.sleep(0.1)
        lost = pipeline.lost
        log.debug("after")
    await ship_once(tmp_path, memory)

    assert lost > 100
    assert [*map(str, range(kept)), "after", "logs.lost"] == memory.messages
    assert {"lost": lost, "reasons": {"spool_full": {"debug": lost}}} == memory.rows[-1].details_json  # type: ignore[union-attr]
    pipeline.close()


async def test_a_full_spool_is_emptied_though_its_writer_goes_on(tmp_path: Path, memory: Memory) -> None:
    """
    Whoever is refused finishes its segment, because only a finished one can be deleted.
    """
    spool = Spool(tmp_path, Policy(most_bytes=100 * KIB))
    fill(spool, "error")

    await ship_once(tmp_path, memory)

    assert 0 == size(tmp_path)


def test_a_line_larger_than_a_segment_is_kept(tmp_path: Path) -> None:
    """
    It has a segment of its own; one larger than the spool is lost.
    """
    spool = Spool(tmp_path, Policy(most_bytes=1024 * KIB))
    for line in (LINE, b"y" * 300 * KIB + b"\n", LINE, b"z" * 2048 * KIB + b"\n", LINE):
        spool.append(line, "error")
    spool.close()

    assert 1 == spool.lost
    assert [1, 1, 2] == [len(path.read_bytes().splitlines()) for path in sorted(tmp_path.glob("*.jsonl"))]


def test_block_waits_until_the_shipper_has_made_room(tmp_path: Path) -> None:
    """
    The call returns when the record is kept; nothing is lost.
    """
    spool = Spool(tmp_path, Policy(most_bytes=100 * KIB, when_full="block", block_seconds=30))
    while size(tmp_path) + len(LINE) <= 0.9 * 100 * KIB:
        spool.append(LINE, "info")
    done = threading.Event()

    def write() -> None:
        spool.append(LINE, "info")
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not done.wait(0.3)
    asyncio.run(ship_once(tmp_path, Memory()))
    assert done.wait(10)
    thread.join()

    assert 0 == spool.lost
    assert len(LINE) == size(tmp_path)


def test_block_lets_more_important_levels_through_while_others_wait(tmp_path: Path) -> None:
    """
    A waiting call holds no lock: each thread waits for itself only, and no longer than stated.
    """
    spool = Spool(tmp_path, Policy(most_bytes=100 * KIB, when_full="block", block_seconds=1.5))
    while size(tmp_path) + len(LINE) <= 0.9 * 100 * KIB:
        spool.append(LINE, "info")
    took: list[float] = []

    def write(level: str) -> None:
        start = time.monotonic()
        spool.append(LINE, level)
        took.append(time.monotonic() - start)

    threads = [threading.Thread(target=write, args=["info"]) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    write("error")
    first = list(took)  # nobody who has to wait is back yet
    for thread in threads:
        thread.join()

    assert [took[0]] == first
    assert 4 == sum(1.5 <= each < 15 for each in took)
    assert 4 == spool.lost


def test_block_does_not_stop_an_event_loop(tmp_path: Path) -> None:
    """
    The shipper may live in that very loop; the record is dropped at once and counted.
    """
    spool = Spool(tmp_path, Policy(most_bytes=100 * KIB, when_full="block", block_seconds=30))

    async def write() -> float:
        start = time.monotonic()
        fill(spool, "info")
        return time.monotonic() - start

    assert asyncio.run(write()) < 10
    assert 1 == spool.lost


def test_two_processes_share_the_bound(tmp_path: Path) -> None:
    """
    Writing at the same time they fill it together, over it by no more than each may write without a look.
    """
    most, each = 4096 * KIB, 12_000
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", FILLER, str(tmp_path), str(most), str(each)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None and writer.stdin is not None
        writer.stdout.readline()
    for writer in writers:
        writer.stdin.write("\n")  # type: ignore[union-attr]
        writer.stdin.flush()  # type: ignore[union-attr]
    lost = [int(writer.communicate(timeout=60)[0]) for writer in writers]

    assert all(lost)
    assert 0.95 * most <= size(tmp_path) <= most + 2 * 64 * KIB
    assert 2 * each - sum(lost) == size(tmp_path) // len(LINE)
    assert sum(lost) == spool_state(tmp_path).total_lost


@pytest.mark.parametrize("admits_it", [pytest.param(True, id="a disk"), pytest.param(False, id="a quota")])
def test_a_disk_that_fills_up_is_the_same(tmp_path: Path, admits_it: bool) -> None:
    """
    The application goes on, each loss is counted and told, and it works again as soon as there is room.
    """
    disk = SmallDisk(100 * KIB, admits=admits_it)
    spool = Spool(tmp_path, notice=lambda counts: b"notice %d\n" % counts["disk_full"]["info"], disk=disk)
    for _ in range(300):
        spool.append(LINE, "info")
    kept = 300 - spool.lost
    disk.room = 10**9
    lost = -1
    while lost != spool.lost:  # looks at a full disk are paced
        time.sleep(0.1)
        lost = spool.lost
        spool.append(b"after\n", "info")
    spool.close()

    lines = [line for path in sorted(tmp_path.glob("*.jsonl")) for line in path.read_bytes().splitlines()]
    whole = [line for line in lines if line == LINE[:-1]]
    assert 80 <= kept <= 220
    assert kept == len(whole)
    assert [b"after", b"notice %d" % lost] == lines[-2:]


def test_on_a_disk_that_fills_up_errors_are_kept_longest(tmp_path: Path) -> None:
    """
    What the disk still takes is a bound like any other: debug stops first, an error is tried to the end.
    """
    disk = SmallDisk(100 * KIB, admits=True)
    spool = Spool(tmp_path, disk=disk)
    fill(spool, "debug")
    left = disk.room
    spool.append(LINE, "error")

    assert 1 == spool.lost
    assert 15 * KIB <= left <= 25 * KIB
    assert left - len(LINE) == disk.room


def test_block_waits_for_a_full_disk_too(tmp_path: Path) -> None:
    """
    No record is lost, and what the full disk cut off is written again whole.
    """
    disk = SmallDisk(20 * KIB)
    spool = Spool(tmp_path, Policy(when_full="block", block_seconds=30), disk=disk)

    def make_room() -> None:
        disk.room = 10**9

    timer = threading.Timer(0.3, make_room)
    timer.start()
    for _ in range(60):
        spool.append(LINE, "info")
    timer.join()
    spool.close()

    lines = [line for path in tmp_path.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert 0 == spool.lost
    assert 60 == sum(line == LINE[:-1] for line in lines)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """
    A file system of 1 MiB; only root can have one.
    """
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount; the tests above do it with a disk of their own")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("when_full", ["drop", "block"])
def test_a_real_disk_that_is_full(small: Path, memory: Memory, when_full: WhenFull) -> None:
    """
    The folder is not even made yet. Every record that was kept arrives, errors are kept longest, each loss is in
    the file that was made in time, and when the shipper has made room the next record is kept.
    """
    policy = Policy(when_full=when_full, block_seconds=0.1)
    pipeline = Pipeline(small / "spool", level="debug", policy=policy)
    log, kept = pipeline.logger(), []
    for level, count in (("debug", 8_000), ("warn", 1_000), ("error", 1_000)):
        for number in range(count):
            before = pipeline.lost
            if when_full == "drop" or before < 4:
                log.log(level, f"{level} {number}")  # type: ignore[arg-type]  # names of levels
                kept += [f"{level} {number}"] if before == pipeline.lost else []
    lost = spool_state(small / "spool").lost
    asyncio.run(ship_once(small / "spool", memory))
    before = -1
    while before != pipeline.lost:  # looks at a full disk are paced
        time.sleep(0.1)
        before = pipeline.lost
        log.info("after")
    pipeline.close()
    asyncio.run(ship_once(small / "spool", memory))

    told = [row.details_json["lost"] for row in memory.rows if row.message == "logs.lost"]  # type: ignore[union-attr]
    assert [*kept, "after"] == [message for message in memory.messages if message != "logs.lost"]
    assert before == sum(told)
    assert sum(sum(levels.values()) for levels in lost.values()) <= before
    assert before == spool_state(small / "spool").total_lost
    assert {"disk_full"} == set(lost)
    assert when_full == "block" or any(name.startswith("error") for name in kept)
    assert when_full == "block" or lost["disk_full"]["debug"] > 100


@pytest.mark.parametrize("room", range(26))
def test_two_lines_at_once_are_each_there_once_or_counted_as_lost(tmp_path: Path, room: int) -> None:
    """
    Wherever the disk is full in the middle of both: nothing is doubled, and what is torn swallows nothing.
    """
    disk = SmallDisk(1_000)
    spool = Spool(tmp_path, disk=disk)
    spool.append(b'{"line":0}\n')
    disk.room = room
    spool.append_both(b'{"line":1}\n', b'{"line":2}\n', "info")
    disk.room = 1_000
    spool.append_both(b'{"line":3}\n', b'{"line":4}\n', "info")
    lost = spool.lost
    spool.close()

    text = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("*.jsonl")))
    whole = [line for line in text.splitlines() if re.fullmatch(rb'{"line":\d}', line)]
    assert sorted(set(whole)) == whole
    assert 5 - lost == len(whole)
