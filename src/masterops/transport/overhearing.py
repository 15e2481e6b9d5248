"""
Who listens to the calls of a piece of work: what was sent, and each answer as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from masterops.transport.outcome import Reply
from masterops.transport.request import Request, Target

Listener = Callable[[Target, Request, Reply], None]

_LISTENER: ContextVar[Listener | None] = ContextVar("masterops_listener", default=None)
listening = _LISTENER.get


@contextmanager
def overheard(listener: Listener) -> Iterator[None]:
    """Tell `listener` of every attempt that is answered within, before anybody else knows."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)
