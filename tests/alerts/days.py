"""
A day in the life of alerts, played without a database: looks, silences and acknowledgements at given seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from msgspec.structs import replace

from masterops.alerts.belonging import attach, waiting
from masterops.alerts.life import live
from masterops.alerts.model import Alert, Notice, Observation, Silence
from masterops.alerts.telling import Policy, tell
from masterops.alerts.wording import Voice
from masterops.config import AlertRule
from masterops.core.dependencies import Needs

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
NAMES = {
    "teelixir": "Teelixir",
    "elevate-wholesale": "Elevate Wholesale",
    "buy-organics-online": "Buy Organics Online",
    "red-hill-fresh": "Red Hill Fresh",
}
BUSINESSES = tuple(NAMES)


def rule(name: str = "service-down", **values: Any) -> AlertRule:
    """A rule that fires at once."""
    return AlertRule(name=name, source="flips", keys=("connection",), **values)


def down(business: str | None = "teelixir", service: str = "hubspot", **values: Any) -> Observation:
    """HubSpot of a business is down."""
    given = {
        "rule": "service-down",
        "key": f"{service}/{business}",
        "severity": "critical",
        "summary": "HubSpot is down",
        "business": business,
        "service": service,
        "group_key": f"{service}/network",
        "since": START,
        "subject": f"{service}/{business}",
    }
    return Observation(**(given | values))


@dataclass
class Day:
    """
    `look(at, observations)` is one evaluation; `told` are all notices so far.
    """

    rules: Sequence[AlertRule] = (rule(),)
    channels: tuple[str, ...] = ("ops",)
    group_wait: float = 30.0
    alerts: list[Alert] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    needs: Needs = field(default_factory=dict)
    looked_at: dict[str, datetime] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        return Policy(
            rules={each.name: each for each in self.rules},
            channels=self.channels,
            group_wait=self.group_wait,
            voice=Voice(NAMES),
        )

    def look(
        self, at: float, *found: Observation, unread: Collection[str] = (), unsure: Collection[str] = ()
    ) -> list[Notice]:
        """What is told at so many seconds after noon."""
        now = START + timedelta(seconds=at)
        ids = count(1 + max((each.id for each in self.alerts), default=0))
        alive = live(
            found,
            self.alerts,
            self.policy.rules,
            now=now,
            new_id=ids.__next__,
            unread=unread,
            unsure=unsure,
        )
        together = attach(alive, self.needs, self.policy.route, now=now)
        untold = waiting(together, self.needs, self.looked_at, now=now)
        self.alerts, notices = tell(together, self.silences, self.policy, now=now, waiting=untold)
        self.told += notices
        return notices

    def silence(self, begins: float, ends: float, **fields: Any) -> None:
        """Silence alerts with these fields."""
        moments = {"starts_at": START + timedelta(seconds=begins), "ends_at": START + timedelta(seconds=ends)}
        self.silences.append(Silence(id=len(self.silences) + 1, **moments, **fields))

    def acknowledge(self, at: float) -> None:
        """Somebody takes care of everything that fires."""
        moment = START + timedelta(seconds=at)
        self.alerts = [
            replace(each, acknowledged_at=each.acknowledged_at or moment) if each.state == "firing" else each
            for each in self.alerts
        ]

    def kinds(self) -> list[str]:
        """The kinds of what was told."""
        return [each.kind for each in self.told]

    def titles(self) -> list[str]:
        """The lines that a phone shows."""
        return [each.message.title for each in self.told]
