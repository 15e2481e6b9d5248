"""
Carrying the spool into the database while the process runs, and to the last record when it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

from masterops import errors
from masterops.logs import Logger, Pipeline, RecordStore, ship_once

PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 15.0


class Shipping:
    """
    A background task with an orderly end: on exit the open segment is finished and shipped.

    A database that is away costs nothing but time: records wait in the spool, on disk.
    """

    def __init__(self, pipeline: Pipeline, store: RecordStore, log: Logger) -> None:
        self._pipeline = pipeline
        self._store = store
        self._log = log
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def __aenter__(self) -> Shipping:
        self._task = asyncio.create_task(self._run(), name="masterops-shipping")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._task is not None:
            await self._task
        self._pipeline.close()
        with contextlib.suppress(errors.DatabaseError):  # what is left waits for the next process
            await ship_once(self._pipeline.folder, self._store)

    async def flush(self) -> None:
        """Ship everything that is in the spool now. Raises DatabaseError when the database is away."""
        await ship_once(self._pipeline.folder, self._store)

    async def _run(self) -> None:
        pause = PAUSE_SECONDS
        while not self._stop.is_set():
            try:
                shipped = await ship_once(self._pipeline.folder, self._store)
                pause = PAUSE_SECONDS
                if shipped.rejected:
                    self._log.error("logs.rejected", rejected=shipped.rejected)
            except errors.DatabaseError as error:
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
                self._log.debug("logs.database_away", error=error.message, wait_seconds=pause)
            except OSError as error:
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
                self._log.error("logs.spool_unreadable", error=error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
