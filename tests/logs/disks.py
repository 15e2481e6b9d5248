"""
Disks that go wrong: one that fills up, one that fails, one that loses what was not synced.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

from masterops.logs.disk import RealDisk


class SmallDisk(RealDisk):
    """
    A disk that takes `room` bytes and then no more; `room` may be changed at any time.

    `admits` says whether it tells how much is left, as a disk does, or not, as a quota does not.
    """

    def __init__(self, room: int, *, admits: bool = False) -> None:
        self.room = room
        self._admits = admits

    def write(self, file: int, data: bytes | memoryview, /) -> int:  # type: ignore[override]  # a method here
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = os.write(file, bytes(data[: self.room]))
        self.room -= written
        return written

    def free(self, folder: Path) -> int:
        return self.room if self._admits else super().free(folder)


class FailingDisk(RealDisk):
    """
    A disk on which syncing fails as long as `fails` is set.
    """

    def __init__(self) -> None:
        self.fails = False
        self.synced: list[int] = []

    def sync(self, file: int) -> None:
        if self.fails:
            raise OSError(errno.EIO, "Input/output error")
        self.synced.append(os.fstat(file).st_ino)


class Cuttable(RealDisk):
    """
    A disk that remembers what would be there after a power cut: names and bytes that were synced, no more.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()  # a signal handler may write while its own thread looks
        self._sizes: dict[int, int] = {}  # inode -> bytes that are on the disk
        self._names: dict[str, int] = {}  # name -> inode, on the disk
        self.syncs = 0

    def sync(self, file: int) -> None:
        found = os.fstat(file)
        time.sleep(0.0005)  # what is written meanwhile is not on the disk
        with self._lock:
            self.syncs += 1
            self._sizes[found.st_ino] = max(found.st_size, self._sizes.get(found.st_ino, 0))

    def sync_folder(self, folder: Path) -> None:
        if folder == self._folder:
            names = {path.name: path.stat().st_ino for path in folder.iterdir()}
            with self._lock:
                self._names = names

    def after_cut(self) -> bytes:
        """What a shipper would find when the power is back."""
        with self._lock:
            names, sizes = dict(self._names), dict(self._sizes)
        found = b""
        for name, inode in sorted(names.items()):
            if name.endswith(".jsonl"):
                found += (self._folder / name).read_bytes()[: sizes.get(inode, 0)]
        return found
