"""
Who is told what, now: pure.

    firing       once, when it has waited for others that are alike and no silence covers it
    raised       once more when it has become worse than it was told
    escalation   when nobody has acknowledged it in time, to those of the next step
    repeat       when the rule wants it, until it is acknowledged
    resolved     exactly once, to everybody who was told, silence or not; never if nobody was

In quiet hours what is not critical is held back, and told at their end in one message. What is part of
another alert is told with it: with its beginning where neither was told yet, and with its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from masterops.alerts import wording
from masterops.alerts.model import Alert, Kind, Notice, Silence, rank
from masterops.alerts.quiet import quiet_until
from masterops.config import LOG_CHANNEL, AlertRule

# Looks come a little early or late: one that lacks so much need not wait for the next.
GRAIN = timedelta(seconds=2)

Change = Callable[[Alert], Alert]


@dataclass(frozen=True, slots=True)
class Policy:
    """
    What holds for all rules: who is told by default, the wait for others, and how things are called.
    """

    rules: Mapping[str, AlertRule]
    channels: tuple[str, ...] = (LOG_CHANNEL,)
    usable: frozenset[str] | None = None  # channels that are switched on; None is all
    group_wait: float = 30.0
    voice: wording.Voice = field(default_factory=wording.Voice)

    def route(self, rule: str) -> tuple[str, ...]:
        """The channels of a rule. One must be left: a log record is better than silence."""
        known = self.rules.get(rule)
        return self.only_usable((known.channels if known else ()) or self.channels) or (LOG_CHANNEL,)

    def only_usable(self, channels: Iterable[str]) -> tuple[str, ...]:
        """Without those that are switched off."""
        return tuple(each for each in channels if self.usable is None or each in self.usable)


def tell(
    alerts: Sequence[Alert],
    silences: Sequence[Silence],
    policy: Policy,
    *,
    now: datetime,
    waiting: Collection[int] = (),
) -> tuple[list[Alert], list[Notice]]:
    """The alerts with what was told of them, and the notices that say it; `waiting` are not told yet."""
    teller = _Teller(alerts, silences, policy, now, waiting)
    teller.firing()
    teller.raised()
    teller.escalations()
    teller.repeats()
    teller.resolved()
    return teller.alerts, teller.notices


class _Teller:
    """
    The alerts of one look, on their way from untold to told.
    """

    def __init__(
        self,
        alerts: Sequence[Alert],
        silences: Sequence[Silence],
        policy: Policy,
        now: datetime,
        waiting: Collection[int],
    ) -> None:
        self._by_id = {each.id: each for each in alerts}
        self._silences = silences
        self._policy = policy
        self._now = now
        self._waiting = waiting
        self.notices: list[Notice] = []

    @property
    def alerts(self) -> list[Alert]:
        return list(self._by_id.values())

    def firing(self) -> None:
        """Those that nobody was told of."""
        untold = [
            each
            for each in self._audible()
            if each.told_at is None and each.acknowledged_at is None and each.absent_since is None
        ]
        alone = [each for each in untold if each.part_of is None and each.id not in self._waiting]
        for heads in _groups(alone):
            group = _with_parts(heads, untold)
            if self._waited(each.fired_at for each in group):
                channels = self._policy.route(group[0].rule)
                self._tell("firing", group, channels, partial(self._told, channels))

    def raised(self) -> None:
        """Those that are worse than they were told."""
        worse = [
            each
            for each in self._audible()
            if each.told_severity is not None
            and each.part_of is None
            and rank(each.severity) > rank(each.told_severity)
        ]
        for group in _groups(worse, lambda each: (each.severity, *each.told_channels)):
            channels = self._policy.only_usable(group[0].told_channels)
            self._tell(
                "raised",
                group,
                channels,
                lambda each: replace(each, told_severity=each.severity),
                mark=group[0].severity,
            )

    def escalations(self) -> None:
        """Step by step; several steps may be due after an interruption."""
        while True:
            due = [each for each in self._unanswered() if self._step_is_due(each)]
            for group in _groups(due, lambda each: (str(each.escalations),)):
                step = group[0].escalations
                rule = self._policy.rules[group[0].rule]
                channels = self._policy.only_usable(rule.escalate[step].channels)
                self._tell("escalation", group, channels, partial(_escalated, channels), mark=str(step))
            if not due:
                return

    def repeats(self) -> None:
        """Those that last longer than their rule keeps quiet about."""
        due = [each for each in self._unanswered() if self._repeat_is_due(each)]
        for group in _groups(due, lambda each: each.told_channels):
            self._tell(
                "repeat",
                group,
                self._policy.only_usable(group[0].told_channels),
                lambda each: replace(each, reminders=each.reminders + 1, reminded_at=self._now),
                mark=str(group[0].reminders),
            )

    def resolved(self) -> None:
        """Those that are over; silences do not hold, because what was told must not stay open."""
        over = [each for each in self.alerts if each.state == "resolved" and each.closed_at is None]
        for alert in over:
            rule = self._policy.rules.get(alert.rule)
            if rule is not None and not rule.resolve_notice:
                self._by_id[alert.id] = replace(alert, closed_at=self._now)
        told = [each for each in over if self._by_id[each.id].closed_at is None]
        ended = {each.id for each in told}
        heads = [each for each in told if each.part_of not in ended]
        for alone in _groups(heads, lambda each: each.told_channels):
            if any(map(self._has_more_to_come, alone)):
                continue
            group = _with_parts(alone, told)
            if self._waited(each.resolved_at for each in group):
                channels = self._policy.only_usable(group[0].told_channels)
                self._tell("resolved", group, channels, lambda each: replace(each, closed_at=self._now))

    def _has_more_to_come(self, alert: Alert) -> bool:
        """Whether what it was told together with goes on: then the end is told of all of it."""
        cause = self._by_id.get(alert.part_of or 0)
        if cause is not None:
            return cause.state == "firing" and cause.told_at is not None
        return any(
            each.state == "firing" and each.part_of == alert.id and each.told_with is not None
            for each in self.alerts
        )

    def _audible(self) -> list[Alert]:
        """Those that fire and that no silence covers."""
        return [each for each in self.alerts if each.state == "firing" and not self._silenced(each)]

    def _unanswered(self) -> list[Alert]:
        """Those that were told, go on, and that nobody has acknowledged; in quiet hours nobody has to."""
        return [
            each
            for each in self._audible()
            if each.told_at is not None
            and each.part_of is None
            and each.acknowledged_at is None
            and not self._held_until([each])
        ]

    def _silenced(self, alert: Alert) -> bool:
        return any(each.covers(alert, self._now) for each in self._silences)

    def _waited(self, moments: Iterable[datetime | None]) -> bool:
        first = min(each or self._now for each in moments)
        return self._now - first + GRAIN >= timedelta(seconds=self._policy.group_wait)

    def _step_is_due(self, alert: Alert) -> bool:
        rule = self._policy.rules.get(alert.rule)
        if rule is None or alert.told_at is None or alert.escalations >= len(rule.escalate):
            return False
        return self._now - alert.told_at >= timedelta(seconds=rule.escalate[alert.escalations].after)

    def _repeat_is_due(self, alert: Alert) -> bool:
        rule = self._policy.rules.get(alert.rule)
        last = alert.reminded_at or alert.told_at
        if rule is None or rule.repeat is None or last is None:
            return False
        return self._now - last >= timedelta(seconds=rule.repeat)

    def _told(self, channels: tuple[str, ...], alert: Alert) -> Alert:
        return replace(
            alert,
            told_at=self._now,
            told_severity=alert.severity,
            told_channels=channels,
            told_with=alert.part_of,
        )

    def _held_until(self, group: Sequence[Alert]) -> datetime | None:
        rule = self._policy.rules.get(group[0].rule)
        if any("critical" in (each.severity, each.told_severity) for each in group):
            return None
        return quiet_until(rule.quiet if rule is not None else None, self._now)

    def _tell(
        self, kind: Kind, group: list[Alert], channels: tuple[str, ...], change: Change, *, mark: str = ""
    ) -> None:
        """A notice for each channel; the alerts remember it."""
        severity = max((each.severity for each in group), key=rank)
        held = self._held_until(group)
        for channel in channels:
            key = f"{channel}/{kind}{mark}/{group[0].id}/{(group[0].fired_at or self._now).timestamp():.0f}"
            self.notices.append(
                Notice(
                    dedupe_key=key,
                    kind=kind,
                    channel=channel,
                    thread=f"{group[0].rule}/{group[0].group_key}",
                    severity=severity,
                    alert_ids=tuple(each.id for each in group),
                    message=wording.message(kind, group, self._policy.voice, key=key, now=self._now,
                                            rule=self._policy.rules.get(group[0].rule)),
                    created_at=self._now,
                    held_until=held,
                )
            )  # fmt: skip
        for each in group:
            self._by_id[each.id] = change(each)


def digests(
    held: Sequence[Notice], voice: wording.Voice, *, now: datetime
) -> list[tuple[Notice, list[Notice]]]:
    """
    What was held back and may be told now, one notice a channel, each with those that it stands for.
    """
    due = [each for each in held if each.held_until is not None and each.held_until <= now]
    by_channel: dict[str, list[Notice]] = {}
    for notice in due:
        by_channel.setdefault(notice.channel, []).append(notice)
    return [(_digest(channel, notices, voice, now), notices) for channel, notices in by_channel.items()]


def _digest(channel: str, notices: list[Notice], voice: wording.Voice, now: datetime) -> Notice:
    key = f"{channel}/digest/{notices[0].dedupe_key}"
    return Notice(
        dedupe_key=key,
        kind="digest",
        channel=channel,
        thread="digest",
        severity=max((each.severity for each in notices), key=rank),
        alert_ids=tuple(dict.fromkeys(id for each in notices for id in each.alert_ids)),
        message=wording.digest([(each.created_at, each.message) for each in notices], voice, key=key),
        created_at=now,
    )


def _escalated(channels: tuple[str, ...], alert: Alert) -> Alert:
    everybody = tuple(dict.fromkeys((*alert.told_channels, *channels)))
    return replace(alert, escalations=alert.escalations + 1, told_channels=everybody)


def _with_parts(heads: Sequence[Alert], others: Sequence[Alert]) -> list[Alert]:
    """These, and those of the others that are part of one of them, or of a part of one."""
    group = list(heads)
    for each in group:  # it grows meanwhile
        group += [part for part in others if part.part_of == each.id]
    return group


def _groups(
    alerts: Iterable[Alert], also: Callable[[Alert], tuple[str, ...]] = lambda alert: ()
) -> list[list[Alert]]:
    """Alerts that are told together: of one rule, alike in the fields that it groups by."""
    groups: dict[tuple[object, ...], list[Alert]] = {}
    for alert in alerts:
        groups.setdefault((alert.rule, alert.group_key, also(alert)), []).append(alert)
    return list(groups.values())
