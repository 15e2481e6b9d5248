"""
The services that a connection can lead to, and the settings of each.

A variable stands for the group's connection as it is written here (`HUBSPOT_ACCESS_TOKEN`) and for a
business's with the slug before it (`RED_HILL_FRESH_HUBSPOT_ACCESS_TOKEN`). A required setting that is
written nowhere is looked for in its variable, so a connection without it can say what to set.

Connectors that are installed beside us bring their own; they need not repeat what every connection has.
"""

from __future__ import annotations

from collections.abc import Mapping

from masterops.config import kinds, pairs
from masterops.config.setting import GROUP, LONGEST_WAIT_SECONDS, Setting
from masterops.core.plugins import WithInstalled

ENABLED = Setting("enabled", kinds.BOOLEAN, "Whether it is used and checked.", default=True)

_OPEN_SECONDS = kinds.number("a number of seconds", above=0, most=LONGEST_WAIT_SECONDS)
# Of calls that keep failing; the numbers are those of core.breaker.
CIRCUIT: tuple[Setting, ...] = (
    Setting(
        "circuit_breaker",
        kinds.BOOLEAN,
        "Stop asking for a while when calls keep failing; reads, writes, batches, searches each by itself.",
        default=True,
    ),
    Setting(
        "circuit_calls",
        kinds.integer("a number of calls", least=1, most=1_000_000),
        "How many calls within half a minute it takes to judge by.",
        default=10,
    ),
    Setting(
        "circuit_share",
        kinds.fraction("a share from 0 to 1"),
        "The share of them that must fail (no connection, no answer in time, or a 5xx); 0 is any.",
        default=0.5,
    ),
    Setting(
        "circuit_seconds",
        _OPEN_SECONDS,
        "How long nothing is asked before one call tries again; twice as long each time that it fails.",
        default=5.0,
    ),
    Setting("circuit_longest_seconds", _OPEN_SECONDS, "The longest that this grows to.", default=300.0),
)

# A connection that is silent for a day is stale, so it is looked at twice in that time.
_CHECK_EVERY = kinds.written_span("a span such as 5m", least=1, most=43_200)
CHECK_EVERY = Setting(
    "check_every",
    _CHECK_EVERY,
    "How often cycles look at it while it answers. Left out, each cycle does.",
    example="5m",
)

_CALLS = kinds.integer("a number of calls", least=1, most=1_000_000)
_TOLD = "Left out, HubSpot says how many; it may lower a number given here, not raise it."


def _secret(name: str, help: str, variable: str, way: str = "") -> Setting:
    example = f"env:{variable}"
    return Setting(name, kinds.SECRET, help, example=example, plain=(variable,), required=True, way=way)


def _url(name: str, help: str, variable: str, example: str) -> Setting:
    return Setting(name, kinds.URL, help, example=example, plain=(variable,), required=True)


