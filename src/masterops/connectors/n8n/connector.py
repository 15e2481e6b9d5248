"""
One n8n.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from masterops import errors
from masterops.config import Connection
from masterops.connectors import circuit
from masterops.connectors.client import ResourceClient
from masterops.connectors.connector import PULSE, Capability, Changed, Pulse
from masterops.connectors.n8n import limits, problems
from masterops.connectors.n8n.calls import Calls
from masterops.connectors.n8n.capabilities import capabilities
from masterops.connectors.n8n.credentials import CredentialsClient
from masterops.connectors.n8n.executions import ExecutionsClient
from masterops.connectors.n8n.paths import path, server_of
from masterops.connectors.n8n.projects import ProjectsClient
from masterops.connectors.n8n.tags import TAGS
from masterops.connectors.n8n.users import USERS
from masterops.connectors.n8n.variables import VariablesClient
from masterops.connectors.n8n.workflows import WorkflowsClient
from masterops.core.budgets import INTERACTIVE
from masterops.core.spelling import unknown
from masterops.core.tokens import expires_at
from masterops.transport import Target, Transport, in_lane


class Readiness(msgspec.Struct, frozen=True):
    """
    What n8n says when it is asked whether it is ready.
    """

    status: str


class N8n:
    """
    The connector: one resource an attribute.
    """

    service = "n8n"
    watched = ("workflows",)

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection = connection.id
        where = target(connection)
        self._calls = Calls(transport, where)
        self._expires = expires_at(connection.secret("api_key").reveal())
        self.workflows = WorkflowsClient(transport, where)
        self.executions = ExecutionsClient(transport, where)
        self.credentials = CredentialsClient(transport, where)
        self.variables = VariablesClient(transport, where)
        self.tags = ResourceClient(transport, where, TAGS)
        self.projects = ProjectsClient(transport, where)
        self.users = ResourceClient(transport, where, USERS)

    async def ping(self) -> Pulse:
        """One execution is small, and shows that key and database are well; a workflow where it may not."""
        with in_lane(INTERACTIVE):
            try:
                await self.executions.bounded(PULSE).page(size=1)
            except errors.Forbidden:
                await self.workflows.bounded(PULSE).page(size=1)
        return Pulse({"token_expires_at": self._expires.isoformat()} if self._expires else {})

    async def health(self) -> str:
        """
        What n8n says of itself, without a key: `ok` once its database is there and migrated. One that starts
        or has lost its database is ServerFailed.
        """
        said = await self._calls.ask("GET", "/healthz/readiness", "health.get", Readiness, policy=PULSE)
        return said.status

    async def audit(
        self, *, categories: Sequence[str] = (), days_abandoned: int | None = None
    ) -> dict[str, Any]:
        """
        n8n's own report on what is risky about this server, by category (credentials, database, nodes,
        filesystem, instance); empty when it finds nothing.
        """
        given = {"categories": list(categories), "daysAbandonedWorkflow": days_abandoned}
        options = {name: value for name, value in given.items() if value}
        body = {"additionalOptions": options} if options else {}
        # A server without any risk answers with an empty list.
        report: Any = dict[str, Any] | list[Any]
        found: Any = await self._calls.ask("POST", path("audit"), "audit.run", report, body=body)
        return dict(found) if isinstance(found, dict) else {}

    async def discover(self) -> dict[str, Any]:
        """What this key may do, as n8n says it. Raises NotServed where a version does not tell."""
        return await self._calls.ask("GET", path("discover"), "discover.get", dict[str, Any])

    async def changed_since(self, resource: str, since: datetime) -> Sequence[Changed]:
        """Every workflow changed at or after `since`, each once."""
        if resource not in self.watched:
            raise unknown("n8n resource", resource, self.watched)
        return await self.workflows.changed_since(since)

    def capabilities(self) -> list[Capability]:
        """What `ops test-integration n8n` tries."""
        return capabilities(self)


def target(connection: Connection) -> Target:
    """The transport's view of a connection. Raises ConfigReference when it has no key."""
    key = connection.secret("api_key")
    return Target(
        connection=connection.id,
        service="n8n",
        business=connection.slug,
        base_url=server_of(str(connection.values["base_url"])),
        headers=lambda: {"X-N8N-API-KEY": key.reveal()},
        explain=problems.explain,
        limits=limits.limits(connection),
        circuit=circuit.rules(connection),
    )
