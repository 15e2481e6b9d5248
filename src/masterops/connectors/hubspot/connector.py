"""
One HubSpot account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from masterops import errors
from masterops.config import Connection
from masterops.connectors import circuit
from masterops.connectors.connector import Capability, Changed, Pulse
from masterops.connectors.hubspot import limits, problems
from masterops.connectors.hubspot.account import Account, Usage, details, usage
from masterops.connectors.hubspot.associations import AssociationsClient
from masterops.connectors.hubspot.capabilities import capabilities
from masterops.connectors.hubspot.companies import COMPANIES
from masterops.connectors.hubspot.contacts import CONTACTS
from masterops.connectors.hubspot.custom import CustomRecord, custom
from masterops.connectors.hubspot.deals import DEALS
from masterops.connectors.hubspot.endpoint import Endpoint
from masterops.connectors.hubspot.exports import ExportsClient
from masterops.connectors.hubspot.imports import ImportsClient
from masterops.connectors.hubspot.line_items import LINE_ITEMS
from masterops.connectors.hubspot.lists import ListsClient
from masterops.connectors.hubspot.objects import ObjectClient
from masterops.connectors.hubspot.owners import OwnersClient
from masterops.connectors.hubspot.paths import DEFAULT_VERSION, SUPPORTED_UNTIL, path
from masterops.connectors.hubspot.pipelines import PipelinesClient
from masterops.connectors.hubspot.products import PRODUCTS
from masterops.connectors.hubspot.properties import PropertiesClient
from masterops.connectors.hubspot.property_groups import PropertyGroupsClient
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource
from masterops.connectors.hubspot.schemas import SchemasClient
from masterops.connectors.hubspot.tickets import TICKETS
from masterops.core.backoff import RetryPolicy
from masterops.core.budgets import CALLS, INTERACTIVE
from masterops.core.spelling import unknown
from masterops.transport import OAuthApp, Target, Transport, in_lane

R = TypeVar("R", bound=CrmRecord[Any])

# A health check wants the truth now, not after a minute of patience.
PING = RetryPolicy(attempts=2, base=0.2, ceiling=1.0, deadline=8.0)
PING_SECONDS = 5.0


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
        self._by_name: dict[tuple[str, tuple[str, ...]], ObjectClient[CustomRecord]] = {}
        self.contacts = self._client(CONTACTS)
        self.companies = self._client(COMPANIES)
        self.deals = self._client(DEALS)
        self.tickets = self._client(TICKETS)
        self.products = self._client(PRODUCTS)
        self.line_items = self._client(LINE_ITEMS)
        self.schemas = SchemasClient(self._endpoint("schemas", "schemas"))
        self.associations = AssociationsClient(
            self._endpoint("associations", "linked"),
            self._endpoint("associations", "associations", bucket=limits.ASSOCIATIONS),
        )
        self.properties = PropertiesClient(self._endpoint("properties", "properties"))
        self.property_groups = PropertyGroupsClient(self._endpoint("property_groups", "properties"))
        self.pipelines = PipelinesClient(self._endpoint("pipelines", "pipelines"))
        self.owners = OwnersClient(self._endpoint("owners", "owners"))
        self.lists = ListsClient(self._endpoint("lists", "lists"))
        self.imports = ImportsClient(self._endpoint("imports", "imports"))
        self.exports = ExportsClient(self._endpoint("exports", "exports"), dated=self._version != "v3")
        self._people = self._endpoint("contacts", "linked")
        self._account = self._endpoint("account", "account")

    @property
    def watched(self) -> tuple[str, ...]:
        """The resources whose changes a cycle looks for."""
        return tuple(each.resource.name for each in (self.contacts, self.companies, self.deals))

    def objects(self, name: str, properties: Sequence[str] = ()) -> ObjectClient[CustomRecord]:
        """
        The objects of any kind by name: a custom one (`cars`, `p_cars`, `2-40000001`), or one of HubSpot's
        own. Without `properties` HubSpot chooses which come with a record. Raises BadValue.
        """
        key = name.lower(), tuple(properties)
        if key not in self._by_name:
            self._by_name[key] = self._client(custom(name, properties))
        return self._by_name[key]

    async def ping(self) -> Pulse:
        """One cheap call. A token that may not read the account's details is asked for an owner instead."""
        try:
            with in_lane(INTERACTIVE):
                account = await self.account(policy=PING, timeout=PING_SECONDS)
        except errors.Forbidden:
            with in_lane(INTERACTIVE):
                await self.owners.any(policy=PING, timeout=PING_SECONDS)
            return Pulse(self._lifetime())
        return Pulse({"portal_id": account.portal_id, "time_zone": account.time_zone, **self._lifetime()})

    def _lifetime(self) -> dict[str, str]:
        """Until when the version is supported that we ask for: no answer says it, the vendor's rule does."""
        return {
            "api_version": self._version,
            "api_version_ends_on": SUPPORTED_UNTIL[self._version].isoformat(),
        }

    async def account(self, *, policy: RetryPolicy | None = None, timeout: float | None = None) -> Account:
        """The account: portal id, time zone, currency. `timeout` bounds one attempt, in seconds."""
        account = await details(self._account, policy=policy, timeout=timeout, probe=policy is PING)
        if account.time_zone and not self._zone_is_set:
            self._transport.budget(self._target).move(account.time_zone)
        return account

    async def usage(self) -> list[Usage]:
        """The day's calls of all private apps of the account."""
        return await usage(self._account)

    async def gdpr_delete(self, contact: str, *, id_property: str | None = None) -> None:
        """
        Delete a person for good, by id or by `id_property="email"`: what HubSpot knows of them goes, and the
        address is barred from coming back. Nothing restores it.
        """
        body = {"objectId": contact} | ({"idProperty": id_property} if id_property else {})
        await self._people.tell("POST", "/contacts/gdpr-delete", "gdpr_delete", body=body)

    async def changed_since(self, resource: str, since: datetime) -> Sequence[Changed]:
        """Every record of `resource` changed at or after `since`, each once."""
        objects: dict[str, ObjectClient[Any]] = {
            each.resource.name: each
            for each in (
                self.contacts,
                self.companies,
                self.deals,
                self.tickets,
                self.products,
                self.line_items,
            )
        }
        if resource not in objects:
            raise unknown("HubSpot resource", resource, objects)
        return await objects[resource].changed_since(since)

    def capabilities(self) -> list[Capability]:
        """What `ops test-integration hubspot` tries."""
        return capabilities(self)

    def _client(self, resource: Resource[R]) -> ObjectClient[R]:
        where = path(self._version, "objects", resource.name)
        return ObjectClient(self._transport, self._target, where, resource)

    def _endpoint(self, name: str, family: str, *, bucket: str = CALLS) -> Endpoint:
        where = path(self._version, family, "{kind}")
        return Endpoint(self._transport, self._target, name, where, bucket)


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
