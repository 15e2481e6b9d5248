"""
One folder a service: its resources as data, its paths and versions in one table, its error body.

Connectors return values; they store nothing and do not know one another.
"""

from masterops.connectors.connector import PULSE, Capability, Changed, Connector, Pulse, Sparing
from masterops.connectors.registry import CONNECTORS, connector_for

__all__ = ["CONNECTORS", "PULSE", "Capability", "Changed", "Connector", "Pulse", "Sparing", "connector_for"]
