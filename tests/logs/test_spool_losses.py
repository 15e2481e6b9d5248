"""
What is counted when records are lost, and who hears of it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from masterops.logs import Policy, Spool, spool_state
from masterops.logs.losses import DISK_ERROR, SPOOL_FULL, Counts, Losses
from tests.logs.disks import SmallDisk

DYING = """
import os, signal, sys
from pathlib import Path
from masterops.logs import Policy, Spool
spool = Spool(Path(sys.argv[1]), Policy(most_bytes=100 * 1024))
for number in range(1000):
    spool.append(b"x" * 499 + b"\\n", "info")
print(spool.lost, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_losses_outlive_a_killed_process_and_the_next_one_tells(tmp_path: Path) -> None:
    """
    kill -9 right after the last loss: the count is exact, and the next writer's notice has it, once.
    """
    run = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    lost = int(run.stdout)
    state = spool_state(tmp_path)
    for path in tmp_path.glob("*.jsonl"):  # the shipper's work
        path.unlink()
    told: list[Counts] = []

    def notice(counts: Counts) -> bytes:
        told.append(counts)
        return b"notice\n"

    for _ in range(2):
        spool = Spool(tmp_path, notice=notice)
        spool.append(b"one\n", "info")
        spool.append(b"two\n", "info")
        spool.close()

    assert -signal.SIGKILL == run.returncode
    assert 1000 - lost == state.size_bytes // 500
    assert {"spool_full": {"info": lost}} == state.lost == told[0]
    assert 1 == len(told)
    assert state.lost_at is not None


def test_many_writers_count_together(tmp_path: Path) -> None:
    """
    Threads with counts of their own, as processes have them, miss nothing in the shared file.
    """
    several = [Losses(tmp_path) for _ in range(4)]

    def lose(losses: Losses) -> None:
        for _ in range(200):
            losses.add(SPOOL_FULL, ["debug", "info"])

    threads = [threading.Thread(target=lose, args=[each]) for each in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in several:  # what could not be saved, because another one was at it
        each.add(DISK_ERROR, ["error"])

    assert {"spool_full": {"debug": 800, "info": 800}, "disk_error": {"error": 4}} == spool_state(
        tmp_path
    ).lost


def test_a_stopped_process_that_holds_the_file_stops_nobody(tmp_path: Path) -> None:
    """
    The count waits in memory until the file is free; the call does not.
    """
    losses = Losses(tmp_path)
    losses.reserve()
    with (tmp_path / "lost.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        losses.add(SPOOL_FULL, ["info"])
        with losses.telling() as counts:
            assert {} == counts
        assert {} == spool_state(tmp_path).lost
    losses.add(SPOOL_FULL, ["info"])

    assert 2 == losses.total
    assert {"spool_full": {"info": 2}} == spool_state(tmp_path).lost


def test_a_notice_that_cannot_be_written_is_written_later(tmp_path: Path) -> None:
    """
    What failed to be told counts as untold.
    """
    losses = Losses(tmp_path)
    losses.add(SPOOL_FULL, ["info"])
    told = []
    for fails in (True, False):
        try:
            with losses.telling() as counts:
                told.append(counts)
                if fails:
                    raise OSError
        except OSError:
            continue
    with losses.telling() as counts:
        told.append(counts)

    assert [{"spool_full": {"info": 1}}, {"spool_full": {"info": 1}}, {}] == told


def test_a_file_that_cannot_be_read_begins_again(tmp_path: Path) -> None:
    """
    Garbage, as a power cut may leave it, costs the old counts and nothing else.
    """
    (tmp_path / "lost.json").write_bytes(b"\x00" * 100)
    losses = Losses(tmp_path)
    losses.add(SPOOL_FULL, ["info"])

    assert {"spool_full": {"info": 1}} == spool_state(tmp_path).lost


def test_a_folder_that_is_deleted_under_a_writer_is_noticed_within_a_second(tmp_path: Path) -> None:
    """
    What went with it is counted by level, the rest goes into a new folder.
    """
    folder = tmp_path / "spool"
    spool = Spool(folder)
    spool.append(b'{"level":"info"}\n', "info")
    shutil.rmtree(folder)
    spool.append(b'{"level":"warn"}\n', "warn")
    time.sleep(1.1)
    spool.append(b'{"level":"error"}\n', "error")
    spool.append(b'{"level":"debug"}\n', "debug")
    spool.close()

    assert 2 == spool.lost
    assert {"removed": {"info": 1, "warn": 1}} == spool_state(folder).lost
    (segment,) = folder.glob("*.jsonl")
    assert b'{"level":"error"}\n{"level":"debug"}\n' == segment.read_bytes()


def test_a_forked_child_counts_its_own_losses(tmp_path: Path) -> None:
    """
    Neither of the two tells of the other's.
    """
    disk = SmallDisk(0)
    spool = Spool(tmp_path, disk=disk)
    spool.append(b"lost\n", "info")
    child = os.fork()
    if child == 0:
        spool.append(b"lost\n", "info")
        os._exit(spool.lost)

    assert (child, 1 << 8) == os.waitpid(child, 0)
    assert 1 == spool.lost
    assert {"disk_full": {"info": 2}} == spool_state(tmp_path).lost


def test_the_state_of_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """
    No spool yet is no error.
    """
    state = spool_state(tmp_path / "none")

    assert (0, 0, None, 0) == (state.size_bytes, state.segments, state.oldest_at, state.total_lost)


def test_the_state_says_how_long_the_oldest_record_waits(tmp_path: Path) -> None:
    """
    The oldest segment with anything in it counts.
    """
    hour_ago = time.time_ns() - 3600 * 10**9
    spool = Spool(tmp_path, Policy(), wall=lambda: hour_ago)
    spool.append(b"one\n")
    (tmp_path / "0-1-2.jsonl").touch()

    state = spool_state(tmp_path)

    assert (4, 2) == (state.size_bytes, state.segments)
    assert state.oldest_at is not None
    assert hour_ago == int(state.oldest_at.timestamp() * 1000) * 10**6 + hour_ago % 10**6
    spool.close()
