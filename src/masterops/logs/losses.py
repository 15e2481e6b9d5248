"""
What could not be kept: counted by reason and level, in a small file that outlives the process.

The file is shared by all processes of the folder. It holds what was lost and what of that a record has
told of, so that each loss is told once, by whichever process can write first. It is made while there is
still room and then only written in place, which a full disk allows.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from errno import EDQUOT, ENOSPC, EWOULDBLOCK
from pathlib import Path
from typing import Literal

import msgspec

from masterops.core import clock

Reason = Literal["spool_full", "disk_full", "disk_error", "removed"]
SPOOL_FULL: Reason = "spool_full"
DISK_FULL: Reason = "disk_full"
DISK_ERROR: Reason = "disk_error"
REMOVED: Reason = "removed"  # written, and then somebody deleted the file before it was shipped

NAME = "lost.json"
SIZE_BYTES = 4096
TRIES = 50

Counts = dict[str, dict[str, int]]  # reason -> level -> records


class Book(msgspec.Struct):
    """
    The file's content. `last_at` is the moment of the last loss.
    """

    lost: Counts = {}
    told: Counts = {}
    last_at: datetime | None = None


def reason_of(error: OSError) -> Reason:
    """The reason that an error of the operating system stands for."""
    return DISK_FULL if error.errno in (ENOSPC, EDQUOT) else DISK_ERROR


def read_book(folder: Path) -> Book:
    """What the folder's file says; an empty one where there is none or it cannot be read."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Book)
    except (OSError, msgspec.DecodeError):
        return Book()


def total_of(counts: Counts) -> int:
    """Records, over all reasons and levels."""
    return sum(sum(levels.values()) for levels in counts.values())


class Losses:
    """
    This process's entries. `total` is what it lost itself, `untold` whether there is something to tell.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.forget()

    def forget(self) -> None:
        """Begin at zero: in a forked child, the losses are its parent's."""
        self.total = 0
        self.untold = False
        self._unsaved: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def add(self, reason: Reason, levels: Iterable[str]) -> None:
        """Count one record for each of `levels`."""
        with self._lock:
            before = self._unsaved.total()
            self._unsaved.update((reason, level) for level in levels)
            self.total += self._unsaved.total() - before
            self.untold = self.untold or self._unsaved.total() > 0
        self.save()

    def save(self) -> None:
        """Write down what is not in the file yet; what cannot be written stays in memory until it can."""
        with self._lock, contextlib.suppress(OSError):
            if self._unsaved:
                with self._open() as file:
                    self._save(file, self._current(file))

    def reserve(self) -> None:
        """Make the file, as long as there is room for it."""
        with self._lock, contextlib.suppress(OSError):
            if not (self._folder / NAME).exists():
                with self._open() as file:
                    self._save(file, self._current(file))

    def notice_others(self) -> None:
        """See whether a process that is gone left something untold."""
        book = read_book(self._folder)
        self.untold = self.untold or book.lost != book.told

    @contextlib.contextmanager
    def telling(self) -> Iterator[Counts]:
        """
        What nobody has told of yet; it counts as told when the block ends without an exception.

        Empty when another process is at it or has done it.
        """
        with self._lock, contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(self._open())
                book = self._current(file)
            except BlockingIOError:
                yield {}
                return
            except OSError:  # what this process knows is better than nothing
                file, book = None, _add(Book(), self._unsaved)
            yield _difference(book.lost, book.told)
            book.told = book.lost
            if file is not None:
                self._save(file, book)
            self._unsaved.clear()
            self.untold = False

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        """The file, locked. Waits a moment at most: then BlockingIOError, as another process has it."""
        file = os.open(self._folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(file)
            yield file
        finally:
            os.close(file)

    def _current(self, file: int) -> Book:
        try:
            book = msgspec.json.decode(os.pread(file, SIZE_BYTES * 16, 0), type=Book)
        except msgspec.DecodeError:  # new, or cut by a power failure
            book = Book()
        return _add(book, self._unsaved)

    def _save(self, file: int, book: Book) -> None:
        content = msgspec.json.encode(book)
        size = -(-(len(content) + 1) // SIZE_BYTES) * SIZE_BYTES
        os.pwrite(file, content.ljust(size - 1) + b"\n", 0)
        self._unsaved.clear()


def _lock(file: int) -> None:
    for _ in range(TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0)  # the others hold it for microseconds, unless they are stopped
        else:
            return
    raise BlockingIOError(EWOULDBLOCK, os.strerror(EWOULDBLOCK))


def _add(book: Book, more: Counter[tuple[str, str]]) -> Book:
    lost = {reason: dict(levels) for reason, levels in book.lost.items()}
    for (reason, level), count in more.items():
        levels = lost.setdefault(reason, {})
        levels[level] = levels.get(level, 0) + count
    return Book(lost, book.told, clock.now() if more else book.last_at)


def _difference(lost: Counts, told: Counts) -> Counts:
    left: Counts = {}
    for reason, levels in lost.items():
        said = told.get(reason, {})
        new = {level: count - said.get(level, 0) for level, count in levels.items()}
        if any(new.values()):
            left[reason] = {level: count for level, count in new.items() if count}
    return left
