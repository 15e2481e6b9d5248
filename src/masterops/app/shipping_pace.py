"""
How long shipping rests between two passes over the spool.

Pure. A record is to be seen within a second, and an idle platform is to cost next to nothing; under a
backlog there is no rest, and a database that is away is asked less and less often.
"""

from __future__ import annotations

PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 15.0
BUSY_BYTES = 512 * 1024  # carried by one pass: more has come meanwhile


def pause_after(shipped_bytes: int) -> float:
    """Seconds until the next pass after one that carried so much: the less, the sooner it pays again."""
    return PAUSE_SECONDS * max(0.0, 1 - shipped_bytes / BUSY_BYTES)


def pause_after_failure(last: float) -> float:
    """Seconds after a pass that failed, `last` being those before it."""
    return min(LONGEST_PAUSE_SECONDS, max(PAUSE_SECONDS, last) * 2)
