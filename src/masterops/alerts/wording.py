"""
What a notice says: one line that a phone shows, then the reason, what to do, and where to look. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from masterops.alerts.model import Alert, Kind, rank
from masterops.channels.message import Message, Told
from masterops.config import AlertRule
from masterops.core.budgets.limit import zone_of
from masterops.core.durations import in_words

MOST_NAMED = 6
MOST_LINES = 20
LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class Voice:
    """
    How things are called: businesses by their names, times in a zone, and where a notice leads.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    link: str | None = None

    def name(self, business: str) -> str:
        """The name of a business."""
        return self.names.get(business, business)

    def moment(self, when: datetime, now: datetime) -> str:
        """`14:05 UTC`; with its day when that is another than today's."""
        local, today = when.astimezone(zone_of(self.zone)), now.astimezone(zone_of(self.zone))
        return local.strftime("%H:%M %Z" if local.date() == today.date() else "%a %d %b %H:%M %Z")


def message(
    kind: Kind, group: Sequence[Alert], voice: Voice, *, key: str, now: datetime, rule: AlertRule | None
) -> Message:
    """What is said of alerts that are told together."""
    group = sorted(group, key=lambda each: (-rank(each.severity), each.id))
    heads, parts = _parted(group)
    resolved = kind == "resolved"
    lines = [
        *_each(heads, voice, now, resolved),
        *(_line(each, voice, now, resolved) for each in parts[:MOST_LINES]),
        *(() if resolved else _help(heads + parts, rule)),
    ]
    return Message(
        id=identity(key),
        kind=kind,
        severity=max((each.severity for each in group), key=rank),
        title=title(kind, group, voice, now),
        lines=tuple(line[:LONGEST_LINE] for line in lines),
        link=voice.link,
        alerts=tuple(_told(each) for each in group),
    )


def identity(key: str) -> str:
    """The id of a message: the same for the same change and channel, whenever and by whomever it is made."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def title(kind: Kind, group: Sequence[Alert], voice: Voice, now: datetime) -> str:
    """The line that a phone shows: how bad, who, what, since when."""
    severity = max((each.severity for each in group), key=rank).upper()
    heads, parts = _parted(group)
    what = f"{_what(heads, voice)}{f', and {len(parts)} more with it' if parts else ''}"
    since = min(each.since for each in heads)
    if kind == "resolved":
        end = max(each.resolved_at or now for each in heads)
        return f"RESOLVED {what} (lasted {in_words(end - since)})"
    line = f"{what} since {voice.moment(since, now)}"
    if kind == "escalation":
        told = min(each.told_at or now for each in group)
        return f"{severity} {line}; nobody has acknowledged it for {in_words(now - told)}"
    if kind == "repeat":
        return f"STILL {severity} {line}"
    if kind == "raised":
        return f"NOW {severity} {line}"
    return f"{severity} {line}{' (comes and goes)' if any(each.flapping for each in group) else ''}"


def _parted(group: Sequence[Alert]) -> tuple[list[Alert], list[Alert]]:
    """What is wrong by itself, and what depends on it; alone, what depends stands for itself."""
    ids = {each.id for each in group}
    parts = [each for each in group if each.part_of in ids]
    return [each for each in group if each.part_of not in ids], parts


def _what(group: Sequence[Alert], voice: Voice) -> str:
    first = group[0]
    if len(group) == 1:
        return f"{voice.name(first.business)}: {first.summary}" if first.business else first.summary
    businesses = list(dict.fromkeys(voice.name(each.business) for each in group if each.business))
    same = len({each.summary for each in group}) == 1
    named = ", ".join(businesses[:MOST_NAMED])
    more = f" and {len(businesses) - MOST_NAMED} more" if len(businesses) > MOST_NAMED else ""
    if same and len(businesses) > 1:
        return f"{first.summary} for {len(businesses)} businesses ({named}{more})"
    owner = f"{voice.name(first.business)}: " if first.business else ""
    return f"{owner}{first.summary}, and {len(group) - 1} more"


def _each(group: Sequence[Alert], voice: Voice, now: datetime, resolved: bool) -> list[str]:
    """The reasons; of several alerts a line each, unless all have the same to say."""
    reasons = {each.reason for each in group}
    alike = len(reasons) == 1 and len({each.summary for each in group}) == 1
    if len(group) == 1 or alike:
        reason = group[0].reason
        return [] if resolved or not reason else [reason]
    lines = [_line(each, voice, now, resolved) for each in group[:MOST_LINES]]
    left = len(group) - MOST_LINES
    return [*lines, *([f"and {left} more"] if left > 0 else [])]


def _line(alert: Alert, voice: Voice, now: datetime, resolved: bool) -> str:
    owner = f"{voice.name(alert.business)}: " if alert.business else ""
    if resolved:
        return f"- {owner}{alert.summary} (lasted {in_words((alert.resolved_at or now) - alert.since)})"
    reason = f": {alert.reason}" if alert.reason else ""
    return f"- {owner}{alert.summary} since {voice.moment(alert.since, now)}{reason}"


def _help(group: Sequence[Alert], rule: AlertRule | None) -> list[str]:
    """What to do, from the error's own hint and the rule's page, and how to say that somebody does it."""
    hints = dict.fromkeys(each.hint for each in group if each.hint)
    ids = " ".join(str(each.id) for each in group[:MOST_LINES])
    return [
        *(f"What to do: {hint}" for hint in list(hints)[:3]),
        *([f"Runbook: {rule.runbook}"] if rule is not None and rule.runbook else []),
        f"Acknowledge: ops alerts ack {ids}",
    ]


def _told(alert: Alert) -> Told:
    return Told(
        id=alert.id,
        rule=alert.rule,
        state=alert.state,
        severity=alert.severity,
        summary=alert.summary,
        business=alert.business,
        service=alert.service,
        reason=alert.reason,
        since=alert.since,
        resolved_at=alert.resolved_at,
    )


def digest(held: Sequence[tuple[datetime, Message]], voice: Voice, *, key: str) -> Message:
    """What was held back during quiet hours, in one message."""
    last = max(created for created, _ in held)
    lines = [f"{voice.moment(created, last)} {each.title}" for created, each in held[:MOST_LINES]]
    left = len(held) - MOST_LINES
    noun = "notice" if len(held) == 1 else "notices"
    return Message(
        id=identity(key),
        kind="digest",
        severity=max((each.severity for _, each in held), key=rank),
        title=f"{len(held)} {noun} from the quiet hours",
        lines=(*lines, *((f"and {left} more",) if left > 0 else ()), "What stands now: ops alerts"),
        link=voice.link,
        alerts=tuple(told for _, each in held for told in each.alerts),
    )
