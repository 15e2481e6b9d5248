"""
The services that Master-Ops can talk to: one line each, and those of installed connectors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from masterops import errors
from masterops.config import Connection
from masterops.connectors.connector import Connector
from masterops.connectors.hubspot import HubSpot
from masterops.connectors.n8n import N8n
from masterops.connectors.supabase import Supabase
from masterops.connectors.unleashed import Unleashed
from masterops.core.plugins import WithInstalled
from masterops.core.spelling import unknown
from masterops.transport import Transport

OURS: dict[str, Callable[[Connection, Transport], Connector]] = {
    "hubspot": HubSpot,
    "n8n": N8n,
    "supabase": Supabase,
    "unleashed": Unleashed,
}
CONNECTORS: Mapping[str, Callable[[Connection, Transport], Connector]] = WithInstalled(OURS, "connector")


def connector_for(connection: Connection, transport: Transport) -> Connector:
    """The connector of a connection's service; raises UnknownName or ConnectorCrashed."""
    if connection.service not in CONNECTORS:
        raise unknown("connector", connection.service, CONNECTORS)
    try:
        return CONNECTORS[connection.service](connection, transport)
    except errors.MasterOpsError:
        raise
    except Exception as error:  # an installed one may be anybody's: the other connections go on
        reason = f"{type(error).__name__}: {error}"
        raise errors.ConnectorCrashed(connection=connection.id, reason=reason) from error
