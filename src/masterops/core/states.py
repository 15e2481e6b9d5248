"""
The states of a connection, and which of them somebody has to look at.
"""

from __future__ import annotations

from typing import Literal

State = Literal["up", "late", "degraded", "down", "unknown"]

# `unknown` is not among them: nothing is known to be wrong with the service.
UNHEALTHY: frozenset[str] = frozenset({"late", "degraded", "down"})
