"""
From the spool into the database, exactly once.

A segment's offset moves in the same transaction as its rows, so a crash at any point neither loses nor
doubles one. Segments of dead processes are adopted by whoever ships next; a lock per segment keeps two
shippers apart. The database is reached through `RecordStore`, because this layer may not import it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from masterops.errors import DatabaseLost, DatabaseUnreachable
from masterops.logs.record import Row, decode
from masterops.logs.spool import OPENING, SUFFIX

SHIPPING = ".shipping"  # the lock of whoever ships the segment
PATIENCE_SECONDS = 60.0
BATCH_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Batch:
    """
    What lies between two offsets of one segment: rows, and lines that are none with the reason.
    """

    segment: str
    start: int
    end: int
    rows: tuple[Row, ...]
    rejects: tuple[tuple[int, str, str], ...]  # offset, line, reason


@dataclass(frozen=True, slots=True)
class Shipped:
    """
    What one pass over the spool did.
    """

    records: int = 0
    rejected: int = 0
    finished_segments: int = 0

    def __add__(self, other: Shipped) -> Shipped:
        return Shipped(
            self.records + other.records,
            self.rejected + other.rejected,
            self.finished_segments + other.finished_segments,
        )


class RecordStore(Protocol):
    """
    The database's side: implemented in `masterops.db`.
    """

    async def offset(self, segment: str) -> int:
        """Bytes of `segment` that are already stored."""
        ...

    async def store(self, batch: Batch) -> int:
        """Store the rows and move the offset, in one transaction; answers the number of rows rejected."""
        ...

    async def forget(self, segment: str) -> None:
        """The segment's file is gone: its offset is no longer needed."""
        ...


async def ship_once(folder: Path, store: RecordStore) -> Shipped:
    """
    Ship everything that the spool holds now, oldest segment first, own and adopted ones alike.

    Raises DatabaseError when the database is away; nothing is lost by that, call it again later. Any
    other failure of one segment is raised at the end, when the others have been shipped.
    """
    await _sweep(folder, store)
    shipped, failure = Shipped(), None
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with _claimed(path) as claimed:
                if claimed:
                    shipped += await _ship_segment(path, store)
        except (DatabaseLost, DatabaseUnreachable):
            raise
        except Exception as error:  # whatever it is, it must not hold up the other segments
            failure = failure or error
    if failure is not None:
        raise failure
    return shipped


async def _ship_segment(path: Path, store: RecordStore) -> Shipped:
    records = rejected = 0
    # Asked before reading: a segment that was finished then cannot have grown since.
    complete = not _owner_lives(path)
    position = await store.offset(path.name)
    while batch := read_batch(path, position, complete=complete):
        rejected += len(batch.rejects) + await store.store(batch)
        records += len(batch.rows)
        position = batch.end
    if not complete:
        return Shipped(records, rejected, 0)
    _delete(path)
    await store.forget(path.name)
    return Shipped(records, rejected, 1)


def read_batch(path: Path, start: int, *, complete: bool, most: int = BATCH_BYTES) -> Batch | None:
    """
    The next whole lines from `start`, or None at the end.

    A torn last line of a finished segment (the process was killed inside a write) is a reject; of a
    growing one it is left for the next pass.
    """
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(most)
        while data and b"\n" not in data and (more := file.read(most)):
            data += more
    end = data.rfind(b"\n") + 1
    if end == 0 and not (complete and data):
        return None
    body = data[:end] if end else data
    rows: list[Row] = []
    rejects: list[tuple[int, str, str]] = []
    for offset, line in _lines(body, start):
        try:
            rows.append(decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            rejects.append((offset, line.decode("utf-8", "backslashreplace"), f"not a record: {error}"))
    return Batch(path.name, start, start + len(body), tuple(rows), tuple(rejects))


def _lines(body: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    offset = start
    for line in body.split(b"\n"):
        if line:
            yield offset, line
        offset += len(line) + 1


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Whether this shipper has the segment to itself; a second one passes it over."""
    lock = path.with_suffix(SHIPPING)
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # The segment may have been shipped and deleted while we opened its lock.
        claimed = _try_lock(file, fcntl.LOCK_EX) and path.exists()
        yield claimed
        # Only by whoever has done all of it. Otherwise it stays for the sweep, as a sign that the file may be
        # gone and its offset not yet forgotten.
        if claimed and not path.exists():
            lock.unlink(missing_ok=True)
    finally:
        os.close(file)


async def _sweep(folder: Path, store: RecordStore) -> None:
    """
    Remove what killed processes left: segments that never got their name, locks and offsets of segments
    that are gone.

    Names are never used twice, so a lock without its segment guards nothing; it says that somebody may
    not have come to forgetting the offset. A segment without its name is empty; the owner of one that is
    older than a minute and not locked will not come back, and should it have slept that long in between,
    it makes another.
    """
    for lock in folder.glob(f"*{SHIPPING}"):
        segment = lock.with_suffix(SUFFIX)
        if not segment.exists():
            await store.forget(segment.name)
            _remove(lock)
    for opening in folder.glob(f"*{OPENING}"):
        with contextlib.suppress(OSError):
            found = opening.stat()
            if found.st_size == 0 and time.time() - found.st_mtime > PATIENCE_SECONDS:
                _remove(opening)


def _delete(path: Path) -> None:
    """Delete a shipped segment for good: after a power cut it must not be back with its offset forgotten."""
    path.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(path: Path) -> None:
    """Delete a file unless somebody holds its lock; while we hold it, nobody else can get it."""
    with contextlib.suppress(OSError):  # swept by another one already, or not ours to delete
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if _try_lock(file, fcntl.LOCK_EX):
                path.unlink()
        finally:
            os.close(file)


def _owner_lives(path: Path) -> bool:
    """The owner's exclusive lock lasts as long as its process or its open segment."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not _try_lock(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
