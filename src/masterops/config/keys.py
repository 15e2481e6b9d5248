"""
Every setting, as data. Loading, `ops config show`, the written file and docs/config.md all read this.

The settings of services are beside this, in services.py.
"""

from __future__ import annotations

from masterops.config import alert_kinds, kinds, pairs
from masterops.config.setting import (
    ALLOW_INLINE,
    ALLOW_INLINE_VARIABLE,
    GROUP,
    LONGEST_WAIT_SECONDS,
    SLUG,
    Setting,
)

_SECONDS = kinds.number("a number of seconds", above=0, most=LONGEST_WAIT_SECONDS)
_PERCENT = kinds.number("a percentage", above=0, most=100)
_MINUTES = kinds.number("a number of minutes", above=0, most=10_080)
_DAYS = kinds.integer("a number of days", least=1, most=36_500)
_SHARE = kinds.fraction("a share from 0 to 1")
_LEVEL = kinds.choice("debug", "info", "warn", "error", aliases={"warning": "warn"})

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "demo",
        kinds.BOOLEAN,
        "Use the sandbox's twins instead of the real services. Left out, it is on as long as no connection "
        "has credentials.",
        example=True,
    ),
    Setting(
        ALLOW_INLINE,
        kinds.BOOLEAN,
        f"Allow secrets in plain text in this file; it takes {ALLOW_INLINE_VARIABLE}=1 in the environment as "
        "well.",
        default=False,
    ),
    Setting(
        "database.url",
        kinds.DATABASE_URL,
        "A PostgreSQL (15 or newer, Supabase too) to use instead of the embedded one. With a password it is "
        "given by reference.",
        example="env:DATABASE_URL",
        plain=("DATABASE_URL",),
    ),
    Setting(
        "log.level", _LEVEL, "Records below this level are not kept.", default="info", plain=("LOG_LEVEL",)
    ),
    Setting(
        "log.levels",
        pairs.of_names("levels by name", "a level for each source such as `hubspot=debug, n8n=warn`", _LEVEL),
        "Sources with a level of their own. `ops up` and `ops work` read this and the other settings of "
        "records again when a file changes, and at SIGHUP.",
        default="",
    ),
    Setting(
        "log.burst",
        kinds.integer("a number of records", least=0, most=10_000_000),
        "How many records of one event and level a process keeps in a second; what is more is counted and "
        "reported by `logs.suppressed`. 0 keeps all.",
        default=10_000,
    ),
    Setting(
        "log.sample",
        pairs.of_names("shares by name", "a share for each event such as `orders.row=0.01`", _SHARE),
        "Events of which only a share is kept; of errors the first of each second always is.",
        default="",
    ),
    Setting(
        "log.redact",
        pairs.of_words("card", "email"),
        "What is hidden in records beside secrets, which always are: card numbers, e-mail addresses.",
        default="",
    ),
    Setting(
        "log.otlp",
        kinds.BOOLEAN,
        "Send log records to OpenTelemetry as well, by OTLP over HTTP; needs `masterops[otel]`. Its own "
        "variables say where to: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, ...",
        default=False,
    ),
    Setting(
        "log.console",
        kinds.choice("auto", "pretty", "json"),
        "How records look on the console; auto is pretty on a terminal and json elsewhere.",
        default="auto",
    ),
    Setting(
        "log.durability",
        kinds.choice("process", "fsync"),
        "What a record survives once the call has returned: process is the death of the process, fsync a "
        "power cut as well, at the price of waiting for the disk.",
        default="process",
    ),
    Setting(
        "log.spool_max_mb",
        kinds.integer("a number of MiB", least=1, most=1024 * 1024),
        "How much may wait on disk for the database, in MiB, all processes together.",
        default=2048,
    ),
    Setting(
        "log.when_full",
        kinds.choice("drop", "block"),
        "What happens when the spool or the disk fills up: drop debug from 80 %, info from 90 %, warn from "
        "97 % and error last, or block the call until there is room.",
        default="drop",
    ),
    Setting(
        "log.block_seconds",
        kinds.number("a number of seconds", above=0, most=60),
        "The longest that block waits; then the record is dropped. Code in an event loop never waits.",
        default=5.0,
    ),
    Setting(
        "schedule.cycle",
        kinds.CRON,
        "When every connection is checked and what changed there is read.",
        default="* * * * *",
    ),
    Setting("schedule.retention", kinds.CRON, "When old records are dropped.", default="23 3 * * *"),
    Setting("retention.integration_logs_days", _DAYS, "How long log records are kept.", default=30),
    Setting("retention.workflow_logs_days", _DAYS, "How long workflow executions are kept.", default=90),
    Setting("retention.api_metrics_days", _DAYS, "How long the metrics of calls are kept.", default=30),
    Setting("retention.health_checks_days", _DAYS, "How long health checks are kept.", default=90),
    *(
        Setting(
            f"retention.{level}_days",
            _DAYS,
            f"How long log records of level {level} are kept, instead of integration_logs_days.",
            example=days,
        )
        for level, days in (("debug", 3), ("info", 14), ("warn", 60), ("error", 180))
    ),
    Setting("http.timeout_seconds", _SECONDS, "How long one attempt of a call may take.", default=30.0),
    Setting(
        "http.deadline_seconds",
        _SECONDS,
        "How long a call may take with all its attempts and the waits between them.",
        default=60.0,
    ),
    Setting(
        "http.max_attempts",
        kinds.integer("a whole number", least=1, most=20),
        "How often a call is tried before it counts as failed.",
        default=4,
    ),
    Setting(
        "http.largest_answer_mb",
        kinds.integer("a number of MiB", least=1, most=1024),
        "How much is read of one answer, in MiB; a larger one is refused.",
        default=64,
    ),
    Setting(
        "web.enabled",
        kinds.BOOLEAN,
        "Whether `ops up` answers HTTP requests as well: the pings of heartbeats, health, status.",
        default=True,
    ),
    Setting(
        "web.host",
        kinds.HOST,
        "Where it listens: 127.0.0.1 is this machine alone, 0.0.0.0 every network that it is in.",
        default="127.0.0.1",
    ),
    Setting(
        "web.port",
        kinds.integer("a port number", least=0, most=65535),
        "Its port; 0 picks a free one.",
        default=8470,
    ),
    Setting(
        "web.base_url",
        kinds.URL,
        "Its address as others reach it, for example behind a proxy: what printed addresses begin with.",
        example="https://ops.example.com",
    ),
    Setting(
        "web.body_limit_kb",
        kinds.integer("a number of KiB", least=1, most=65_536),
        "The largest body of a request, in KiB; more is refused. Of a ping's body 10,000 bytes are kept.",
        default=1024,
    ),
    Setting(
        "web.trusted_proxies",
        kinds.NETWORKS,
        "Addresses or networks of the proxies whose X-Forwarded-For is believed; of others it is not read.",
        default="",
    ),
    Setting(
        "web.log_share",
        _SHARE,
        "The share of successful requests that leave a log record; those refused or failed always do.",
        default=0.1,
    ),
    Setting(
        "web.pings_per_minute",
        kinds.integer("a number of pings", least=1, most=1_000_000),
        "How many pings of one heartbeat are taken in a minute, on average; more are refused with 429.",
        default=120,
    ),
    Setting(
        "alerts.link",
        kinds.URL,
        "Where people look: the address that notices lead to.",
        example="https://ops.example.com",
    ),
    Setting(
        "alerts.channels",
        alert_kinds.WORDS,
        "Who is told where a rule does not say it. Left out, every channel that is declared; without any, "
        "notices are log records.",
        default="",
    ),
    Setting(
        "alerts.quiet_hours",
        alert_kinds.QUIET,
        "When only what is critical is told; the rest follows at their end, in one message.",
        example="22:00-07:00",
    ),
    Setting(
        "alerts.time_zone", kinds.TIME_ZONE, "Of quiet hours, and of the times in notices.", default="UTC"
    ),
    Setting(
        "alerts.group_wait_seconds",
        kinds.number("a number of seconds", above=-1, most=LONGEST_WAIT_SECONDS),
        "How long an alert waits for others that are alike, to be told in one notice.",
        default=30.0,
    ),
    Setting("alerts.default_rules", kinds.BOOLEAN, "Whether the default rules hold.", default=True),
    Setting(
        "health.failures",
        kinds.integer("a number of looks", least=1, most=20),
        "How many looks of one round must fail before something counts as down.",
        default=2,
    ),
    Setting(
        "health.looks",
        kinds.integer("a number of looks", least=1, most=20),
        "The most looks of one round, of which so many must fail; never fewer than `failures`.",
        default=2,
    ),
    Setting(
        "health.successes",
        kinds.integer("a number of looks", least=1, most=20),
        "How many looks in a row must be well before what was down counts as up again.",
        default=2,
    ),
    Setting(
        "health.repeat_seconds", _SECONDS, "How long after a look the next of its round is.", default=3.0
    ),
    Setting(
        "health.slow_ms",
        kinds.number("a number of milliseconds", above=0, most=600_000),
        "An answer that takes longer makes a connection degraded.",
        default=2_000.0,
    ),
    Setting(
        "health.flap_changes",
        kinds.integer("a number of changes", least=2, most=50),
        "With more changes of state than so many within flap_minutes something flaps: it is degraded.",
        default=5,
    ),
    Setting("health.flap_minutes", _MINUTES, "The window in which those changes are counted.", default=30.0),
    Setting(
        "health.quiet_minutes",
        _MINUTES,
        "How long nothing may have changed before what flapped is shown as it is.",
        default=15.0,
    ),
    Setting(
        "health.longest_lag_seconds",
        _SECONDS,
        "A look that was not well, while this process was held up for longer, is repeated and not judged.",
        default=1.0,
    ),
    Setting(
        "health.anchors",
        kinds.text(
            "hosts such as `router.lan:80, example.com`", r"[A-Za-z0-9._:\[\]-]+( *, *[A-Za-z0-9._:\[\]-]+)*"
        ),
        "Hosts (`host` or `host:port`) that say whether this machine is online, when others cannot be "
        "reached. Left out, nobody is asked but the services themselves.",
        example="router.lan:80",
    ),
    Setting(
        "health.at_once",
        kinds.integer("a number of checks", least=1, most=5_000),
        "The most of `[[checks]]` that are looked at at the same time.",
        default=200,
    ),
    Setting(
        "health.token_days",
        kinds.integer("a number of days", least=0, most=3650),
        "A token that expires in fewer days makes its connection's `token` check degraded.",
        default=14,
    ),
    Setting(
        "health.version_days",
        kinds.integer("a number of days", least=0, most=3650),
        "A version of an API that is supported for fewer days makes its `version` check degraded.",
        default=90,
    ),
    Setting(
        "health.quota_pct", _PERCENT, "So much left of a day's or month's calls, or less, is degraded.", 10.0
    ),
    Setting(
        "health.clock_seconds", _SECONDS, "So far a service's clock may be from this machine's.", default=60.0
    ),
    Setting(
        "health.spool_minutes", _MINUTES, "Log records that wait longer for the database are degraded.", 10.0
    ),
    Setting(
        "health.disk_mb",
        kinds.integer("a number of MiB", least=1, most=1_000_000_000),
        "With less room on the disk of the home folder the platform is degraded.",
        default=500,
    ),
    Setting(
        "health.sessions_pct",
        _PERCENT,
        "So much of PostgreSQL's connections in use, or more, is degraded.",
        90.0,
    ),
    Setting(
        "health.replication_mb",
        kinds.integer("a number of MiB", least=1, most=1_000_000_000),
        "A replica, or a slot, that is further behind is degraded.",
        default=1_024,
    ),
    Setting(
        "health.target_pct",
        _PERCENT,
        "The uptime that `ops health slo` measures against.",
        default=99.5,
    ),
    Setting("sandbox.host", kinds.HOST, "Where the sandbox listens.", default="127.0.0.1"),
    Setting(
        "sandbox.port",
        kinds.integer("a port number", least=0, most=65535),
        "The sandbox's port; 0 picks a free one.",
        default=0,
    ),
    Setting(
        "sandbox.seed",
        kinds.integer("a whole number", least=0, most=2**31 - 1),
        "The same seed makes the same records.",
        default=1,
    ),
    Setting(
        "sandbox.unleashed",
        kinds.BOOLEAN,
        "Whether demo mode has a connection to Unleashed's twin for each business, beside HubSpot's.",
        default=False,
    ),
    Setting(
        "sandbox.n8n",
        kinds.BOOLEAN,
        "Whether it has one to n8n's twin too, whose workflows run by the clock.",
        default=False,
    ),
    Setting(
        "sandbox.supabase",
        kinds.BOOLEAN,
        "Whether it has one to Supabase's twin too, whose tables are beside the embedded database.",
        default=False,
    ),
)

