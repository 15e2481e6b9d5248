"""
The crash-safe file queue of one process: append-only segments of JSON lines.

A record is safe from kill -9 as soon as `append` returns: the line has been handed to the kernel with
one write. The owner keeps an exclusive lock on its open segment, and the kernel drops it when the
process dies, so that a shipper can tell a segment that may still grow from one that is finished.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
import threading
import time
from pathlib import Path

SUFFIX = ".jsonl"
SEGMENT_BYTES = 16 * 1024 * 1024


class Spool:
    """
    This process's end of the queue. Thread-safe; a forked child starts a segment of its own.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self.lost = 0  # records that could not be written to disk since the start
        self._segment_bytes = segment_bytes
        self._lock = threading.Lock()
        self._file = -1
        self._written = 0
        self._torn = False
        os.register_at_fork(after_in_child=self._forked)

    def append(self, line: bytes) -> None:
        """
        Hand one whole line to the kernel. A full or broken disk never raises to the caller: the loss is
        counted in `lost` and said once on stderr.
        """
        with self._lock:
            try:
                self._write(line)
            except OSError as error:
                self._lose(error)

    def close(self) -> None:
        """Finish the open segment; a shipper may now delete it once it is shipped."""
        with self._lock:
            self._finish()

    def _write(self, line: bytes) -> None:
        if self._file < 0 or self._written >= self._segment_bytes:
            self._finish()
            self._file = _open_segment(self.folder)
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
        if self.lost == 1:
            print(f"masterops: log records are being lost: {error.strerror} ({self.folder})", file=sys.stderr)

    def _finish(self) -> None:
        if self._file >= 0:
            os.close(self._file)  # which also drops the owner's lock
            self._file = -1
        self._torn = False

    def _forked(self) -> None:
        # The lock belongs to the open file, which parent and child now share: let go of our copy.
        self._lock = threading.Lock()
        self._finish()


def _open_segment(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
    # Locked under another suffix first, so that no shipper can see the segment without its owner's lock.
    opening = folder / f"{name}.opening"
    file = os.open(opening, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    opening.rename(folder / f"{name}{SUFFIX}")
    return file
