"""
n8n's credentials: what there is, never what is in it. No answer holds a secret.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from masterops.connectors.client import ResourceClient
from masterops.connectors.n8n.calls import Calls
from masterops.connectors.n8n.paging import LISTING
from masterops.connectors.n8n.paths import path
from masterops.connectors.resource import Resource
from masterops.transport import Target, Transport


class Credential(msgspec.Struct, frozen=True, rename="camel"):
    """
    One credential: `type` is n8n's word for what it opens, as in `hubspotAppToken`.
    """

    id: str
    name: str = ""
    type: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


# The list came with 2.x: an older server answers with NotServed, or UnexpectedAnswer for the method (405).
CREDENTIALS = Resource("credentials", path("credentials"), Credential, listing=LISTING)


class CredentialsClient(ResourceClient[Credential]):
    """
    The credentials of one server.
    """

    def __init__(self, transport: Transport, target: Target) -> None:
        super().__init__(transport, target, CREDENTIALS)
        self._calls = Calls(transport, target)

    async def schema(self, type: str) -> dict[str, Any]:
        """What a credential of a type is made of, as a JSON schema. Raises NotFound."""
        where = f"{CREDENTIALS.path}/schema/{{type}}"
        return await self._calls.ask("GET", where, "credentials.schema", dict[str, Any], parts={"type": type})
