"""
The durability `fsync`: what was acknowledged is there after a power cut.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from masterops.logs import Policy, Spool, spool_state
from masterops.logs.losses import Counts
from masterops.logs.spool import Durability
from tests.logs.conftest import spooled
from tests.logs.disks import Cuttable, FailingDisk

KILLED = """
import sys
from pathlib import Path
from masterops.logs import Pipeline, Policy
log = Pipeline(Path(sys.argv[1]), policy=Policy("fsync")).logger(source="test")
number = 0
while True:
    number += 1
    log.info(f"n{number}")
    print(number, flush=True)
"""
INTERRUPTED = """
import signal, sys
from pathlib import Path
from masterops.logs import Pipeline, Policy
from masterops.logs.spool import Spool
from tests.logs.disks import Cuttable
folder = Path(sys.argv[1])
disk = Cuttable(folder)
spool = Spool(folder, Policy("fsync"), disk=disk)
rung = 0
def ring(number, frame):
    global rung
    rung += 1
    spool.append(b"signal %d\\n" % rung)
signal.signal(signal.SIGALRM, ring)
for number in range(1, 301):
    # One at a time: a disk that syncs more slowly than a clock ticks would never be done.
    if signal.getitimer(signal.ITIMER_REAL) == (0, 0):
        signal.setitimer(signal.ITIMER_REAL, 0.0001 * (number % 10 + 1))
    spool.append(b"main %d\\n" % number)
    before = rung
    lines = disk.after_cut().splitlines()
    assert b"main %d" % number in lines
    assert all(b"signal %d" % n in lines for n in range(1, before + 1))
signal.setitimer(signal.ITIMER_REAL, 0)
assert rung > 20, rung
"""


def survivors(seed: int, folder: Path, durability: Durability) -> tuple[set[bytes], set[bytes], int, int]:
    """Eight threads write until the power is cut: acknowledged, found afterwards, syncs, records in all."""
    chance = random.Random(seed)
    disk = Cuttable(folder)
    spool = Spool(folder, Policy(durability), segment_bytes=chance.choice([200, 2_000, 10**6]), disk=disk)
    acknowledged: list[bytes] = []
    stop = threading.Event()

    def write(name: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            line = b"%d-%d" % (name, number)
            spool.append(line + b"\n")
            acknowledged.append(line)

    threads = [threading.Thread(target=write, args=[name]) for name in range(8)]
    for thread in threads:
        thread.start()
    while not acknowledged:  # a disk may be busy for longer than the wait
        time.sleep(0.001)
    time.sleep(chance.uniform(0.005, 0.08))
    told = set(acknowledged)
    found = set(disk.after_cut().splitlines())
    stop.set()
    for thread in threads:
        thread.join()
    spool.close()
    return told, found, disk.syncs, len(acknowledged)


@pytest.mark.parametrize("seed", range(20))
def test_what_was_acknowledged_survives_a_power_cut(tmp_path: Path, seed: int) -> None:
    """
    Eight threads, a cut at a random instant, and segments so small that the cut falls among new ones.
    """
    told, found, syncs, written = survivors(seed, tmp_path, "fsync")

    assert told
    assert set() == told - found
    assert syncs < written  # they share


def test_without_fsync_the_same_cut_takes_records(tmp_path: Path) -> None:
    """
    The cut is one: with the durability `process` it leaves nothing.
    """
    told, found, _, _ = survivors(1, tmp_path, "process")

    assert told
    assert set() == found


def test_a_name_that_is_not_on_the_disk_is_no_segment(tmp_path: Path) -> None:
    """
    A new segment's name, and that of a new folder, is synced before its first record is acknowledged.
    """
    synced: list[Path] = []

    class Noting(Cuttable):
        def sync_folder(self, folder: Path) -> None:
            synced.append(folder)

    folder = tmp_path / "a" / "spool"
    Spool(folder, Policy("fsync"), disk=Noting(folder)).append(b"one\n")

    assert {folder, tmp_path / "a", tmp_path} == set(synced)


def test_signals_share_the_promise(tmp_path: Path) -> None:
    """
    What a handler logs in the middle of a call is on the disk when that call returns; nothing stands still.
    """
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)], capture_output=True, text=True, timeout=60
    )

    assert (0, "") == (run.returncode, run.stderr)


def test_threads_that_fork_in_the_middle_of_a_sync_stand_still_nowhere(tmp_path: Path) -> None:
    """
    The child neither waits for a sync of the parent's threads nor writes their records again.
    """
    spool = Spool(tmp_path, Policy("fsync"), disk=Cuttable(tmp_path))
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            spool.append(b"parent %d %d\n" % (threading.get_ident(), number))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(10):
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            spool.append(b"child %d\n" % number)
            os._exit(0)
        assert (child, 0) == os.waitpid(child, 0)
    stop.set()
    for thread in threads:
        thread.join()
    spool.close()

    lines = [line for path in tmp_path.glob("*.jsonl") for line in path.read_bytes().splitlines()]
    assert 10 == sum(line.startswith(b"child") for line in lines)
    assert len(lines) == len(set(lines))


def test_a_killed_process_keeps_its_promise(tmp_path: Path) -> None:
    """
    kill -9 with `fsync`: every acknowledged record is there, in order.
    """
    for round_ in range(3):
        folder = tmp_path / str(round_)
        writer = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(30)][-1]
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split()[:-1])])
        writer.wait()

        messages = [row.message for row in spooled(folder)]  # type: ignore[union-attr]
        assert [f"n{number}" for number in range(1, acknowledged + 1)] == messages[:acknowledged]


def test_a_sync_that_fails_is_a_loss_and_ends_the_segment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    After an error the kernel may have dropped the pages: the file is never synced again, nor written to.
    """
    disk = FailingDisk()
    spool = Spool(tmp_path, Policy("fsync"), disk=disk)
    spool.append(b"one\n", "info")
    (first,) = tmp_path.glob("*.jsonl")
    disk.fails = True
    spool.append(b"two\n", "info")
    spool.append(b"three\n", "warn")
    disk.fails = False
    disk.synced.clear()
    spool.append(b"four\n", "info")

    assert 2 == spool.lost
    assert {"disk_error": {"info": 1, "warn": 1}} == spool_state(tmp_path).lost
    assert first.stat().st_ino not in disk.synced
    assert b"one\ntwo\n" == first.read_bytes()
    assert 1 == capsys.readouterr().err.count("Input/output error")
    spool.close()


def test_what_a_failed_sync_lost_is_told_by_a_record(tmp_path: Path) -> None:
    """
    The notice is written, and synced, as soon as it can be.
    """
    disk = FailingDisk()
    told: list[Counts] = []

    def notice(counts: Counts) -> bytes:
        told.append(counts)
        return b"notice\n"

    spool = Spool(tmp_path, Policy("fsync"), notice=notice, disk=disk)
    disk.fails = True
    spool.append(b"lost\n", "info")
    disk.fails = False
    spool.append(b"kept\n", "info")
    spool.append(b"later\n", "info")
    spool.close()

    _, second = sorted(tmp_path.glob("*.jsonl"))
    assert [{"disk_error": {"info": 1}}] == told
    assert b"kept\nnotice\nlater\n" == second.read_bytes()
