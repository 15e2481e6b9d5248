"""
What is wrong together, pure.

Checks that depend on one that is wrong belong to it; the connections of a service that fail alike are one
trouble of that service; whatever is left stands alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from masterops.core.dependencies import CONNECTION, Needs, below, name_of
from masterops.core.states import UNHEALTHY

SERVICES = {"hubspot": "HubSpot", "unleashed": "Unleashed", "n8n": "n8n", "supabase": "Supabase"}
RANK = ("late", "degraded", "down")

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a check stands now.
    """

    integration: str
    check: str
    service: str
    business: str | None
    state: str
    category: str | None = None
    reason: str | None = None
    since: datetime | None = None

    @property
    def name(self) -> str:
        """What it is called where others depend on it."""
        return name_of(self.integration, self.check)

    @property
    def place(self) -> Place:
        """Which check it is."""
        return self.integration, self.check


@dataclass(frozen=True, slots=True)
class Incident:
    """
    One trouble and the checks that it shows in. `cause` stays the same from look to look.
    """

    cause: str
    title: str
    checks: tuple[Standing, ...]

    @property
    def places(self) -> frozenset[Place]:
        """Which checks it shows in."""
        return frozenset(each.place for each in self.checks)

    def facts(self) -> dict[str, Any]:
        """As ops.record_incidents takes it."""
        worst = _worst(self.checks)
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


def grouped(standings: Iterable[Standing], needs: Needs | None = None) -> list[Incident]:
    """
    Every trouble among checks as they stand now; each check that is not well is in exactly one. `needs` says
    what checks depend on.
    """
    bad = sorted((each for each in standings if each.state in UNHEALTHY), key=lambda each: each.name)
    by_name = {each.name: each for each in bad}
    causes: dict[str, list[Standing]] = {}
    for each in bad:
        causes.setdefault(_cause(_root(each, by_name, needs or {})), []).append(each)
    return [_incident(cause, checks) for cause, checks in causes.items()]


def _incident(cause: str, checks: Sequence[Standing]) -> Incident:
    """What is the trouble stands before what depends on it, so that the reason told is that of the former."""
    ordered = sorted(checks, key=lambda each: _cause(each) != cause)
    return Incident(cause, _title(cause, ordered), tuple(ordered))


def carried_on(found: Sequence[Incident], open: Mapping[str, Collection[Place]]) -> list[Incident]:
    """
    The incidents found now, each with the cause of the one that it goes on from: of those that are `open`, by
    cause and the checks they show in, the one with most checks in common. So what becomes worse, or shows in
    another way, is no new one.
    """
    pairs = sorted(
        (-len(each.places & set(places)), each.cause != cause, place, cause)
        for place, each in enumerate(found)
        for cause, places in open.items()
        if each.places & set(places)
    )
    causes: dict[int, str] = {}
    for *_, place, cause in pairs:
        if place not in causes and cause not in causes.values():
            causes[place] = cause
    taken = {*causes.values(), *open}
    for place, each in enumerate(found):
        if place not in causes:
            causes[place] = each.cause if each.cause not in taken else _apart(each, taken)
            taken.add(causes[place])
    return [replace(each, cause=causes[place]) for place, each in enumerate(found)]


def _apart(incident: Incident, taken: Collection[str]) -> str:
    """A cause that no other has, for what is alike and yet another trouble."""
    names = (f"{incident.cause} {each.name}" for each in incident.checks)
    numbers = (f"{incident.cause} {number}" for number in range(2, len(taken) + 3))
    return next(each for each in (*names, *numbers) if each not in taken)


def _root(check: Standing, bad: Mapping[str, Standing], needs: Needs) -> Standing:
    """What it depends on, as far down as that is wrong."""
    steps = below(check.name, bad, needs)
    return bad[steps[-1]] if steps else check


def _cause(root: Standing) -> str:
    """The same for all connections of a service that fail alike: one more joins, and none begins anew."""
    if root.check == CONNECTION:
        return f"{root.service} {root.category or 'unknown'}"
    return root.name


def _title(cause: str, checks: Sequence[Standing]) -> str:
    roots = [each for each in checks if _cause(each) == cause] or list(checks[:1])
    connections = [each for each in roots if each.check == CONNECTION]
    worst = _worst(roots)
    owners = {each.business for each in connections}
    if len(connections) > 1:
        what = f"{SERVICES.get(worst.service, worst.service)} is {worst.state}"
        title = f"{what}: {_count(len(owners), 'business', 'businesses')}"
    else:
        title = f"{worst.name} is {worst.state}"
    others = len(checks) - max(1, len(connections))
    return f"{title}, and {_count(others, 'check', 'checks')} with it" if others else title


def _worst(checks: Sequence[Standing]) -> Standing:
    return max(checks, key=lambda each: RANK.index(each.state))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
