"""
The faults of a running twin: which one meets this request.

With a state directory the file is the truth: it is looked at (two numbers of its directory entry) for
each request, so a fault set by a command in another process holds for the very next call. A file that
somebody broke by hand leaves the faults as they were; the state page says what is wrong with it.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from masterops import errors
from masterops.core import clock
from masterops.sandbox import faults, profiles
from masterops.sandbox.faults import Entry, Fault


class Faultbook:
    """
    All faults now in force, and how often each has struck.
    """

    def __init__(self, state_dir: Path | None, seed: int) -> None:
        self.trouble: str | None = None
        self._dir = state_dir
        self._chance = Random(seed)
        self._mark = self._look()
        self._entries = faults.load_entries(state_dir) if state_dir else {}
        self._met: dict[str, int] = {}
        self._mixing: dict[str, Random] = {}

    def now(self) -> dict[str, Fault]:
        """Every fault in force, by connection; `times` tells what is left."""
        self._refresh()
        return {
            connection: self._left(connection, entry.fault) for connection, entry in self._entries.items()
        }

    def set(self, connection: str, fault: Fault | None) -> None:
        """Put a fault in force, or end it with None."""
        faults.check_connection(connection)
        if self._dir is not None:
            faults.save_fault(self._dir, connection, fault)
            self._refresh()
            return
        self._forget(connection)
        if fault is not None:
            self._entries[connection] = Entry(faults.validate(fault), clock.now())

    def drawn(self, connection: str) -> Fault | None:
        """The fault that is to meet this request; None when chance spares it or there is none."""
        self._refresh()
        entry = self._entries.get(connection)
        if entry is None or self._chance.random() >= entry.fault.ratio:
            return None
        if entry.fault.profile is None:
            return entry.fault
        chance = self._mixing.get(connection)
        if chance is None:
            chance = self._mixing[connection] = Random(f"{entry.fault.seed}/{connection}")
        return profiles.drawn(profiles.PROFILES[entry.fault.profile], chance)

    def met(self, connection: str) -> None:
        """Count that the fault in force has met a request; it may have been the last."""
        entry = self._entries.get(connection)
        if entry is None:
            return
        self._met[connection] = self._met.get(connection, 0) + 1
        if entry.fault.times is not None and self._met[connection] >= entry.fault.times:
            self._end(connection, entry)

    def jitter(self, most: float) -> float:
        """A random part of `most`."""
        return self._chance.random() * most

    def _end(self, connection: str, entry: Entry) -> None:
        self._forget(connection)
        if self._dir is not None:
            try:
                faults.remove_entry(self._dir, connection, entry)
            except errors.SandboxState as error:  # the answer to this request does not depend on the file
                self.trouble = error.message
            self._refresh()

    def _forget(self, connection: str) -> None:
        self._entries.pop(connection, None)
        self._met.pop(connection, None)
        self._mixing.pop(connection, None)

    def _left(self, connection: str, fault: Fault) -> Fault:
        met = self._met.get(connection, 0)
        if fault.times is None or not met:
            return fault
        return faults.parse({**_named(fault), "times": fault.times - met})

    def _look(self) -> tuple[int, int, int] | None:
        if self._dir is None:
            return None
        try:
            status = (self._dir / faults.FILE).stat()
        except OSError:
            return None
        # The inode too: a file system with coarse times would hide two changes within one tick.
        return (status.st_mtime_ns, status.st_size, status.st_ino)

    def _refresh(self) -> None:
        if self._dir is None or (mark := self._look()) == self._mark:
            return
        self._mark = mark
        try:
            entries = faults.load_entries(self._dir)
        except errors.SandboxState as error:
            self.trouble = error.message
            return
        self.trouble = None
        for connection in list(self._entries):
            if entries.get(connection) != self._entries[connection]:
                self._forget(connection)
        self._entries = entries


def _named(fault: Fault) -> dict[str, object]:
    return {name: getattr(fault, name) for name in Fault.__struct_fields__}
