"""
Which lane the calls of a piece of work travel in, for all that it awaits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from masterops.core.budgets import BULK, Lane

_LANE: ContextVar[Lane] = ContextVar("masterops_lane", default=BULK)


def current_lane() -> Lane:
    """The lane of a call that names none."""
    return _LANE.get()


@contextmanager
def in_lane(lane: Lane) -> Iterator[None]:
    """Calls made within travel in `lane`."""
    token = _LANE.set(lane)
    try:
        yield
    finally:
        _LANE.reset(token)
