"""
Context that follows the work: business, connection, operation, trace, in async tasks and threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

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


def carry(function: Callable[P, R]) -> Callable[P, R]:
    """
    The same function, which sees the caller's context wherever it is called: in a thread, in an executor.

    Tasks and `asyncio.to_thread` do that by themselves; `Thread`, `submit` and `run_in_executor` do not.

    Example:
        with bind(business="teelixir"):
            executor.submit(carry(read_changes), since)
    """
    context = copy_context()

    @wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        # A copy for each call, because a context can be entered once at a time.
        return context.copy().run(function, *args, **kwargs)

    return carried
