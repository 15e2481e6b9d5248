"""
n8n's variables, which need a licence: without one every call is NotLicensed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from masterops.connectors.client import ResourceClient
from masterops.connectors.n8n.calls import Calls
from masterops.connectors.n8n.paging import LISTING
from masterops.connectors.n8n.paths import path
from masterops.connectors.resource import Resource
from masterops.transport import Target, Transport


class Variable(msgspec.Struct, frozen=True, rename="camel"):
    """
    One variable.
    """

    id: str
    key: str = ""
    value: str | None = None


VARIABLES = Resource("variables", path("variables"), Variable, listing=LISTING)


class VariablesClient:
    """
    The variables of one server. The answers to writes are empty, so that nothing is given back.
    """

    def __init__(self, transport: Transport, target: Target) -> None:
        self._rows = ResourceClient(transport, target, VARIABLES)
        self._calls = Calls(transport, target)

    def list(self, *, limit: int | None = None) -> AsyncIterator[Variable]:
        """Every variable."""
        return self._rows.list(limit=limit)

    async def create(self, key: str, value: str) -> None:
        """Make a variable. Raises OutcomeUnknown when nobody can say whether it was made."""
        body = {"key": key, "value": value}
        await self._calls.tell("POST", VARIABLES.path, "variables.create", body=body, repeatable=False)

    async def update(self, id: str, key: str, value: str) -> None:
        """Set a variable."""
        body = {"key": key, "value": value}
        await self._calls.tell(
            "PUT", f"{VARIABLES.path}/{{id}}", "variables.update", parts={"id": id}, body=body
        )

    async def delete(self, id: str) -> None:
        """Remove a variable."""
        await self._rows.delete(id)
