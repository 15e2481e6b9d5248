"""
The services that Master-Ops can talk to: one line each.
"""

from __future__ import annotations

from collections.abc import Callable

from masterops.config import Connection
from masterops.connectors.connector import Connector
from masterops.connectors.hubspot import HubSpot
from masterops.connectors.n8n import N8n
from masterops.connectors.supabase import Supabase
from masterops.connectors.unleashed import Unleashed
from masterops.core.spelling import unknown
from masterops.transport import Transport

CONNECTORS: dict[str, Callable[[Connection, Transport], Connector]] = {
    "hubspot": HubSpot,
    "n8n": N8n,
    "supabase": Supabase,
    "unleashed": Unleashed,
}


def connector_for(connection: Connection, transport: Transport) -> Connector:
    """The connector of a connection's service; raises UnknownName where there is none."""
    if connection.service not in CONNECTORS:
        raise unknown("connector", connection.service, CONNECTORS)
    return CONNECTORS[connection.service](connection, transport)
