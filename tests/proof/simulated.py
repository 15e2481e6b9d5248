"""
A power cut where nothing can be mounted: a disk that remembers what was synced, and keeps only that.

The shipper does not take part: what it deletes does not go through this disk.
"""

from __future__ import annotations

import errno
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from masterops.logs import Pipeline
from tests.proof import marks
from tests.proof.children import Stream, make_pipeline
from tests.proof.disks import Disk
from tests.proof.rounds import Outcome, Round, World

THREADS = 8


@dataclass(slots=True, eq=False)
class _File:
    path: Path  # where it is now
    synced: int = 0


class ForgetfulDisk:
    """
    Real files, and beside them what a power cut would leave: synced bytes under synced names.
    """

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[Path, _File] = {}
        self._kept: dict[Path, _File] = {}
        self._guard = threading.Lock()
        self._off = False

    def cut(self, into: Path) -> None:
        """From now on every operation fails; what is left is copied to `into`."""
        with self._guard:
            self._off = True
            into.mkdir()
            for path, file in self._kept.items():
                (into / path.name).write_bytes(file.path.read_bytes()[: file.synced])

    def _check(self) -> None:
        if self._off:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def open(self, path: Path) -> int:
        with self._guard:
            self._check()
            found = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._files[found] = self._names[path] = _File(path)
            return found

    def write(self, file: int, data: bytes | memoryview, /) -> int:
        self._check()
        return os.write(file, data)

    def sync(self, file: int) -> None:
        size = os.fstat(file).st_size  # what is written while the disk is at it may miss it
        time.sleep(0.0005)
        with self._guard:
            self._check()
            self._files[file].synced = max(size, self._files[file].synced)

    def sync_folder(self, folder: Path) -> None:
        with self._guard:
            self._check()
            others = {path: file for path, file in self._kept.items() if path.parent != folder}
            self._kept = others | {p: file for p, file in self._names.items() if p.parent == folder}

    def rename(self, old: Path, new: Path) -> None:
        with self._guard:
            self._check()
            old.rename(new)
            self._names[new] = self._names.pop(old)
            self._names[new].path = new

    def unlink(self, path: Path) -> None:
        """The name goes; the file itself stays, because the cut may bring it back."""
        with self._guard:
            self._check()
            file = self._names.pop(path, None)
            if file is not None:
                file.path = path.with_name(f"{path.name}.deleted")
                path.rename(file.path)

    def free(self, folder: Path) -> int:
        return 1 << 40


def cut_power(world: World, seed: int, scratch: Path, durability: str) -> Outcome:
    """Threads that write until the power goes, and what is shipped from what is left."""
    with tempfile.TemporaryDirectory(dir=scratch) as made:
        folder = Path(made)
        round = Round(world, seed, Disk(folder, mounted=False), folder, 0.0, spool=folder / "left")
        world.database.empty()
        disk = ForgetfulDisk()
        pipeline = make_pipeline(folder / "spool", durability, segment_seconds=0.1, disk=disk)
        threads = [_writer(pipeline, round.sheets, f"{number}-thread") for number in range(THREADS)]
        time.sleep(Random(seed).uniform(0.05, 0.3))
        disk.cut(round.spool)
        for thread, stopped in threads:
            stopped.set()
            thread.join()
        round.outcome.done["power cut"] += 1
        round.settle()
        round.judge()
        return round.outcome


def _writer(pipeline: Pipeline, sheets: Path, name: str) -> tuple[threading.Thread, threading.Event]:
    marks.make(sheets / name)
    stream, stopped = Stream(pipeline, sheets, name), threading.Event()

    def go() -> None:
        while not stopped.is_set():
            stream.step()

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    return thread, stopped
