"""
What becomes of a job that failed: tried again after a while, or parked for a person to see.

Pure. The wait doubles from `first` up to `longest`. A fault of the database is no fault of the job: it is
put back for as long as it lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# A job that met a broken database is tried again after so long.
PUT_BACK = timedelta(seconds=5)
DOUBLINGS = 20  # past every `longest`, and far from an overflow


@dataclass(frozen=True, slots=True)
class Patience:
    """
    How often a job is tried in all, and how long it waits in between.
    """

    tries: int = 5
    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(minutes=10)

    def wait(self, failures: int) -> timedelta | None:
        """How long to wait after so many failures, or None: it is parked."""
        if failures >= self.tries:
            return None
        return min(self.longest, self.first * float(2 ** min(failures - 1, DOUBLINGS)))
