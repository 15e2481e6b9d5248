"""
Access tokens at work: there is always a good one, and one refresh is made for all who need it.

A token is refreshed some minutes before it expires, or when the service refuses it. Of all callers of this
process one task asks, and of all processes the one whose turn it is (`TokenStore.turn`): the others take
what it stored. What the service gives is stored before it is used, so that a refresh token that was rotated
cannot be lost with the process that had it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from masterops import errors
from masterops.config import Secret
from masterops.core import clock
from masterops.core.budgets import INTERACTIVE
from masterops.transport.oauth.app import MEND, Answer, OAuthApp, Tokens, explain
from masterops.transport.oauth.sealing import Seal
from masterops.transport.oauth.store import TokenStore
from masterops.transport.request import Request, Target

Ask = Callable[[Target, Request, Callable[[bytes], Answer]], Awaitable[Answer]]

BUCKET = "oauth"  # a circuit of its own: that no token is given says nothing of the reads
# How often those look whose turn it is not: each look is a connection to the database.
POLL_SECONDS, LONGEST_POLL_SECONDS = 0.1, 1.0
# After a refusal nobody asks again for so long: the same refresh token would be refused again.
REFUSED_FOR = timedelta(seconds=60)
# A refresh that failed while the old token is good for a while is tried again after so long.
FAILED_FOR = timedelta(seconds=15)
_decode = msgspec.json.Decoder(Answer).decode


class Grant:
    """
    The tokens of one connection, in this process. Belongs to one event loop.
    """

    def __init__(self, app: OAuthApp, target: Target, store: TokenStore, ask: Ask) -> None:
        self.app = app
        self._target = replace(target, oauth=None, headers=dict, explain=explain)
        self._connection = target.connection
        self._store = store
        self._ask = ask
        self._seal = Seal(app, target.connection)
        self._tokens: Tokens | None = None
        self._unstored: Tokens | None = None
        self._task: asyncio.Task[None] | None = None
        self._refusal: tuple[errors.Unauthenticated, datetime] | None = None
        self._calm_until: datetime | None = None

    def headers(self) -> dict[str, str]:
        """What an attempt shows. `ready` comes first."""
        return {"Authorization": f"Bearer {self._tokens.access.reveal()}"} if self._tokens else {}

    async def ready(self, patience: float) -> None:
        """
        See that there is a good token, for at most `patience` seconds. Raises Unauthenticated when the
        service gives none, another RemoteError when it cannot be asked, DatabaseError when the token cannot
        be kept.
        """
        tokens, now = self._tokens, clock.now()
        if tokens is not None and (now < tokens.due_at or (self._calm_until and now < self._calm_until)):
            return
        try:
            await self._renewed(None, patience)
        except (errors.RemoteError, errors.DatabaseError):
            tokens, now = self._tokens, clock.now()
            if tokens is None or now >= tokens.expires_at:
                raise
            self._calm_until = min(now + FAILED_FOR, tokens.expires_at)

    async def refused(self, sent: Mapping[str, str], patience: float) -> bool:
        """The service refused what was `sent`: whether there is something else now. Raises like `ready`."""
        if self.headers().items() <= sent.items():  # there may be others beside it
            await self._renewed(self._tokens.access if self._tokens else None, patience)
        return not self.headers().items() <= sent.items()

    async def close(self) -> None:
        """End what is under way."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _renewed(self, stale: Secret | None, patience: float) -> None:
        """One task for all who wait; who is cancelled does not take it along."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._renew(stale), name=f"oauth {self._connection}")
            self._task.add_done_callback(_looked_at)
        try:
            async with asyncio.timeout(patience):
                await asyncio.shield(self._task)
        except TimeoutError:
            raise errors.Timeout(service=self._connection, seconds=patience) from None

    async def _renew(self, stale: Secret | None) -> None:
        """What another process has stored, or what the service gives to this one."""
        pause = POLL_SECONDS
        while True:
            if self._takes(await self._read(), stale):
                return
            self._raise_refusal()
            async with self._store.turn(self._connection) as mine:
                if mine:
                    # Between the look and the turn the one before may have stored its own.
                    stored = await self._read()
                    if self._takes(stored, stale) or await self._refresh(stored):
                        return
            await asyncio.sleep(pause)
            pause = min(LONGEST_POLL_SECONDS, pause * 1.5)

    async def _read(self) -> tuple[int, Tokens | None]:
        """What is stored: its generation, and the tokens, if they descend from the configured one."""
        entry = await self._store.read(self._connection)
        if entry is None:
            return 0, None
        generation, sealed = entry
        tokens = self._seal.open(sealed, generation)
        return generation, tokens if tokens is not None and tokens.root == self._seal.root else None

    def _takes(self, stored: tuple[int, Tokens | None], stale: Secret | None) -> bool:
        tokens = stored[1]
        if tokens is None or tokens.access == stale:
            return False
        self._tokens = tokens  # until it expires it will do, should there be no other
        if clock.now() >= tokens.due_at:
            return False
        self._settle(tokens)
        return True

    async def _refresh(self, stored: tuple[int, Tokens | None]) -> bool:
        """What the service gives, or gave when it could not be stored; whether it is what is stored now."""
        generation, tokens = stored
        new = self._unstored
        if new is None or new.generation != generation + 1:
            new = self._unstored = await self._asked(generation, tokens)
        if new is None:
            return False
        kept = await self._store.write(
            self._connection, self._seal.close(new), after=generation, expires_at=new.expires_at
        )
        self._unstored = None
        if kept:
            self._settle(new)
        return kept

    async def _asked(self, generation: int, tokens: Tokens | None) -> Tokens | None:
        """What the service gives; None where somebody else has got something newer meanwhile."""
        used = tokens.refresh if tokens is not None else self.app.refresh_token
        request = Request(
            "POST",
            self.app.path,
            "oauth.refresh",
            form=self.app.form(used),
            bucket=BUCKET,
            lane=INTERACTIVE,
        )
        now = clock.now()
        try:
            answer = await self._ask(self._target, request, _decode)
        except errors.Unauthenticated as error:
            if (await self._read())[0] != generation:
                return None
            self._refusal = (error, clock.now() + REFUSED_FOR)
            raise
        return answer.tokens(used, now=now, root=self._seal.root, generation=generation + 1)

    def _settle(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._refusal = self._calm_until = None

    def _raise_refusal(self) -> None:
        if self._refusal is not None and clock.now() < self._refusal[1]:
            said = self._refusal[0]
            raise errors.Unauthenticated(
                service=said.service, status=said.status, reason=said.facts["reason"], hint=MEND
            )


class Grants:
    """
    The grants of all connections of this process.
    """

    def __init__(self, store: TokenStore, ask: Ask) -> None:
        self._store = store
        self._ask = ask
        self._grants: dict[str, Grant] = {}

    def of(self, target: Target) -> Grant | None:
        """The grant of a connection that is an OAuth app; a new one where the app was configured anew."""
        app = target.oauth
        if app is None:
            return None
        grant = self._grants.get(target.connection)
        if grant is None or grant.app != app:
            grant = self._grants[target.connection] = Grant(app, target, self._store, self._ask)
        return grant

    async def close(self) -> None:
        """End what is under way."""
        for grant in self._grants.values():
            await grant.close()


def _looked_at(task: asyncio.Task[None]) -> None:
    """Where all who waited were cancelled, nobody else looks at its error."""
    if not task.cancelled():
        task.exception()
