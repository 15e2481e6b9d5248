"""
What the spool asks of a disk, in one place, so that a test can hand it one that is full or loses its power.
"""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """
    The operations that change the folder. Each raises OSError as the system call does.
    """

    def open(self, path: Path) -> int:
        """A new file, for appending; FileExistsError when there is one."""
        ...

    def write(self, file: int, data: bytes | memoryview, /) -> int:
        """Bytes handed to the kernel, which may be fewer than given."""
        ...

    def sync(self, file: int) -> None:
        """Returns when the file's contents are on the disk."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Returns when the names in the folder are on the disk."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name."""
        ...

    def unlink(self, path: Path) -> None:
        """Take a file's name away."""
        ...

    def free(self, folder: Path) -> int:
        """Bytes that the disk can still take from us."""
        ...


class RealDisk:
    """
    The operating system's.
    """

    # Not wrapped in a method: it is called once a record.
    write = staticmethod(os.write)

    def open(self, path: Path) -> int:
        """A new file, for appending; readable, so that what was written can be looked at again."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def sync(self, file: int) -> None:
        """fdatasync; macOS takes another call, because its fsync leaves the data in the drive's cache."""
        if sys.platform == "darwin":
            fcntl.fcntl(file, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(file)

    def sync_folder(self, folder: Path) -> None:
        """fsync of the folder itself."""
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def rename(self, old: Path, new: Path) -> None:
        """rename(2)."""
        old.rename(new)

    def unlink(self, path: Path) -> None:
        """unlink(2); a name that is gone already is no error."""
        path.unlink(missing_ok=True)

    def free(self, folder: Path) -> int:
        """What is left for this user; root may use the reserve."""
        found = os.statvfs(folder)
        return found.f_frsize * (found.f_bfree if os.geteuid() == 0 else found.f_bavail)
