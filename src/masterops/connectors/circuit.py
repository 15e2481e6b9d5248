"""
When the calls of a connection count as failing: its settings, as rules.
"""

from __future__ import annotations

from typing import Any

from masterops.config import Connection
from masterops.core.breaker import OFF, Rules

# Setting and rule; what is not set is the rule's own default.
RULES = {
    "circuit_calls": "calls",
    "circuit_share": "share",
    "circuit_seconds": "first",
    "circuit_longest_seconds": "longest",
}


def rules(connection: Connection) -> Rules:
    """The rules of a connection's circuits; those that never open where it has none."""
    values = connection.values
    if values.get("circuit_breaker") is False:
        return OFF
    given: dict[str, Any] = {
        rule: values[name] for name, rule in RULES.items() if values.get(name) is not None
    }
    usual = Rules()
    first = given.get("first", usual.first)
    return Rules(**given | {"longest": max(first, given.get("longest", usual.longest))})
