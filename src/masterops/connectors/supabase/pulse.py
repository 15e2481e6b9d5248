"""
What Supabase says of a project, as facts of a health check: whoever keeps Master-Ops' own database there sees
how it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping
from typing import Any

from masterops import errors
from masterops.connectors.connector import PULSE
from masterops.connectors.supabase.management import Lint, Management, ServiceHealth
from masterops.core.backoff import RetryPolicy

# Less than the check itself waits: what Supabase's own API takes is not the project's fault.
BRIEF = RetryPolicy(attempts=1, base=0.2, ceiling=1.0, deadline=min(4.0, PULSE.deadline))


async def facts(management: Management) -> Mapping[str, object]:
    """The states of the parts, and how much the security advisor has found, by its weight."""
    health, lints = await asyncio.gather(
        _or_error(management.health(policy=BRIEF)), _or_error(management.advice("security", policy=BRIEF))
    )
    return {
        "project": management.ref,
        "services": health if isinstance(health, str) else _states(health),
        "security_advisor": lints if isinstance(lints, str) else _weights(lints),
    }


async def _or_error(asking: Awaitable[Any]) -> Any:
    """The answer, or the message of what kept it away."""
    try:
        return await asking
    except errors.RemoteError as error:
        return error.message


def _states(found: list[ServiceHealth]) -> dict[str, str]:
    return {each.name: each.status for each in found}


def _weights(found: list[Lint]) -> dict[str, int]:
    return dict(Counter(each.level.lower() for each in found))
