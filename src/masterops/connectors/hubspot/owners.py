"""
HubSpot owners: the users to whom records may belong.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from masterops.connectors.hubspot.endpoint import Endpoint, Rows
from masterops.core.backoff import RetryPolicy

PAGE = 500  # the vendor's maximum; without a limit it is 100


class Team(msgspec.Struct, frozen=True):
    """
    A team that an owner is in; `primary` is the main one.
    """

    id: str
    name: str = ""
    primary: bool = False


class Owner(msgspec.Struct, frozen=True, rename="camel"):
    """
    A user, or a queue, to whom records may belong. `user_id` is None for one that is archived.
    """

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    type: str = "PERSON"
    user_id: int | None = None
    teams: list[Team] = []
    archived: bool = False


class OwnersClient:
    """
    The owners of one account; HubSpot's API only reads them.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def list(self, *, archived: bool = False) -> AsyncIterator[Owner]:
        """Every owner, page by page; with `archived` the former ones instead."""
        query = {"limit": str(PAGE)} | ({"archived": "true"} if archived else {})
        async for owner in self._endpoint.every("", "list", Owner, query=query):
            yield owner

    async def get(self, id: str, *, by_user: bool = False, archived: bool = False) -> Owner:
        """One owner by id, or by the id of the user. Raises NotFound."""
        query = ({"idProperty": "userId"} if by_user else {}) | ({"archived": "true"} if archived else {})
        return await self._endpoint.ask("GET", "/{id}", "get", Owner, parts={"id": id}, query=query)

    async def by_email(self, email: str) -> Owner | None:
        """The owner with an e-mail address, if there is one."""
        found = await self._endpoint.ask("GET", "", "list", Rows[Owner], query={"email": email})
        return found.results[0] if found.results else None

    async def any(self, *, policy: RetryPolicy, timeout: float) -> None:
        """Ask for one owner, as a proof that the token is good. `timeout` bounds an attempt, in seconds."""
        await self._endpoint.ask(
            "GET", "", "list", Rows[Owner], query={"limit": "1"}, policy=policy, timeout=timeout, probe=True
        )
