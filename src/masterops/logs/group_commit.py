"""
Many threads, one fdatasync: whoever comes first syncs for all who have written by then.

A thread that has written waits for its turn. When it gets it, it may find its record synced by the one
before; if not, it syncs everything that has been written up to now. A sync that fails has lost what it
was for, and the file with it: the kernel may have thrown the pages away, so that a second sync would
succeed without them. Nothing is synced there any more; the spool opens another file.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class GroupCommit:
    """
    The records of one open file after the other, by number. `sync` syncs a file; `lose` counts levels.

    `wrote` and `finish` are called under the spool's lock; `settle` never takes that lock, so that a sync
    does not hold up writing.
    """

    def __init__(self, sync: Callable[[int], None], lose: Callable[[list[str], OSError], None]) -> None:
        self._sync_file = sync
        self._lose = lose
        self._number = 0
        self.broken = False
        self.forget()

    def forget(self) -> None:
        """Nothing is waited for: in a forked child, what was is its parent's."""
        self._turn = threading.Lock()
        self._waiting: deque[tuple[int, str]] = deque()  # number and level of what is not settled
        self._settled = self._number
        self._latest = (-1, self._number)
        self._error = OSError()
        self.broken = False

    def wrote(self, file: int, level: str) -> int:
        """One record was written; answers its number."""
        self._number += 1
        self._waiting.append((self._number, level))
        self._latest = (file, self._number)
        return self._number

    def settle(self, number: int) -> None:
        """Returns when the record is on the disk, or counted as lost."""
        if self._settled < number:
            with self._turn:
                if self._settled < number:
                    self._sync(*self._latest)

    def finish(self) -> None:
        """The file will be closed: settle all that is in it."""
        with self._turn:
            file, number = self._latest
            if self._settled < number:
                self._sync(file, number)
            self.broken = False

    def _sync(self, file: int, number: int) -> None:
        if not self.broken:
            try:
                self._sync_file(file)
            except OSError as error:
                self.broken, self._error = True, error
        levels = []
        while self._waiting and self._waiting[0][0] <= number:
            levels.append(self._waiting.popleft()[1])
        if self.broken:
            self._lose(levels, self._error)
        # Last: who sees it does not wait any more, and may ask what was lost.
        self._settled = number
