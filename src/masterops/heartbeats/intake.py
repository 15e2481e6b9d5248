"""
Taking pings: what was accepted is on disk before the answer.

A ping is one line of a spool of its own, beside that of the logs: neither can fill up the other, and pings
do not wait behind a backlog of records. Without `fsync` a line is handed to the kernel at once. With it,
those that come while the disk is busy are written together and share the next sync.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from masterops.logs import Policy, Spool

MOST_TOGETHER = 256


class Intake:
    """
    This process's end of the spool of pings.
    """

    def __init__(self, folder: Path, policy: Policy) -> None:
        self.folder = folder
        self._spool = Spool(folder, policy)
        self._waits = policy.durability == "fsync"
        self._waiting: list[tuple[bytes, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, line: bytes) -> bool:
        """Whether the line is kept, as safely as the policy says; False where there is no room."""
        if not self._waits:
            return self._append(line)
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((line, kept))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await kept

    def close(self) -> None:
        """Finish the open segment."""
        self._spool.close()

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                kept = await asyncio.to_thread(self._append, b"".join([line for line, _ in batch]))
                for _, answer in batch:
                    if not answer.done():  # the caller may have gone
                        answer.set_result(kept)
        finally:
            self._writer = None

    def _append(self, lines: bytes) -> bool:
        before = self._spool.lost
        self._spool.append(lines)
        return self._spool.lost == before
