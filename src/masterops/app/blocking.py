"""
Async objects for code without an event loop: one implementation, two ways to call it.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import Any, TypeVar

from masterops import errors

T = TypeVar("T")


class Portal:
    """
    An event loop in a thread of its own. Calls come in from any other thread and wait.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="masterops-loop", daemon=True)

    def __enter__(self) -> Portal:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # In its own thread: the caller's may have a running loop of its own, as a notebook's has.
        asyncio.run_coroutine_threadsafe(self._loop.shutdown_asyncgens(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of `coroutine`, run in the loop; Ctrl-C cancels it. Raises UsageError once closed."""
        if self._loop.is_closed():
            coroutine.close()
            raise errors.UsageError(what="Master-Ops is closed", hint="Use it inside its `with` block.")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The items of an async iterator, one by one; leaving early closes it."""
        try:
            while True:
                try:
                    yield self.run(_next(items))
                except _End:
                    return
        finally:
            close = getattr(items, "aclose", None)
            if close is not None and not self._loop.is_closed():  # an iterator may outlive its portal
                self.run(close())

    @contextmanager
    def wrap(self, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """An async context manager as a plain one; entered and left in one task, as some of them demand."""
        leave = asyncio.Event()
        ready = threading.Event()
        box: list[T] = []

        async def live() -> None:
            try:
                async with manager as value:
                    box.append(value)
                    ready.set()
                    await leave.wait()
            finally:
                ready.set()

        task = asyncio.run_coroutine_threadsafe(live(), self._loop)
        try:
            ready.wait()
        except BaseException:  # Ctrl-C while it opens
            task.cancel()
            raise
        if not box:
            task.result()  # raises what kept it from opening
        try:
            yield box[0]
        finally:
            self._loop.call_soon_threadsafe(leave.set)
            task.result()


async def _next(items: AsyncIterator[T]) -> T:
    try:
        return await anext(items)
    except StopAsyncIteration as end:
        # A coroutine may not raise StopAsyncIteration through a future of another thread as itself.
        raise _End from end


class _End(Exception):
    """The async iterator is at its end."""


class Blocking:
    """
    Any async object, its coroutines blocking, its async iterators plain, its parts wrapped alike.
    """

    def __init__(self, inner: object, portal: Portal) -> None:
        self._inner = inner
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if inspect.iscoroutinefunction(value):
            return lambda *args, **kwargs: self._portal.run(value(*args, **kwargs))
        if inspect.isasyncgenfunction(value):
            return lambda *args, **kwargs: self._portal.iterate(value(*args, **kwargs))
        if inspect.ismethod(value):
            return lambda *args, **kwargs: self._wrapped(value(*args, **kwargs))
        return self._wrapped(value)

    def _wrapped(self, value: Any) -> Any:
        return Blocking(value, self._portal) if _is_client(value) else value

    def __repr__(self) -> str:
        return f"<blocking {self._inner!r}>"

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._inner) if not name.startswith("_")]


def _is_client(value: object) -> bool:
    """A part of a connector that has async methods of its own."""
    methods = (getattr(type(value), name, None) for name in dir(type(value)) if not name.startswith("_"))
    return any(inspect.iscoroutinefunction(method) for method in methods)
