"""
One evaluation: look, decide, and keep what was decided together with what is to be told of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count

import msgspec

from masterops.alerts import store
from masterops.alerts.belonging import attach, waiting
from masterops.alerts.life import live
from masterops.alerts.model import Alert, Notice, Observation, Silence
from masterops.alerts.observing import observe, unreadable
from masterops.alerts.reading import Looked, Looks, last_looks, look
from masterops.alerts.telling import Policy, digests, tell
from masterops.alerts.wording import Voice
from masterops.config import LOG_CHANNEL, Settings, words
from masterops.core import clock
from masterops.core.dependencies import Needs
from masterops.db import Pool
from masterops.errors import UnknownName
from masterops.logs import Logger


class Evaluated(msgspec.Struct, frozen=True):
    """
    What one evaluation came to, in numbers.
    """

    observed: int
    firing: int
    notices: int
    unread: int


async def evaluate(
    pool: Pool, settings: Settings, log: Logger, *, now: Callable[[], datetime] = clock.now
) -> Evaluated | None:
    """
    Bring alerts into line with what stands now; None when somebody else is at it. Raises DatabaseError, and
    then nothing has changed.
    """
    rules = settings.alert_rules
    async with pool.connection() as connection, connection.transaction():
        if not await store.lock(connection):
            return None
        # On a connection of its own: what reads must not be able to write.
        async with pool.connection() as reading:
            looked = await look(reading, rules)
            looks = await last_looks(reading)
        moment = now()
        kept = await store.load(connection, moment)
        observed, unread = observations(looked, settings, kept.slugs)
        policy = policy_of(settings, kept.names)
        ids = count(kept.next_id)
        alive = live(
            observed,
            kept.alerts,
            policy.rules,
            now=moment,
            new_id=lambda: next(ids),
            unread=unread.keys(),
            unsure=looks.unsure,
        )
        silences = [*kept.silences, *sheltered(observed, moment)]
        after, notices = _told(alive, silences, settings.needs, looks, policy, moment)
        told_late = digests(kept.held, policy.voice, now=moment)
        await store.save(connection, kept.alerts, after, notices, told_late)
    for name, reason in unread.items():
        log.warn("alerts.rule_unreadable", rule=name, error=reason)
    return Evaluated(
        observed=len(observed),
        firing=sum(each.state == "firing" for each in after),
        notices=len(notices) + len(told_late),
        unread=len(unread),
    )


def _told(
    alerts: Sequence[Alert],
    silences: Sequence[Silence],
    needs: Needs,
    looks: Looks,
    policy: Policy,
    now: datetime,
) -> tuple[list[Alert], list[Notice]]:
    """The alerts with what they are part of and what was told of them, and the notices that say it."""
    together = attach(alerts, needs, policy.route, now=now)
    early = waiting(together, needs, looks.at, now=now)
    return tell(together, silences, policy, now=now, waiting=early)


def observations(
    looked: Sequence[Looked], settings: Settings, slugs: dict[str, str]
) -> tuple[list[Observation], dict[str, str]]:
    """What the rules say of their rows, and the rules that cannot be read, each with the reason."""
    observed: list[Observation] = []
    unread: dict[str, str] = {}
    for rule, rows, error in looked:
        try:
            if error is not None:
                unread[rule.name] = error.message
            else:
                observed += observe(rule, rows, slugs)
        except UnknownName as wrong:
            unread[rule.name] = wrong.message
    for rule in settings.alert_rules:
        if rule.source == "rules":
            observed += unreadable(rule, list(unread.items()))
    return observed, unread


def sheltered(observed: Sequence[Observation], now: datetime) -> list[Silence]:
    """A silence for each that is in maintenance: it was wrong before, and its window is no news."""
    soon = now + timedelta(seconds=1)
    return [Silence(id=0, starts_at=now, ends_at=soon, key=each.key) for each in observed if each.maintenance]


def policy_of(settings: Settings, names: dict[str, str]) -> Policy:
    """What the settings say about telling."""
    alerts = settings.alerts
    usable = [each.name for each in settings.channels if each.enabled]
    declared = [name for name in usable if name != LOG_CHANNEL]
    return Policy(
        rules={each.name: each for each in settings.alert_rules},
        channels=tuple(words(alerts.channels) or declared or [LOG_CHANNEL]),
        usable=frozenset(usable),
        group_wait=alerts.group_wait_seconds,
        voice=Voice(names, alerts.time_zone, alerts.link),
    )
