"""
Whether there is room in the spool: looks at the folder, as rarely as the bound allows.

A look reads the whole folder, every process's segments. How much may be written until the next one shrinks
with the room that is left; while it is tight, looks are paced so that they cost at most a twentieth of
the time, and room that a shipper made is seen within moments.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from masterops.logs.disk import Disk
from masterops.logs.losses import DISK_FULL, SPOOL_FULL, Reason
from masterops.logs.quota import Usage, admits, allowance, bound_of, first_limit, is_tight
from masterops.logs.segments import SUFFIX, owner_of

PACE_SECONDS = 0.2
LONGEST_PACE_SECONDS = 2.0
COST = 20  # times as long as a look took passes until the next
NOBODY_KNOWS = 2**62  # bytes free on a disk that does not say


class Room:
    """
    One process's view of the folder: what the last look found, and what this process has written since.
    """

    def __init__(self, folder: Path, most: int, disk: Disk, ticks: Callable[[], float]) -> None:
        self._folder = folder
        self._most = most
        self._disk = disk
        self._ticks = ticks
        self._used = self._bound = self._left = 0
        self._next_look = 0.0
        self._looked = False
        self.tight = False

    def take(self, size: int) -> None:
        """`size` bytes were written."""
        self._used += size
        self._left -= size

    def refuses(self, level: str, size: int) -> Reason | None:
        """Why a line may not be added; None when it may."""
        if not self._looked or self._left <= 0:
            self.look()
        if not admits(level, size, self._used, self._bound):
            self.look()  # a shipper may have made room
        if admits(level, size, self._used, self._bound):
            return None
        return SPOOL_FULL if self._bound == self._most else DISK_FULL

    def grant(self) -> int:
        """Bytes that may now be written without asking."""
        return max(0, min(self._left, first_limit(self._bound) - self._used))

    def look(self) -> None:
        """Look again, unless that was just done and little was written since."""
        begin = self._ticks()
        if self._looked and begin < self._next_look and self._left > 0:
            return
        usage = self._see()
        self._looked = True
        self._used, self._bound = usage.used, bound_of(usage, self._most)
        self._left = allowance(usage, self._bound)
        self.tight = is_tight(self._used, self._bound)
        end = self._ticks()
        self._next_look = end + min(max(PACE_SECONDS, COST * (end - begin)), LONGEST_PACE_SECONDS)

    def _see(self) -> Usage:
        used, owners = 0, {str(os.getpid())}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.endswith(SUFFIX):
                        used += _size(entry)
                        owners.add(owner_of(entry.name))
        except OSError:  # not made yet, or gone: whoever opens the segment will hear of it
            used = 0
        return Usage(used, len(owners), self._free())

    def _free(self) -> int:
        for place in (self._folder, *self._folder.parents):
            try:
                return self._disk.free(place)
            except OSError:
                continue
        return NOBODY_KNOWS


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:  # shipped in this moment
        return 0
