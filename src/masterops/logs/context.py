"""
Context that follows the work: business, connection, operation, trace, in async tasks and threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_bound: ContextVar[Mapping[str, object]] = ContextVar("masterops_log_context", default=MappingProxyType({}))


# The fields bound where the caller stands. The method itself: every record asks.
bound: Callable[[], Mapping[str, object]] = _bound.get


@contextmanager
def bind(**fields: object) -> Iterator[None]:
    """
    Every record logged inside carries `fields`; inner ones win over outer ones.

    Example:
        with bind(business="teelixir", trace_id=trace):
            await read_changes()
    """
    token = _bound.set(MappingProxyType({**_bound.get(), **fields}))
    try:
        yield
    finally:
        _bound.reset(token)
