"""
What is wrong together, pure.

Checks that depend on one that is wrong belong to it; the connections of a service that fail alike are one
trouble of that service; whatever is left stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from masterops.core.states import UNHEALTHY

SERVICES = {"hubspot": "HubSpot", "unleashed": "Unleashed", "n8n": "n8n", "supabase": "Supabase"}
RANK = ("late", "degraded", "down")
CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a check stands now. `needs` names what it depends on.
    """

    integration: str
    check: str
    service: str
    business: str | None
    state: str
    category: str | None = None
    reason: str | None = None
    since: datetime | None = None
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`hubspot/teelixir`, `check/shop`; `hubspot/teelixir quota` for what is not the whole connection."""
        plain = self.check == CONNECTION or self.integration.startswith(("check/", "heartbeat/"))
        return self.integration if plain else f"{self.integration} {self.check}"


@dataclass(frozen=True, slots=True)
class Incident:
    """
    One trouble and the checks that it shows in. `cause` stays the same from look to look.
    """

    cause: str
    title: str
    checks: tuple[Standing, ...]

    def facts(self) -> dict[str, Any]:
        """As ops.record_incidents takes it."""
        worst = max(self.checks, key=lambda each: RANK.index(each.state))
        owners = {each.business for each in self.checks}
        moments = [each.since for each in self.checks if each.since is not None]
        return {
            "cause": self.cause,
            "title": self.title,
            "state": worst.state,
            "service": worst.service,
            "business_id": next(iter(owners)) if len(owners) == 1 else None,
            "category": worst.category,
            "reason": worst.reason,
            "since": min(moments).isoformat() if moments else None,
            "checks": [
                {"integration_id": each.integration, "check_name": each.check, "business_id": each.business}
                for each in self.checks
            ],
        }


def grouped(standings: Iterable[Standing]) -> list[Incident]:
    """Every trouble among checks as they stand now; each check that is not well is in exactly one."""
    bad = sorted((each for each in standings if each.state in UNHEALTHY), key=lambda each: each.name)
    by_name = {each.name: each for each in bad}
    causes: dict[str, list[Standing]] = {}
    for each in bad:
        causes.setdefault(_cause(_root(each, by_name)), []).append(each)
    return [Incident(cause, _title(cause, checks), tuple(checks)) for cause, checks in causes.items()]


def _root(check: Standing, bad: Mapping[str, Standing]) -> Standing:
    """What it depends on, as far down as that is wrong; a circle ends where it was entered."""
    seen = {check.name}
    while True:
        below = next((name for name in check.needs if name in bad and name not in seen), None)
        if below is None:
            return check
        seen.add(below)
        check = bad[below]


def _cause(root: Standing) -> str:
    """The same for all connections of a service that fail alike: one more joins, and none begins anew."""
    if root.check == CONNECTION:
        return f"{root.service} {root.state} {root.category or 'unknown'}"
    return f"{root.name} {root.state}"


def _title(cause: str, checks: Sequence[Standing]) -> str:
    connections = [each for each in checks if each.check == CONNECTION and _cause(each) == cause]
    others = len(checks) - 1
    if len(connections) > 1:
        first = connections[0]
        what = f"{SERVICES.get(first.service, first.service)} is {first.state}"
        owners = {each.business for each in connections}
        return f"{what}: {_count(len(owners), 'business', 'businesses')}"
    root = next((each for each in checks if _cause(each) == cause), checks[0])
    title = f"{root.name} is {root.state}"
    return f"{title}, and {_count(others, 'check', 'checks')} with it" if others else title


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