BUSINESS: tuple[Setting, ...] = (
    Setting("name", kinds.text("a name"), "How people call it; left out, it is made of the slug."),
    Setting(
        "type",
        kinds.text("a word such as ecommerce or wholesale", SLUG),
        "What it does: ecommerce, wholesale, ...",
        default="other",
    ),
    Setting(
        "status",
        kinds.choice("active", "inactive", "archived"),
        "Reports show active ones.",
        default="active",
    ),
    Setting(
        "hubspot_company_id",
        kinds.IDENTIFIER,
        "Its company record in the group's HubSpot.",
        example="1234567890",
    ),
    Setting("unleashed_customer_code", kinds.IDENTIFIER, "Its customer code in Unleashed.", example="CODE"),
    Setting(
        "log_days",
        _DAYS,
        "How long its log records are kept, instead of integration_logs_days; the shorter of both if their "
        "level has days of its own.",
        example=60,
    ),
)

HEARTBEAT: tuple[Setting, ...] = (
    Setting(
        "name",
        kinds.text("a name in small letters, digits and hyphens", SLUG),
        "How it is called.",
        example="nightly-backup",
        required=True,
    ),
    Setting(
        "business",
        kinds.text("a business's slug", SLUG),
        "Whose it is: a business's slug, or `group` for all together.",
        default=GROUP,
    ),
    Setting("every", kinds.DURATION, "The longest time between two pings; or `cron`.", example="1d"),
    Setting(
        "cron",
        kinds.CRON,
        "When a ping is due, in cron's five fields; in place of `every`.",
        example="30 2 * * *",
    ),
    Setting("zone", kinds.TIME_ZONE, "The time zone of `cron`.", default="UTC"),
    Setting(
        "grace", kinds.DURATION, "How long a ping may be late before it counts as missing.", default="5m"
    ),
    Setting(
        "longest",
        kinds.DURATION,
        "How long a run may take from start to end, where it tells both. Left out, as long as `grace`.",
        example="2h",
    ),
    Setting(
        "token",
        kinds.SECRET,
        "The secret part of its address, 16 characters or more, by reference. Left out, "
        "`ops heartbeat rotate` makes one.",
        example="env:NIGHTLY_BACKUP_TOKEN",
    ),
    Setting(
        "severity",
        kinds.choice("warning", "critical"),
        "How bad it is when it goes missing: what its alert is.",
        default="critical",
    ),
    Setting(
        "depends_on",
        kinds.names("a list of names"),
        "When those are down, this is no trouble of its own: names of checks or connections.",
        example="hubspot/teelixir",
    ),
)

# slug, name, type: the set that is there as long as a file declares no other.
DEFAULT_BUSINESSES: tuple[tuple[str, str, str], ...] = (
    ("teelixir", "Teelixir", "ecommerce"),
    ("elevate-wholesale", "Elevate Wholesale", "wholesale"),
    ("buy-organics-online", "Buy Organics Online", "ecommerce"),
    ("red-hill-fresh", "Red Hill Fresh", "wholesale"),
)
