"""
Channels, alert rules and what they are made of, as the rest of the program sees them.

Named tuples, because every command imports them, and making a dataclass costs several times as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from masterops import errors
from masterops.config.secret import Secret

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
# The channel that is always there: it writes log records.
LOG_CHANNEL = "log"


class Condition(NamedTuple):
    """
    What a row must be like; a value of None is "no value", a tuple goes with `in` and `not in`.
    """

    field: str
    op: str
    value: str | tuple[str, ...] | None


class SeverityBy(NamedTuple):
    """
    How bad a row is: by the value of one of its fields, or the same for all.
    """

    other: Severity = "warning"
    by: str | None = None
    values: Mapping[str, Severity] = {}


class QuietHours(NamedTuple):
    """
    The part of each day in which only what is critical is told, in minutes from midnight in `zone`.
    """

    begins: int
    ends: int
    zone: str = "UTC"


class Escalation(NamedTuple):
    """
    Who else is told when nobody has acknowledged an alert so many seconds after it was told.
    """

    after: float
    channels: tuple[str, ...]


class AlertRule(NamedTuple):
    """
    Which rows are alerts, and who is told of them, when and how. Spans are in seconds; no `channels` means
    those of all rules.
    """

    name: str
    source: str
    keys: tuple[str, ...]
    where: tuple[Condition, ...] = ()
    severity: SeverityBy = SeverityBy()
    summary: str = ""
    reason: str = ""
    hold: float = 0.0
    group_by: tuple[str, ...] = ("service", "category")
    channels: tuple[str, ...] = ()
    quiet: QuietHours | None = None
    escalate: tuple[Escalation, ...] = ()
    repeat: float | None = None
    resolve_notice: bool = True
    runbook: str = ""
    origin: str = "default"


class ChannelSettings(NamedTuple):
    """
    One way to reach people. It is loaded though a reference of it leads nowhere yet; only `secret` raises.
    """

    name: str
    kind: str
    enabled: bool = True
    sender: str | None = None
    to: tuple[str, ...] = ()
    secrets: Mapping[str, Secret] = {}
    # Settings that wait for a variable: name -> the reference and where it stands.
    missing: Mapping[str, tuple[str, str]] = {}
    where: str = "default"

    @property
    def configured(self) -> bool:
        """Whether it can be used."""
        return not self.missing

    def secret(self, name: str) -> Secret:
        """A secret of this channel. Raises ConfigReference while it lacks."""
        if name in self.secrets:
            return self.secrets[name]
        reference, where = self.missing.get(name, ("nothing", self.where))
        key = f"channels.{self.name}.{name}"
        raise errors.ConfigReference(where=where, key=key, reference=reference, reason="is not set")


@dataclass(frozen=True, slots=True)
class Alerts:
    """
    What holds for all rules, as it was written; `channels` is read with `words`.
    """

    link: str | None
    channels: str
    quiet_hours: str | None
    time_zone: str
    group_wait_seconds: float
    default_rules: bool
