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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from masterops.errors import DatabaseLost, DatabaseUnreachable
from masterops.logs.batch import OF_LOGS, SMALLEST_BYTES, Batch, next_size, read_batch
from masterops.logs.segments import (
    OPENING,
    SUFFIX,
    discard,
    end_of,
    overdue,
    owner_lives,
    seal,
    segment_paths,
    try_lock,
    unusable,
)

SHIPPING = ".shipping"  # the lock of whoever ships the segment
PATIENCE_SECONDS = 60.0
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Shipped:
    """
    What one pass over the spool did.
    """

    records: int = 0
    rejected: int = 0
    finished_segments: int = 0
    size_bytes: int = 0

    def __add__(self, other: Shipped) -> Shipped:
        return Shipped(
            self.records + other.records,
            self.rejected + other.rejected,
            self.finished_segments + other.finished_segments,
            self.size_bytes + other.size_bytes,
        )


class RecordStore(Protocol[R]):
    """
    The database's side: implemented in `masterops.db`.
    """

    async def offset(self, segment: str) -> int:
        """Bytes of `segment` that are already stored."""
        ...

    async def store(self, batch: Batch[R]) -> int:
        """Store the rows and move the offset, in one transaction; answers the number of rows rejected."""
        ...

    async def forget(self, segment: str) -> None:
        """The segment's file is gone: its offset is no longer needed."""
        ...


async def ship_once(
    folder: Path,
    store: RecordStore[R],
    shipped_to: dict[str, int] | None = None,
    *,
    decode: Callable[[bytes], R] = OF_LOGS,
) -> Shipped:
    """
    Ship everything that the spool holds now, oldest segment first, own and adopted ones alike.

    Whoever calls it again and again hands the same `shipped_to` each time, in which it notes how far it has
    got in segments that are still open: one that has not grown since costs the store no question. `decode`
    reads a line; it raises msgspec.DecodeError for one that is none.

    Raises DatabaseError when the database is away; nothing is lost by that, call it again later. Any
    other failure of one segment is raised at the end, when the others have been shipped: SpoolUnusable when
    its file, or the folder, cannot be read or written.
    """
    await _sweep(folder, store)
    shipped = Shipped()
    failure: Exception | None = None
    shipped_to = {} if shipped_to is None else shipped_to
    paths = segment_paths(folder)
    for gone in shipped_to.keys() - {path.name for path in paths}:
        del shipped_to[gone]
    for path in paths:
        try:
            with _claimed(path) as claimed:
                if claimed:
                    shipped += await _ship_segment(path, store, shipped_to, decode)
        except (DatabaseLost, DatabaseUnreachable):
            raise
        except OSError as error:
            failure = failure or unusable(path, error)
        except Exception as error:  # whatever it is, it must not hold up the other segments
            failure = failure or error
    if failure is not None:
        raise failure
    return shipped


async def _ship_segment(
    path: Path, store: RecordStore[R], shipped_to: dict[str, int], decode: Callable[[bytes], R]
) -> Shipped:
    # Asked before reading: a segment that was finished then cannot have grown since.
    complete = not owner_lives(path)
    if not complete and not overdue(path.name) and path.stat().st_size == shipped_to.get(path.name):
        return Shipped()
    begin = position = await store.offset(path.name)
    complete = complete or seal(path)
    end = end_of(path) if complete else None
    size, records, rejected = SMALLEST_BYTES, 0, 0
    while batch := read_batch(path, position, complete=complete, most=size, end=end, decode=decode):
        refused = await store.store(batch)
        rejected += len(batch.rejects) + refused
        records += len(batch.rows) - refused
        size = next_size(size, batch.end - position)
        position = batch.end
    if complete:
        discard(path)
        await store.forget(path.name)
        shipped_to.pop(path.name, None)
    else:
        shipped_to[path.name] = position
    return Shipped(records, rejected, int(complete), position - begin)


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[bool]:
    """Whether this shipper has the segment to itself; a second one passes it over."""
    lock = path.with_suffix(SHIPPING)
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # The segment may have been shipped and deleted while we opened its lock.
        claimed = try_lock(file, fcntl.LOCK_EX) and path.exists()
        yield claimed
        # Only by whoever has done all of it. Otherwise it stays for the sweep, as a sign that the file may be
        # gone and its offset not yet forgotten.
        if claimed and not path.exists():
            lock.unlink(missing_ok=True)
    finally:
        os.close(file)


async def _sweep(folder: Path, store: RecordStore[R]) -> None:
    """
    Remove what killed processes left: segments that never got their name, locks and offsets of segments
    that are gone.

    Names are never used twice, so a lock without its segment guards nothing; it says that somebody may
    not have come to forgetting the offset. A segment without its name is empty; the owner of one that is
    older than a minute and not locked will not come back, and should it have slept that long in between,
    it makes another.
    """
    for lock in segment_paths(folder, SHIPPING):
        segment = lock.with_suffix(SUFFIX)
        if not segment.exists():
            await store.forget(segment.name)
            _remove(lock)
    for opening in segment_paths(folder, OPENING):
        with contextlib.suppress(OSError):
            found = opening.stat()
            if found.st_size == 0 and time.time() - found.st_mtime > PATIENCE_SECONDS:
                _remove(opening)


def _remove(path: Path) -> None:
    """Delete a file unless somebody holds its lock; while we hold it, nobody else can get it."""
    with contextlib.suppress(OSError):  # swept by another one already, or not ours to delete
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            if try_lock(file, fcntl.LOCK_EX):
                path.unlink()
        finally:
            os.close(file)
