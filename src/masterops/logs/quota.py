"""
How much the spool may hold and who goes first when it fills up, pure.

The bound is the smaller of the setting and of what the disk can still take. As the spool fills, levels
are refused one after the other, the least important first, so that there is always room left for what
matters more:

    debug from 80 %   info and metrics from 90 %   warn from 97 %   error from 100 %
"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024
SHARES: dict[str, float] = {"debug": 0.80, "info": 0.90, "metric": 0.90, "warn": 0.97, "error": 1.0}
LEAST_BYTES = 64 * 1024
# Writers that are given a part each: some may start at this moment, and hardly more write at the same one.
LEAST_WRITERS, MOST_WRITERS = 8, 32


@dataclass(frozen=True, slots=True)
class Usage:
    """
    What one look finds: bytes of all segments, processes that own them, bytes that the disk has left.
    """

    used: int
    writers: int
    free: int


def bound_of(usage: Usage, most: int) -> int:
    """Bytes that the folder may hold: `most`, or what is there and what the disk can still take."""
    return min(most, usage.used + usage.free)


def admits(level: str, size: int, used: int, bound: int) -> bool:
    """Whether a line of `size` bytes may be added; a level that nobody knows counts as an error."""
    return used + size <= SHARES.get(level, 1.0) * bound


def first_limit(bound: int) -> int:
    """Bytes up to which no level is refused."""
    return int(min(SHARES.values()) * bound)


def is_tight(used: int, bound: int) -> bool:
    """Whether the first level is refused."""
    return used >= first_limit(bound)


def allowance(usage: Usage, bound: int) -> int:
    """
    Bytes that one process may write before it looks again; all together they stay below the next limit.

    Never less than 64 KiB (or a 64th of a very small bound), by which each process may go over.
    """
    first = first_limit(bound)
    room = (first if usage.used < first else bound) - usage.used
    writers = max(LEAST_WRITERS, min(usage.writers, MOST_WRITERS))
    return max(room // (2 * writers), min(LEAST_BYTES, bound // 64))
