"""
The file postmaster.pid, in which a running server says who and where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from masterops.db import _processes
from masterops.db._places import Places

NAME = "postmaster.pid"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """
    A server as its pid file describes it; the file grows while the server starts.
    """

    pid: int
    started: float
    sockets: Path | None
    state: str  # starting, ready, stopping; empty when it has not said yet

    @property
    def reachable(self) -> bool:
        """Whether its socket is there: somebody may have cleaned up /tmp."""
        return self.sockets is not None and (self.sockets / ".s.PGSQL.5432").exists()


def read(data: Path) -> Postmaster | None:
    """What the file says, true or not; None when there is none, or it is torn."""
    try:
        lines = (data / NAME).read_text(errors="replace").splitlines()
        lines += [""] * (8 - len(lines))
        pid, _, started, _, sockets, _, _, state = lines[:8]
        return Postmaster(int(pid), float(started or 0), Path(sockets) if sockets else None, state.strip())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def running(places: Places) -> Postmaster | None:
    """The server that runs on this data directory, proven to be one."""
    found = read(places.data)
    if found is None:
        return None
    proven = _processes.is_postmaster(found.pid, places.data, places.account.uid, found.started)
    return found if proven else None
