"""
What HubSpot says of an account: who it is, what its apps have spent today, how near it is to its limits.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.connectors.hubspot.endpoint import Endpoint, Rows
from masterops.core.backoff import RetryPolicy


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """
    The account behind a token.
    """

    portal_id: int
    time_zone: str | None = None
    company_currency: str | None = None
    account_type: str | None = None


class Usage(msgspec.Struct, frozen=True, rename="camel"):
    """
    What the account's private apps spent of the day's calls.
    """

    usage_limit: int | None = None
    current_usage: int | None = None
    collected_at: datetime | None = None
    resets_at: datetime | None = None


async def details(
    endpoint: Endpoint, *, policy: RetryPolicy | None, timeout: float | None, probe: bool
) -> Account:
    """The account. `timeout` bounds one attempt, in seconds; a `probe` is sent though the circuit is open."""
    return await endpoint.ask(
        "GET", "/details", "details", Account, policy=policy, timeout=timeout, probe=probe
    )


async def usage(endpoint: Endpoint) -> list[Usage]:
    """The day's calls of all private apps of the account."""
    answer = await endpoint.ask("GET", "/api-usage/daily/private-apps", "usage", Rows[Usage])
    return answer.results
