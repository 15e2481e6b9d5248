"""
A spool folder looked at from outside: its segments, how full it is, and what was lost.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from masterops.logs.losses import Counts, read_book, total_of
from masterops.logs.segments import opened_at, owner_lives, segment_paths, unusable

BLOCK_BYTES = 64 * 1024


class Segment(msgspec.Struct, frozen=True):
    """
    One file of the spool. `alive` says whether its process still writes to it.
    """

    name: str
    size_bytes: int
    started_at: datetime | None
    written_at: datetime
    alive: bool


def segments(folder: Path) -> list[Segment]:
    """Every segment, oldest first; one that is deleted meanwhile is left out. Raises SpoolUnusable."""
    found = []
    for path in segment_paths(folder):
        try:
            state, alive = path.stat(), owner_lives(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unusable(path, error) from error
        written = datetime.fromtimestamp(state.st_mtime, UTC)
        found.append(Segment(path.name, state.st_size, opened_at(path.name), written, alive))
    return found


class _Dated(msgspec.Struct):
    """
    Of a line only when it was written.
    """

    created_at: datetime


def oldest_waiting(folder: Path, stored: Mapping[str, int]) -> datetime | None:
    """When the oldest record was written that is not stored yet, given how much of each segment is."""
    moments = [
        _first_after(folder / each.name, stored.get(each.name, 0)) or each.written_at
        for each in segments(folder)
        if each.size_bytes > stored.get(each.name, 0)
    ]
    return min(moments, default=None)


def _first_after(path: Path, offset: int) -> datetime | None:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return msgspec.json.decode(file.read(BLOCK_BYTES).partition(b"\n")[0], type=_Dated).created_at
    except (OSError, msgspec.MsgspecError):
        return None


def whole_bytes(path: Path) -> int:
    """Where the last whole line ends; 0 when there is none, or no such file. Raises SpoolUnusable."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            while end > 0:
                begin = max(0, end - BLOCK_BYTES)
                file.seek(begin)
                cut = file.read(end - begin).rfind(b"\n")
                if cut >= 0:
                    return begin + cut + 1
                end = begin
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unusable(path, error) from error
    return 0


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
    """How full the spool is and what was lost; a folder that is not there is empty. Raises SpoolUnusable."""
    found = segments(folder)
    book = read_book(folder)
    return SpoolState(
        size_bytes=sum(each.size_bytes for each in found),
        segments=len(found),
        oldest_at=min(
            (each.started_at for each in found if each.size_bytes and each.started_at), default=None
        ),
        lost=book.lost,
        lost_at=book.last_at,
    )
