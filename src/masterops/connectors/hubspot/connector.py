"""
One HubSpot account.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from masterops import errors
from masterops.config import Connection
from masterops.connectors import circuit
from masterops.connectors.client import ResourceClient
from masterops.connectors.connector import Capability, Changed, Pulse
from masterops.connectors.hubspot import limits, problems
from masterops.connectors.hubspot.capabilities import capabilities
from masterops.connectors.hubspot.companies import COMPANIES
from masterops.connectors.hubspot.contacts import CONTACTS
from masterops.connectors.hubspot.deals import DEALS
from masterops.connectors.hubspot.objects import ObjectClient
from masterops.connectors.hubspot.paths import DEFAULT_VERSION, path
from masterops.connectors.hubspot.properties import PropertiesClient
from masterops.connectors.paginators import Cursor
from masterops.connectors.resource import Listing, Resource
from masterops.core.backoff import RetryPolicy
from masterops.core.budgets import INTERACTIVE
from masterops.core.spelling import unknown
from masterops.transport import OAuthApp, Request, Target, Transport, in_lane

T = TypeVar("T")

# A health check wants the truth now, not after a minute of patience.
PING = RetryPolicy(attempts=2, base=0.2, ceiling=1.0, deadline=8.0)
PING_SECONDS = 5.0


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """
    The account behind a token.
    """

    portal_id: int
    time_zone: str | None = None
    company_currency: str | None = None
    account_type: str | None = None


class Owner(msgspec.Struct, frozen=True, rename="camel"):
    """
    A user to whom records may belong.
    """

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    archived: bool = False


class Usage(msgspec.Struct, frozen=True, rename="camel"):
    """
    What the account's private apps spent of the day's calls.
    """

    usage_limit: int | None = None
    current_usage: int | None = None
    collected_at: datetime | None = None
    resets_at: datetime | None = None


OWNERS = Resource(
    "owners", "", Owner, listing=Listing(rows="results", pager=Cursor("paging.next.after", "after"))
)


class _Owners(msgspec.Struct, frozen=True):
    results: list[Owner] = []


class _Usages(msgspec.Struct, frozen=True):
    results: list[Usage] = []


class HubSpot:
    """
    The connector: one resource an attribute.
    """

    service = "hubspot"

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection = connection.id
        self._transport = transport
        self._version = str(connection.values.get("api_version") or DEFAULT_VERSION)
        self._target = target(connection)
        self._zone_is_set = bool(connection.values.get("time_zone"))
        self.contacts = ObjectClient(transport, self._target, self._path("objects", "contacts"), CONTACTS)
        self.companies = ObjectClient(transport, self._target, self._path("objects", "companies"), COMPANIES)
        self.deals = ObjectClient(transport, self._target, self._path("objects", "deals"), DEALS)
        self.properties = PropertiesClient(transport, self._target, self._path("properties", "{kind}"))

    @property
    def watched(self) -> tuple[str, ...]:
        """The resources whose changes can be read."""
        return tuple(self._objects)

    @property
    def _objects(self) -> dict[str, ObjectClient[Any]]:
        return {"contacts": self.contacts, "companies": self.companies, "deals": self.deals}

    async def ping(self) -> Pulse:
        """One cheap call. A token that may not read the account's details is asked for an owner instead."""
        try:
            with in_lane(INTERACTIVE):
                account = await self.account(policy=PING, timeout=PING_SECONDS)
        except errors.Forbidden:
            one = {"limit": "1"}
            with in_lane(INTERACTIVE):
                await self._get(
                    "owners", "owners.list", _Owners, query=one, policy=PING, timeout=PING_SECONDS
                )
            return Pulse()
        return Pulse({"portal_id": account.portal_id, "time_zone": account.time_zone})

    async def account(self, *, policy: RetryPolicy | None = None, timeout: float | None = None) -> Account:
        """The account: portal id, time zone, currency. `timeout` bounds one attempt, in seconds."""
        account = await self._get("account", "account.details", Account, policy=policy, timeout=timeout)
        if account.time_zone and not self._zone_is_set:
            self._transport.budget(self._target).move(account.time_zone)
        return account

    async def usage(self) -> list[Usage]:
        """The day's calls of all private apps of the account."""
        return (await self._get("usage", "account.usage", _Usages)).results

    async def owners(self) -> AsyncIterator[Owner]:
        """Every owner, page by page."""

        resource = replace(OWNERS, path=self._path("owners"))
        async for owner in ResourceClient(self._transport, self._target, resource).list():
            yield owner

    async def changed_since(self, resource: str, since: datetime) -> Sequence[Changed]:
        """Every record of `resource` changed at or after `since`, each once."""
        objects = self._objects
        if resource not in objects:
            raise unknown("HubSpot resource", resource, objects)
        return await objects[resource].changed_since(since)

    def capabilities(self) -> list[Capability]:
        """What `ops test-integration hubspot` tries."""
        return capabilities(self)

    def _path(self, family: str, kind: str = "") -> str:
        return path(self._version, family, kind)

    async def _get(
        self,
        family: str,
        operation: str,
        kind: type[T],
        *,
        query: dict[str, str] | None = None,
        policy: RetryPolicy | None = None,
        timeout: float | None = None,
    ) -> T:
        # A health check finds out whether the service is back: it passes an open circuit.
        probe = policy is PING
        request = Request(
            "GET", self._path(family), operation, query=query or {}, timeout=timeout, probe=probe
        )
        decode: Callable[[bytes], T] = msgspec.json.Decoder(kind).decode
        return await self._transport.call(self._target, request, decode, policy=policy)


def target(connection: Connection) -> Target:
    """The transport's view of a HubSpot connection. Raises ConfigReference when it has no credentials."""
    app = _app(connection)
    token = connection.secret("access_token") if app is None else None

    def headers() -> dict[str, str]:
        return {"Authorization": f"Bearer {token.reveal()}"} if token else {}

    return Target(
        connection=connection.id,
        service="hubspot",
        business=connection.slug,
        base_url=str(connection.values["base_url"]),
        headers=headers,
        explain=problems.explain,
        rate=limits.rate,
        limits=limits.limits(connection),
        circuit=circuit.rules(connection),
        oauth=app,
    )


def _app(connection: Connection) -> OAuthApp | None:
    """The OAuth app that a connection is set up with; None where it has a token."""
    if not {*connection.values, *(gap.name for gap in connection.gaps)} & {"client_id", "refresh_token"}:
        return None
    version = str(connection.values.get("api_version") or DEFAULT_VERSION)
    return OAuthApp(
        path(version, "oauth"),
        connection.secret("client_id"),
        connection.secret("client_secret"),
        connection.secret("refresh_token"),
    )
