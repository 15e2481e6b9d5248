"""
The keys of `[[checks]]` and `[[maintenance]]`, as data.
"""

from __future__ import annotations

from masterops.config import kinds
from masterops.config.kinds import Kind, Unfit, quoted
from masterops.config.setting import SLUG, Setting

RECORDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT")
LONGEST_SECONDS = 86_400


def _read_url(value: object) -> object:
    """Unlike an account's address, a page may have a query; a password still does not belong there."""
    plain, _, query = value.partition("?") if isinstance(value, str) else ("", "", "")
    if any(each.isspace() for each in query):
        raise Unfit("a URL such as https://example.com/", quoted(value))
    kinds.URL.read(plain if isinstance(value, str) else value)
    return value  # with the slash at its end, which is part of a page's address


def _read_conditions(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Unfit('a list of tables such as `[{field = "status", op = "=", value = 200}]`', quoted(value))
    return value


def _read_headers(value: object) -> object:
    if not isinstance(value, dict) or not all(isinstance(each, str) and each for each in value.values()):
        raise Unfit('a table of texts such as `{Accept = "application/json"}`', quoted(value))
    return value


_URL = Kind("URL", _read_url)
_LOOKS = kinds.integer("a number of looks", least=1, most=20)
_PORT = kinds.integer("a port number", least=1, most=65_535)
_HOST = kinds.HOST
_ADVICE = "`depends_on` names checks, or connections such as hubspot/teelixir"

CHECK: tuple[Setting, ...] = (
    Setting(
        "name", kinds.text("a name of small letters, digits and hyphens", SLUG), "Its name.", required=True
    ),
    Setting(
        "kind",
        kinds.choice("http", "tcp", "dns", "tls", "domain", "sql"),
        "What is looked at: http, tcp, dns, tls, domain or sql.",
        required=True,
    ),
    Setting("business", kinds.text("a business's slug", SLUG), "Whose it is; left out, everybody's."),
    Setting("enabled", kinds.BOOLEAN, "Whether it is looked at.", default=True),
    Setting(
        "every",
        kinds.span("a length of time such as `30s`", least=1, most=LONGEST_SECONDS),
        "How often.",
        default=60.0,
        example="60s",
    ),
    Setting(
        "timeout",
        kinds.span("a length of time such as `10s`", least=1, most=120),
        "How long one look may take.",
        default=10.0,
        example="10s",
    ),
    Setting(
        "depends_on",
        kinds.names("a list of names"),
        f"When those are down, this is no trouble of its own. {_ADVICE}.",
    ),
    Setting("failures", _LOOKS, "As `health.failures`, for this check."),
    Setting("looks", _LOOKS, "As `health.looks`, for this check."),
    Setting("successes", _LOOKS, "As `health.successes`, for this check."),
    Setting(
        "conditions", Kind("list of conditions", _read_conditions), "What must hold; see docs/health.md."
    ),
)
OF_KIND: dict[str, tuple[Setting, ...]] = {
    "http": (
        Setting("url", _URL, "The address.", required=True),
        Setting(
            "method", kinds.choice("get", "head", "post", "put", "options"), "The method.", default="get"
        ),
        Setting(
            "headers",
            Kind("table", _read_headers),
            "Headers; a value may be `env:NAME` or `file:PATH`, and must where it is a secret.",
        ),
        Setting("body", kinds.text("a text"), "What is sent along."),
        Setting(
            "redirects", kinds.integer("a number", least=0, most=20), "The most that are followed.", default=5
        ),
    ),
    "tcp": (
        Setting("host", _HOST, "The host.", required=True),
        Setting("port", _PORT, "The port.", required=True),
    ),
    "dns": (
        Setting("host", _HOST, "The name that is asked for.", required=True),
        Setting(
            "record", kinds.choice(*(each.lower() for each in RECORDS)), "The type of record.", default="a"
        ),
        Setting("resolver", _HOST, "The address of a server to ask; left out, this machine's."),
    ),
    "tls": (
        Setting("host", _HOST, "The host.", required=True),
        Setting("port", _PORT, "The port.", default=443),
    ),
    "domain": (
        Setting("domain", _HOST, "The registered name, such as example.com.", required=True),
        Setting(
            "rdap_url",
            kinds.URL,
            "The RDAP server of its registry: https://rdap.verisign.com/com/v1",
            required=True,
        ),
    ),
    "sql": (
        Setting(
            "query",
            kinds.text("one SELECT"),
            "Asked of the platform's database, which it cannot change.",
            required=True,
        ),
    ),
}
MAINTENANCE: tuple[Setting, ...] = (
    Setting("name", kinds.text("a name"), "What is done.", required=True),
    Setting(
        "applies_to",
        kinds.names("a list of names"),
        "Connections, services, checks or businesses by name; `*` is everything.",
        required=True,
    ),
    Setting("from", kinds.text("a moment such as 2026-12-01T02:00+10:00"), "When it begins."),
    Setting("until", kinds.text("a moment such as 2026-12-01T04:00+10:00"), "When it ends."),
    Setting("weekly", kinds.text("a stretch of the week"), "In place of both: `Sun 02:00-04:00`."),
    Setting("zone", kinds.TIME_ZONE, "The time zone of `weekly`.", default="UTC"),
)
