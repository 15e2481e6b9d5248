"""
Where the tokens of all processes are kept, and whose turn it is to refresh them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Protocol


class TokenStore(Protocol):
    """
    One entry a connection, sealed: whoever keeps it cannot read it. Everything may raise a DatabaseError.
    """

    async def read(self, connection: str) -> tuple[int, bytes] | None:
        """The generation that was stored last, and what was stored."""
        ...

    async def write(self, connection: str, sealed: bytes, *, after: int, expires_at: datetime) -> bool:
        """
        Store generation `after` + 1, so that it survives a power cut. False where another one was quicker.
        """
        ...

    def turn(self, connection: str) -> AbstractAsyncContextManager[bool]:
        """
        Be the only one to refresh, for the length of the block; False where somebody else is. It ends with
        the process, however that ends.
        """
        ...


class Alone:
    """
    A store for one process: what it holds ends with it, and a refresh token that was rotated with that.
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, bytes]] = {}

    async def read(self, connection: str) -> tuple[int, bytes] | None:
        """As TokenStore has it."""
        return self._entries.get(connection)

    async def write(self, connection: str, sealed: bytes, *, after: int, expires_at: datetime) -> bool:
        """As TokenStore has it."""
        self._entries[connection] = (after + 1, sealed)
        return True

    @asynccontextmanager
    async def turn(self, connection: str) -> AsyncIterator[bool]:
        """As TokenStore has it."""
        yield True
