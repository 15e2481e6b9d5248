"""
The settings as the rest of the program sees them: frozen and complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import NamedTuple

from masterops import errors
from masterops.config.alerting import AlertRule, Alerts, ChannelSettings
from masterops.config.check_model import Check, Maintenance
from masterops.config.database_url import DatabaseUrl
from masterops.config.secret import Secret
from masterops.config.setting import GROUP

DEFAULT = "default"
UNSET = "is not set"


class Origin(NamedTuple):
    """
    Where a value was written; `via` names the reference that was followed from there.
    """

    where: str = DEFAULT
    via: str | None = None

    def __str__(self) -> str:
        return f"{self.where} via {self.via}" if self.via else self.where


@dataclass(frozen=True, slots=True)
class Database:
    """
    Which PostgreSQL; none means the embedded one.
    """

    url: DatabaseUrl | None


@dataclass(frozen=True, slots=True)
class Log:
    """
    What is kept, how safely, and how it looks on the console. `levels` and `sample` are read with `pairs`,
    `redact` with `words`.
    """

    level: str
    levels: str
    burst: int
    sample: str
    redact: str
    otlp: bool
    console: str
    durability: str
    spool_max_mb: int
    when_full: str
    block_seconds: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    When the regular jobs run, in cron's five fields.
    """

    cycle: str
    retention: str


@dataclass(frozen=True, slots=True)
class Retention:
    """
    How long rows are kept, in days; log records of a level with days of its own for those.
    """

    integration_logs_days: int
    workflow_logs_days: int
    api_metrics_days: int
    health_checks_days: int
    debug_days: int | None = None
    info_days: int | None = None
    warn_days: int | None = None
    error_days: int | None = None

    @property
    def log_levels(self) -> dict[str, int]:
        """The levels of log records with days of their own."""
        days = {
            "debug": self.debug_days,
            "info": self.info_days,
            "warn": self.warn_days,
            "error": self.error_days,
        }
        return {level: each for level, each in days.items() if each is not None}


@dataclass(frozen=True, slots=True)
class Http:
    """
    The bounds of one call to a service.
    """

    timeout_seconds: float
    deadline_seconds: float
    max_attempts: int
    largest_answer_mb: int


@dataclass(frozen=True, slots=True)
class Health:
    """
    How states are decided; `anchors` is read with `words`.
    """

    failures: int = 2
    looks: int = 2
    successes: int = 2
    repeat_seconds: float = 3.0
    slow_ms: float = 2_000.0
    flap_changes: int = 5
    flap_minutes: float = 30.0
    quiet_minutes: float = 15.0
    longest_lag_seconds: float = 1.0
    anchors: str | None = None
    at_once: int = 200
    token_days: int = 14
    version_days: int = 90
    quota_pct: float = 10.0
    clock_seconds: float = 60.0
    spool_minutes: float = 10.0
    disk_mb: int = 500
    sessions_pct: float = 90.0
    replication_mb: int = 1_024
    target_pct: float = 99.5


@dataclass(frozen=True, slots=True)
class Sandbox:
    """
    Where the twins listen and what their records grow from.
    """

    host: str
    port: int
    seed: int
    unleashed: bool = False
    n8n: bool = False
    supabase: bool = False


@dataclass(frozen=True, slots=True)
class Web:
    """
    Where requests are answered, and within which bounds.
    """

    enabled: bool
    host: str
    port: int
    base_url: str | None
    body_limit_kb: int
    trusted_proxies: str
    log_share: float
    pings_per_minute: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """
    A ping that is expected: after a span (`every`) or at the times of a schedule (`cron` in `zone`). Spans
    are as they were written. `token` is None as long as the configuration gives none.
    """

    name: str
    business: str
    every: str | None = None
    cron: str | None = None
    zone: str = "UTC"
    grace: str = "5m"
    longest: str | None = None
    token: Secret | None = None
    severity: str = "critical"
    depends_on: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What its results are kept under: `heartbeat/nightly-backup`."""
        return f"heartbeat/{self.name}"

    @property
    def slug(self) -> str | None:
        """The business it belongs to; None when it is the group's."""
        return None if self.business == GROUP else self.business


@dataclass(frozen=True, slots=True)
class Business:
    """
    One business of the group.
    """

    slug: str
    name: str
    type: str
    status: str
    hubspot_company_id: str | None = None
    unleashed_customer_code: str | None = None
    log_days: int | None = None


class Gap(NamedTuple):
    """
    A required setting of a connection that has no value yet, and what it waits for.
    """

    name: str
    reference: str
    where: str
    reason: str = UNSET


@dataclass(frozen=True, slots=True)
class Connection:
    """
    One business's account at one service.

    One that waits for credentials is loaded all the same, with `configured` false and `missing` naming
    what to set; only `secret` raises.
    """

    id: str
    service: str
    business: str
    values: Mapping[str, object] = field(default_factory=dict)
    enabled: bool = True
    configured: bool = True
    missing: str | None = None
    gaps: tuple[Gap, ...] = ()

    @property
    def slug(self) -> str | None:
        """The business it belongs to; None when it is shared by the group."""
        return None if self.business == GROUP else self.business

    def secret(self, name: str) -> Secret:
        """A secret of this connection. Raises ConfigReference while it or another required value lacks."""
        value = self.values.get(name)
        if isinstance(value, Secret) and self.configured:
            return value
        gap = next((each for each in self.gaps if each.name == name), self.gaps[0] if self.gaps else None)
        gap = gap or Gap(name, self.missing or "nothing", f"connection {self.id}")
        raise errors.ConfigReference(
            where=gap.where, key=f"{path_of(self.id)}.{gap.name}", reference=gap.reference, reason=gap.reason
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Everything that was configured, and where each value came from (`origins`, by dotted key).
    """

    home: Path
    file: Path | None
    demo: bool
    allow_inline_secrets: bool
    database: Database
    log: Log
    schedule: Schedule
    retention: Retention
    http: Http
    health: Health
    sandbox: Sandbox
    web: Web
    businesses: tuple[Business, ...]
    connections: tuple[Connection, ...]
    heartbeats: tuple[Heartbeat, ...]
    channels: tuple[ChannelSettings, ...]
    alerts: Alerts
    alert_rules: tuple[AlertRule, ...]
    origins: Mapping[str, Origin]
    checks: tuple[Check, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()

    @property
    def needs(self) -> dict[str, tuple[str, ...]]:
        """What each check and heartbeat that depends on others depends on, by the names of their results."""
        of_checks = {each.id: each.depends_on for each in self.checks if each.depends_on}
        return of_checks | {each.id: each.depends_on for each in self.heartbeats if each.depends_on}

    @property
    def longest_kept_days(self) -> int:
        """How long the rows that are kept longest are, whatever they are."""
        days: list[int] = [each for each in astuple(self.retention) if each is not None]
        return max([*days, *self.log_days.values()])

    @property
    def log_days(self) -> dict[str, int]:
        """The businesses whose log records have days of their own, by slug."""
        return {each.slug: each.log_days for each in self.businesses if each.log_days is not None}


def path_of(connection: str) -> str:
    """The dotted key of a connection's table."""
    return f'connections."{connection}"'
