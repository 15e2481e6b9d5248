"""
When quiet hours end.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from masterops.config import QuietHours
from masterops.core.budgets.limit import zone_of


def quiet_until(quiet: QuietHours | None, now: datetime) -> datetime | None:
    """The end of the quiet hours that `now` lies in; None when it lies in none."""
    if quiet is None:
        return None
    local = now.astimezone(zone_of(quiet.zone))
    minute = local.hour * 60 + local.minute
    over_midnight = quiet.begins > quiet.ends
    late, early = minute >= quiet.begins, minute < quiet.ends
    if not (late or early if over_midnight else late and early):
        return None
    day = local.date() + timedelta(days=1 if over_midnight and late else 0)
    end = datetime(day.year, day.month, day.day, quiet.ends // 60, quiet.ends % 60, tzinfo=local.tzinfo)
    # When clocks are put back, an end that comes twice is meant the second time while that is still ahead.
    return max(end.astimezone(UTC), now + timedelta(seconds=1))
