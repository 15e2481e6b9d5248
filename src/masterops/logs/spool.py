"""
The crash-safe file queue of one process: append-only segments of JSON lines.

A record is safe from kill -9 as soon as `append` returns: the line has been handed to the kernel with
one write. The owner keeps an exclusive lock on its open segment, and the kernel drops it when the
process dies, so that a shipper can tell a segment that may still grow from one that is finished.

A signal handler or a finaliser may log while its own thread is in the middle of a write. Its line then
waits in a queue that the interrupted call empties, so it is on disk when that call returns.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

SUFFIX = ".jsonl"
OPENING = ".opening"
SEGMENT_BYTES = 16 * 1024 * 1024
_FINISH = b""  # stands in the queue for the end of the segment


class Spool:
    """
    This process's end of the queue. Thread-safe and re-entrant; a forked child starts its own segment.

    `notice` makes the line that says how many records were lost; it is written when writing works again.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        notice: Callable[[int], bytes] | None = None,
    ) -> None:
        self.folder = folder
        self.lost = 0  # records that could not be written to disk since the start
        self._unsaid = 0  # those of them that no notice has told of
        self._notice = notice
        self._segment_bytes = segment_bytes
        self._file = -1
        self._moment = 0  # of the last segment: names rise, also when the clock is set back
        self._written = 0
        self._torn = False
        self._lock = threading.RLock()
        self._waiting: deque[bytes] = deque()
        self._busy = False
        os.register_at_fork(after_in_child=self._forked)

    def append(self, line: bytes) -> None:
        """
        Hand one whole line to the kernel. A full or broken disk never raises to the caller: the loss is
        counted in `lost` and said once on stderr.
        """
        self._queue(line)

    def close(self) -> None:
        """Finish the open segment; a shipper may now delete it once it is shipped."""
        self._queue(_FINISH)

    def _queue(self, line: bytes) -> None:
        with self._lock:
            waiting = self._waiting
            waiting.append(line)
            # Asked again after each round: a signal may have come between its end and the flag.
            while waiting and not self._busy:
                self._busy = True
                try:
                    self._work_off(waiting)
                finally:
                    self._busy = False

    def _work_off(self, waiting: deque[bytes]) -> None:
        while waiting:
            line = waiting[0]
            if line:
                self._carry_out(line)
            else:
                self._finish()
            # Only now: what raises out of a signal handler must not take a line of another call with it.
            waiting.popleft()

    def _carry_out(self, line: bytes) -> None:
        try:
            self._write(line)
        except OSError as error:
            self._lose(error)
        else:
            if self._unsaid and self._notice is not None:
                self._say_lost(self._notice)

    def _write(self, line: bytes) -> None:
        if self._file < 0 or self._written >= self._segment_bytes:
            self._finish()
            self._moment = max(self._moment + 1, time.time_ns())
            self._file = _open_segment(self.folder, self._moment)
            self._written = 0
        if self._torn:  # a cut line must not swallow the next one
            line = b"\n" + line
        self._torn = True
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self._torn = False
        self._written += len(line)

    def _lose(self, error: OSError) -> None:
        self.lost += 1
        self._unsaid += 1
        if self.lost == 1:
            text = f"masterops: log records are being lost: {error.strerror} ({self.folder})"
            # RuntimeError: the interrupted call was itself writing to stderr.
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                print(text, file=sys.stderr)

    def _say_lost(self, notice: Callable[[int], bytes]) -> None:
        with contextlib.suppress(OSError):  # the disk is full again: said after the next recovery
            self._write(notice(self._unsaid))
            self._unsaid = 0

    def _finish(self) -> None:
        file, self._file = self._file, -1
        self._torn = False
        if file >= 0:
            with contextlib.suppress(OSError):  # network file systems report at close what is lost already
                os.close(file)  # which also drops the owner's lock

    def _forked(self) -> None:
        # The lock belongs to the open file, which parent and child now share: let go of our copy.
        self.lost = self._unsaid = 0  # the parent's, who will say so
        self._lock = threading.RLock()
        self._waiting = deque()  # what waited is the parent's to write
        self._busy = False
        self._finish()


def _open_segment(folder: Path, moment: int) -> int:
    try:
        return _open_new(folder, moment)
    except (FileNotFoundError, BlockingIOError):
        # This process slept so long in the middle of it that a shipper took it for dead and swept.
        return _open_new(folder, moment)


def _open_new(folder: Path, moment: int) -> int:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{moment:020d}-{os.getpid()}-{secrets.token_hex(4)}"
    # Locked under another suffix first, so that no shipper can see the segment without its owner's lock.
    opening = folder / f"{name}{OPENING}"
    file = os.open(opening, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        opening.rename(folder / f"{name}{SUFFIX}")
    except BaseException:
        os.close(file)
        raise
    return file
