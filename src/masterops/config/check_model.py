"""
Checks and windows of maintenance as the rest of the program sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from masterops.core.conditions import Condition
from masterops.core.weekly import Weekly


@dataclass(frozen=True, slots=True)
class Check:
    """
    Something to be looked at that is no connection. `values` are those of its kind; times are in seconds.
    """

    name: str
    kind: str
    business: str | None = None
    every: float = 60.0
    timeout: float = 10.0
    depends_on: tuple[str, ...] = ()
    failures: int | None = None
    looks: int | None = None
    successes: int | None = None
    conditions: tuple[Condition, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What its results are kept under: `check/shop`."""
        return f"check/{self.name}"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """
    One window: from a moment to a moment, or `weekly` in a time zone.
    """

    name: str
    applies: tuple[str, ...]
    starts: datetime | None = None
    ends: datetime | None = None
    weekly: Weekly | None = None
    zone: str = "UTC"


def subject_of(name: str) -> str:
    """What the results are kept under of what `depends_on` names: `shop` is `check/shop`."""
    return name if "/" in name else f"check/{name}"
