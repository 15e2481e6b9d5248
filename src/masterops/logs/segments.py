"""
The files of the spool: their names, how one is opened, and how one is taken from an owner that sleeps.

    <moment in ns>-<process>-<random>-<deadline in ms>.jsonl

The owner holds a lock on its open segment, and the kernel drops it when the process dies: a shipper can
tell a segment that may still grow from one that is finished. A segment also has a deadline, on the clock
that all processes of the machine share and nobody can set. A write that ends after it is the owner's
last to this segment, and it looks whether the segment was sealed before that write. So a process that
has nothing to say keeps no file for ever, and nobody needs a background thread: past the deadline the
shipper appends a seal, ships what stands before it and deletes the file. Appends are atomic, so a record
stands before the seal and is shipped, or behind it and is written again by its owner.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from masterops.errors import SpoolUnusable
from masterops.logs.disk import Disk

SUFFIX = ".jsonl"
OPENING = ".opening"
SEAL = b'\n{"to":"sealed"}\n'  # the first newline ends a line that was cut
_CHUNK_BYTES = 1024 * 1024


def segment_paths(folder: Path, suffix: str = SUFFIX) -> list[Path]:
    """
    Every segment, or what else bears its name, the oldest first. What is no plain file, or has a name that we
    never give, is somebody else's. A folder that is not there holds none. Raises SpoolUnusable.
    """
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.endswith(suffix)
                and entry.name.isascii()
                and entry.is_file(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unusable(folder, error) from error
    return [folder / name for name in sorted(names)]


def unusable(path: Path, error: OSError) -> SpoolUnusable:
    """What the operating system says of a file or of the folder, as an error of ours."""
    return SpoolUnusable(path=str(path), reason=error.strerror or str(error))


def open_segment(folder: Path, moment: int, deadline: float, disk: Disk, *, durable: bool) -> int:
    """
    A new segment, locked: the open file. `moment` in ns orders the segments, `deadline` is in seconds.

    With `durable` its name is on the disk when this returns. Raises OSError.
    """
    stem = f"{moment:020d}-{os.getpid()}-{secrets.token_hex(4)}-{int(deadline * 1000) + 1}"
    _make_folder(folder, disk, durable=durable)
    try:
        file = _open_new(folder, stem, disk)
    except (FileNotFoundError, BlockingIOError):
        # This process slept so long in the middle of it that a shipper took it for dead and swept.
        _make_folder(folder, disk, durable=durable)
        file = _open_new(folder, stem, disk)
    if durable:
        try:
            disk.sync_folder(folder)
        except BaseException:
            os.close(file)
            raise
    return file


def _make_folder(folder: Path, disk: Disk, *, durable: bool) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if durable:
        for each in missing:
            disk.sync_folder(each.parent)


def _open_new(folder: Path, stem: str, disk: Disk) -> int:
    # Locked under another suffix first, so that no shipper can see the segment without its owner's lock.
    opening = folder / f"{stem}{OPENING}"
    file = disk.open(opening)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        disk.rename(opening, folder / f"{stem}{SUFFIX}")
    except BaseException:
        os.close(file)
        with contextlib.suppress(OSError):
            disk.unlink(opening)
        raise
    return file


def opened_at(name: str) -> datetime | None:
    """The moment in a segment's name, in UTC; None for a name that is not ours."""
    try:
        return datetime.fromtimestamp(int(name.partition("-")[0]) / 1e9, UTC)
    except (ValueError, OverflowError):  # a file that somebody else put there
        return None


def owner_of(name: str) -> str:
    """The process in a segment's name."""
    return name.split("-", 2)[1] if "-" in name else ""


def overdue(name: str) -> bool:
    """Whether the owner, should it still live, looks for a seal after its next write."""
    last = name.removesuffix(SUFFIX).split("-")[3:]
    return bool(last) and last[0].isdecimal() and time.monotonic() * 1000 > int(last[0])


def seal(path: Path) -> bool:
    """
    Take an overdue segment from its living owner: what stands before the first seal is all of it.

    False when it is not overdue, or the disk has no room for the seal: then it is shipped and stays, until
    there is. Whoever calls it holds the segment's shipping lock. Raises OSError for any other reason.
    """
    if not overdue(path.name):
        return False
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        if sealed_at(file, 0) is None:  # one is enough, however often the database is away in between
            try:
                os.write(file, SEAL)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
        return sealed_at(file, 0) is not None  # a full disk may have taken half of it
    finally:
        os.close(file)


def sealed_at(file: int, start: int) -> int | None:
    """The offset of the first seal from `start` on; None where there is none. Raises OSError."""
    # Not by mmap: a page that another process truncates away would end this one.
    kept = b""
    while chunk := os.pread(file, _CHUNK_BYTES, start + len(kept)):
        kept += chunk
        found = kept.find(SEAL)
        if found >= 0:
            return start + found
        start += max(0, len(kept) - len(SEAL) + 1)
        kept = kept[-(len(SEAL) - 1) :]
    return None


def end_of(path: Path) -> int | None:
    """Where a segment was sealed: nothing behind it counts. None where it was not. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return sealed_at(file, 0)
    finally:
        os.close(file)


def discard(path: Path) -> None:
    """
    Delete a segment that is shipped. Its space comes back at once, also when a sleeping owner keeps it open.

    For good: after a power cut it must not be back with its offset forgotten.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        path.unlink(missing_ok=True)
        # One byte remains, so that the owner's next write ends elsewhere than by its own count.
        os.ftruncate(file, 1)
    finally:
        os.close(file)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def owner_lives(path: Path) -> bool:
    """The owner's exclusive lock lasts as long as its process or its open segment. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not try_lock(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def try_lock(file: int, kind: int) -> bool:
    """Whether the lock could be had at once."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
