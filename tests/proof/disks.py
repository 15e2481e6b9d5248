"""
Disks that are small, full, or without power.

Where a file system may be mounted (root on Linux) it is a real one; elsewhere a full disk is a limit on the
size of the writers' files, which the kernel enforces as well.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

SIZE_MB = 64
# linux/fs/ext4: stop at once and write nothing any more, not even the journal. Made for testing power cuts.
EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2


class Disk:
    """
    Where the spool of a round lies; it can be full for a while.
    """

    def __init__(self, folder: Path, *, mounted: bool) -> None:
        self.folder, self.mounted = folder, mounted
        self._ballast = folder / "ballast"

    def fill(self, writers: Iterable[int]) -> None:
        """Not a byte more can be written by the processes in `writers`."""
        if self.mounted:
            with self._ballast.open("wb") as file, contextlib.suppress(OSError):
                for block in (1 << 20, 1 << 12, 1):
                    with contextlib.suppress(OSError):
                        while True:
                            os.write(file.fileno(), b"x" * block)
            return
        for pid in writers:
            _limit(pid, 1)

    def free(self, writers: Iterable[int]) -> None:
        """There is room again."""
        if self.mounted:
            self._ballast.unlink(missing_ok=True)
            return
        for pid in writers:
            _limit(pid, resource.RLIM_INFINITY)


def _limit(pid: int, size: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextlib.contextmanager
def disk(*, mount: bool = True) -> Iterator[Disk]:
    """A folder on a disk of its own where that is possible and wished."""
    with tempfile.TemporaryDirectory(prefix="mo-", dir="/tmp") as made:
        mounted = mount and _run("mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", made)
        try:
            yield Disk(Path(made), mounted=mounted)
        finally:
            if mounted:
                _run("umount", "-l", made)


class PowerCut:
    """
    An ext4 on a loop device. `cut` drops all that no flush has brought to the device; `restore` mounts what
    was there, as the kernel does after a power cut: by replaying the journal.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "disk"
        self._image = folder / "image"
        self.folder.mkdir()

    def make(self) -> bool:
        """Whether this machine can do it."""
        with self._image.open("wb") as file:
            file.truncate(24 << 20)
        return _run("mkfs.ext4", "-q", "-F", self._image) and self.restore()

    def restore(self) -> bool:
        # commit=300: the journal is written when somebody asks for it, not by chance every five seconds.
        return _run("mount", "-o", "loop,commit=300", self._image, self.folder)

    def sync(self) -> None:
        """Bring everything to the device."""
        subprocess.run(["sync", "--file-system", self.folder], check=True)

    def cut(self) -> None:
        file = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(file, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(file)

    def unmount(self) -> None:
        _run("umount", self.folder)


def _run(*command: str | Path) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
