"""
How full the spool is, how long its oldest record waits, and what was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from masterops.logs.losses import Counts, read_book, total_of
from masterops.logs.segments import SUFFIX, opened_at


@dataclass(frozen=True, slots=True)
class SpoolState:
    """
    One look at the folder. `oldest_at` is when the oldest segment with anything in it was opened, in UTC.

    `lost` counts records by reason and level since the folder was made, `lost_at` is the last moment.
    Part of `size_bytes` may be shipped already: a segment goes as a whole.
    """

    size_bytes: int
    segments: int
    oldest_at: datetime | None
    lost: Counts
    lost_at: datetime | None

    @property
    def total_lost(self) -> int:
        """Records lost, for whatever reason."""
        return total_of(self.lost)


def spool_state(folder: Path) -> SpoolState:
    """Look at the folder; one that is not there is empty. Raises OSError when it cannot be read."""
    sizes: dict[str, int] = {}
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            sizes[path.name] = path.stat().st_size
        except FileNotFoundError:  # shipped in this moment
            continue
    moments = [moment for name, size in sizes.items() if size and (moment := opened_at(name)) is not None]
    book = read_book(folder)
    return SpoolState(
        size_bytes=sum(sizes.values()),
        segments=len(sizes),
        oldest_at=datetime.fromtimestamp(min(moments) / 1e9, UTC) if moments else None,
        lost=book.lost,
        lost_at=book.last_at,
    )
