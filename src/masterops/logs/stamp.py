"""
The beginning of a line: an id that sorts by time, and the time.

The same as `uuid7` and `clock.now`, as the text that they are in a line: most of what both cost is the making
of objects that are only made to be written down.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from secrets import randbits

_wall = time.time_ns


def _tails() -> tuple[bytes, Iterator[int]]:
    """
    The random bits of this process's ids: 26 that stay, and 48 that are counted up from anywhere.

    Ids of one process differ because they are counted; those of two because they would have to agree in 26
    bits, and to count within one millisecond through the same of 2**48 numbers (RFC 9562, 6.2, method 2).
    """
    # One bit less, so that a process has 2**47 ids before it would carry.
    return b"%03x-%04x-" % (randbits(12), 0x8000 | randbits(14)), count(randbits(47))


_fixed, _numbers = _tails()
# What all stamps of one millisecond have in common: the millisecond, and the two texts around the number.
_now: tuple[int, bytes, bytes] = (0, b"", b"")


def _reseed() -> None:
    global _fixed, _numbers, _now
    _fixed, _numbers = _tails()
    _now = (0, b"", b"")


os.register_at_fork(after_in_child=_reseed)


def stamp() -> tuple[bytes, int, bytes, int]:
    """
    The present as the arguments of `b'{"id":"%b%012x","created_at":"%b%03dZ"}'`.

    A tuple and no text, because whoever writes it formats a longer one.
    """
    global _now
    millisecond, microsecond = divmod(_wall() // 1000, 1000)
    now = _now  # read once: another thread may be a millisecond further
    if now[0] != millisecond:
        _now = now = _of(millisecond)
    return now[1], next(_numbers), now[2], microsecond


def next_number() -> int:
    """Another number, for the id of something that has the time of the last stamp."""
    return next(_numbers)


def _of(millisecond: int) -> tuple[int, bytes, bytes]:
    second, rest = divmod(millisecond, 1000)
    upper, lower = millisecond >> 16, millisecond & 0xFFFF
    return millisecond, b"%08x-%04x-7%b" % (upper, lower, _fixed), b"%b.%03d" % (_second(second), rest)


@lru_cache(8)
def _second(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
