"""
Filters that many scripts ask tables with.
"""

from __future__ import annotations

from datetime import timedelta

from masterops.app import SyncOps
from masterops.config import find_business
from masterops.core import clock
from masterops.errors import BadValue

MOST_HOURS = 24 * 366 * 10


def of_business(ops: SyncOps, business: str | None) -> list[str]:
    """The filter for one business's rows, by slug or name; none for all. Raises UnknownName."""
    return [f"business_id={find_business(ops.settings, business).slug}"] if business else []


def since(column: str, hours: float) -> str:
    """The filter for the rows of the last hours. Raises BadValue."""
    if not 0 < hours <= MOST_HOURS:
        raise BadValue(
            kind="number of hours", value=hours, reason="it must be above 0 and at most ten years."
        )
    return f"{column}>={(clock.now() - timedelta(hours=hours)).isoformat()}"
