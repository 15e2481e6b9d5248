"""
Carrying a spool into the database while the process runs, and to the last record when it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from masterops import errors
from masterops.app.shipping_pace import PAUSE_SECONDS, pause_after, pause_after_failure
from masterops.logs import Logger, RecordStore, Shipped, ship_once
from masterops.logs.batch import OF_LOGS

FLUSH_SECONDS, LAST_SECONDS = 5.0, 30.0
R = TypeVar("R")


class Writing(Protocol):
    """
    This process's end of a spool.
    """

    @property
    def folder(self) -> Path:
        """Where the segments lie."""
        ...

    def close(self) -> None:
        """Finish the open segment."""
        ...


class Shipping(Generic[R]):
    """
    A background task with an orderly end: on exit the open segment is finished and shipped. `what` begins the
    names of its events.

    A database that is away costs nothing but time: records wait in the spool, on disk.
    """

    def __init__(
        self,
        writing: Writing,
        store: RecordStore[R],
        log: Logger,
        *,
        decode: Callable[[bytes], R] = OF_LOGS,
        what: str = "logs",
    ) -> None:
        self._writing = writing
        self._store = store
        self._log = log
        self._decode = decode
        self._what = what
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._shipped_to: dict[str, int] = {}

    async def __aenter__(self) -> Shipping[R]:
        self._task = asyncio.create_task(self._run(), name=f"masterops-shipping-{self._what}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task
        self._writing.close()
        # What is left, because the database is away or there is too much of it, waits for the next process.
        with contextlib.suppress(errors.DatabaseError, errors.SpoolUnusable):
            await self.flush(LAST_SECONDS)

    async def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """
        Ship what is in the spool now, for at most `seconds`: nobody waits for a backlog of days.

        Raises DatabaseError when the database is away, and SpoolUnusable.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ship()

    async def _ship(self) -> Shipped:
        # The background pass holds the segments' locks: beside it a second one would find nothing to do.
        async with self._one_at_a_time:
            return await ship_once(self._writing.folder, self._store, self._shipped_to, decode=self._decode)

    async def _run(self) -> None:
        pause = PAUSE_SECONDS
        while not self._stop.is_set():
            try:
                shipped = await self._ship()
            except errors.DatabaseError as error:
                pause = pause_after_failure(pause)
                self._log.debug(f"{self._what}.database_away", error=error.message, wait_seconds=pause)
            except errors.SpoolUnusable as error:
                pause = pause_after_failure(pause)
                self._log.error(f"{self._what}.spool_unusable", error=error, wait_seconds=pause)
            except Exception:  # shipping goes on whatever happens to one pass
                pause = pause_after_failure(pause)
                self._log.exception(f"{self._what}.shipping_failed", wait_seconds=pause)
            else:
                pause = pause_after(shipped.size_bytes)
                if shipped.rejected:
                    self._log.error(f"{self._what}.rejected", rejected=shipped.rejected)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