OURS: dict[str, tuple[Setting, ...]] = {
    "hubspot": (
        _secret("access_token", "A service key or a private app's token.", "HUBSPOT_ACCESS_TOKEN", "a token"),
        Setting(
            "client_id",
            kinds.SECRET,
            "The client id of an OAuth app, which is used in place of access_token where it is set up.",
            example="env:HUBSPOT_CLIENT_ID",
            plain=("HUBSPOT_CLIENT_ID",),
            way="an OAuth app",
        ),
        Setting(
            "client_secret",
            kinds.SECRET,
            "The OAuth app's client secret.",
            example="env:HUBSPOT_CLIENT_SECRET",
            plain=("HUBSPOT_CLIENT_SECRET",),
            way="an OAuth app",
        ),
        _secret(
            "refresh_token",
            "The refresh token that came of the OAuth app's installation.",
            "HUBSPOT_REFRESH_TOKEN",
            "an OAuth app",
        ),
        Setting(
            "base_url",
            kinds.URL,
            "Where its API is.",
            default="https://api.hubapi.com",
            plain=("HUBSPOT_BASE_URL",),
        ),
        Setting(
            "api_version",
            kinds.VERSION,
            "The dated version of its API.",
            default="2026-03",
            plain=("HUBSPOT_API_VERSION",),
        ),
        Setting("calls_per_10_seconds", _CALLS, f"The most calls in any ten seconds. {_TOLD}", example=190),
        Setting("searches_per_second", _CALLS, "The most searches in any second. Left out, 5.", example=5),
        Setting("calls_per_day", _CALLS, f"The most calls a day. {_TOLD}", example=625_000),
        Setting(
            "reserved_of_day",
            pairs.of_shares("shares by lane", "a share for each lane such as `month-end=0.2`"),
            "The last part of the day's calls, kept for a lane: what other work may not spend.",
            example="month-end=0.2",
        ),
        Setting(
            "time_zone",
            kinds.TIME_ZONE,
            "Where the account is: its day ends at midnight there. Left out, the account is asked.",
            example="Australia/Melbourne",
        ),
        CHECK_EVERY,
        *CIRCUIT,
        ENABLED,
    ),
    "n8n": (
        _url("base_url", "Where n8n is.", "N8N_BASE_URL", "https://n8n.example.com"),
        _secret("api_key", "An API key of n8n.", "N8N_API_KEY"),
        Setting(
            "calls_per_second",
            _CALLS,
            "The most calls in any second; n8n itself has no limit.",
            default=10,
        ),
        Setting(
            "workflow_businesses",
            pairs.of_names(
                "businesses by workflow",
                "a business's slug for workflows such as `Orders=teelixir`",
                kinds.text("a business's slug", r"[a-z0-9-]+"),
            ),
            "Whose workflows are, by their names or ids; it wins over their tags and names.",
            example="Weekly report=teelixir",
        ),
        Setting(
            "timezone",
            kinds.TIME_ZONE,
            "n8n's GENERIC_TIMEZONE: where workflows are due that have no time zone of their own. "
            "The default is n8n's own.",
            default="America/New_York",
        ),
        Setting(
            "missed_after_seconds",
            kinds.number("a number of seconds", above=0, most=LONGEST_WAIT_SECONDS),
            "How late a run may begin before it counts as missed.",
            default=300.0,
        ),
        Setting(
            "expects_output",
            pairs.of_any_words("names", "names, ids or tags of workflows such as `Orders, reports`"),
            "The workflows whose runs usually end with items, by name, id or tag. Each of their runs that "
            "went well is asked for once more; one that produces nothing for too long is a finding.",
            example="Orders to Unleashed",
        ),
        CHECK_EVERY,
        *CIRCUIT,
        ENABLED,
    ),
    "supabase": (
        _url("url", "The project's URL.", "SUPABASE_URL", "https://abcdefgh.supabase.co"),
        _secret(
            "service_role_key",
            "The project's secret key (sb_secret_...), or its older service role key.",
            "SUPABASE_SERVICE_ROLE_KEY",
        ),
        Setting(
            "access_token",
            kinds.SECRET,
            "A personal access token, for what Supabase itself says of the project: health, advisors, usage.",
            example="env:SUPABASE_ACCESS_TOKEN",
            plain=("SUPABASE_ACCESS_TOKEN",),
        ),
        Setting(
            "project_ref",
            kinds.IDENTIFIER,
            "The project's reference id. Left out, it is read from the URL.",
            example="abcdefghijklmnopqrst",
        ),
        Setting(
            "management_url",
            kinds.URL,
            "Where the Management API is.",
            default="https://api.supabase.com",
        ),
        Setting(
            "changes",
            pairs.of_names(
                "columns by table",
                "the column that says when a row changed for tables such as `orders=updated_at`",
                kinds.text("a column"),
            ),
            "The tables whose changes are read, each with the column that says when a row changed.",
            example="orders=updated_at",
        ),
        Setting(
            "calls_per_second",
            _CALLS,
            "The most calls to the row API in any second; it has no limit of its own.",
            default=50,
        ),
        Setting(
            "calls_at_once",
            _CALLS,
            "The most unanswered calls to the row API: each takes a connection of the database.",
            default=10,
        ),
        CHECK_EVERY,
        *CIRCUIT,
        ENABLED,
    ),
    "unleashed": (
        _secret("api_id", "The API id.", "UNLEASHED_API_ID"),
        _secret("api_key", "The API key that signs requests.", "UNLEASHED_API_KEY"),
        Setting(
            "base_url",
            kinds.URL,
            "Where its API is.",
            default="https://api.unleashedsoftware.com",
            plain=("UNLEASHED_BASE_URL",),
        ),
        Setting(
            "calls_per_month",
            _CALLS,
            "The calls a month of the subscription. Left out, they are counted and not limited.",
            example=10_000,
        ),
        Setting(
            "calls_per_minute",
            _CALLS,
            "The most calls in any minute. Left out, it is found out by trying.",
            example=60,
        ),
        Setting(
            "changes_every_minutes",
            kinds.integer("a number of minutes", least=0, most=1_440),
            "How long what changed is not looked for again; each look is four calls of the month.",
            default=15,
        ),
        Setting(
            "check_every",
            _CHECK_EVERY,
            "How often cycles look at it while it answers; each look is a call of the month.",
            default="5m",
        ),
        *CIRCUIT,
        ENABLED,
    ),
}

SERVICES: Mapping[str, tuple[Setting, ...]] = WithInstalled(
    OURS, "settings", lambda settings: (*settings, CHECK_EVERY, *CIRCUIT, ENABLED)
)


def variable(setting: Setting, business: str) -> str | None:
    """The variable that sets `setting` at the connection of `business` (or `group`)."""
    if not setting.plain:
        return None
    prefix = "" if business == GROUP else business.upper().replace("-", "_") + "_"
    return prefix + setting.plain[0]
