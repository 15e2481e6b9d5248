"""
What alerts are made of: what was observed, what became of it, what was told of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from masterops.channels.message import Message
from masterops.config import SEVERITIES, Severity

State = Literal["pending", "firing", "resolved"]
Kind = Literal["firing", "raised", "escalation", "repeat", "resolved", "digest", "test"]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is wrong, and with what. Rows of one `key` are one alert. `subject` is the check that it is about, as
    `depends_on` names it.
    """

    rule: str
    key: str
    severity: Severity
    summary: str
    business: str | None = msgspec.field(default=None, name="business_id")
    service: str | None = None
    category: str | None = None
    reason: str | None = None
    hint: str | None = None
    group_key: str = ""
    subject: str | None = None


class Observation(Trouble, frozen=True, kw_only=True):
    """
    A row that a rule looks for, as it stands now; `maintenance`: in a window of that.
    """

    since: datetime | None = None
    maintenance: bool = False


class Alert(Trouble, frozen=True, kw_only=True):
    """
    One episode: from the first look that found it to the word that it is over.

    `told_at` is when its firing was put into the outbox, None as long as nobody was told; `closed_at` is when
    there is nothing more to say of it. `fires` are the last moments at which its key fired, of the episodes
    before as well. `part_of` is the alert of what its subject depends on, and `told_with` the one in whose
    notice it was told.
    """

    id: int
    state: State
    since: datetime
    seen_at: datetime
    fired_at: datetime | None = None
    fires: tuple[datetime, ...] = ()
    flapping: bool = False
    absent_since: datetime | None = None
    resolved_at: datetime | None = None
    told_at: datetime | None = None
    told_severity: Severity | None = None
    told_channels: tuple[str, ...] = ()
    escalations: int = 0
    reminders: int = 0
    reminded_at: datetime | None = None
    closed_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str | None = None
    part_of: int | None = None
    told_with: int | None = None
    maintenance: bool = False


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """
    What nobody wants to hear of until it ends: alerts with these fields; None is any.
    """

    id: int
    starts_at: datetime
    ends_at: datetime
    rule: str | None = None
    business: str | None = msgspec.field(default=None, name="business_id")
    service: str | None = None
    key: str | None = None

    def covers(self, alert: Alert, now: datetime) -> bool:
        """Whether nobody is told of `alert` now."""
        if not self.starts_at <= now < self.ends_at:
            return False
        wanted = (
            (self.rule, alert.rule),
            (self.business, alert.business),
            (self.service, alert.service),
            (self.key, alert.key),
        )
        return all(want is None or want == value for want, value in wanted)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """
    One message for one channel, as it goes into the outbox: at most one of each `dedupe_key`. Those of one
    `thread` are sent in their order. `held_until` is the end of the quiet hours that it fell into.
    """

    dedupe_key: str
    kind: Kind
    channel: str
    thread: str
    severity: Severity
    alert_ids: tuple[int, ...]
    message: Message
    created_at: datetime
    held_until: datetime | None = None


def rank(severity: Severity) -> int:
    """How bad it is, as a number."""
    return SEVERITIES.index(severity)
