"""
`ops health`: everything now, over time, together, against a target, and in maintenance.
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from masterops.cli.commands.health import bars
from masterops.cli.commands.health_maintenance import span
from masterops.cli.junit import junit
from masterops.errors import MasterOpsError
from masterops.reports.health import uptime
from tests.cli.conftest import Cli

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
QUICK = "[health]\nrepeat_seconds = 0.05\nlongest_lag_seconds = 600\n"
CHECKS = """
[[checks]]
name = "orders"
kind = "sql"
query = "SELECT count(*) FROM tasks"
conditions = [{ field = "value", op = "<", value = 10 }]

[[checks]]
name = "port"
kind = "tcp"
host = "127.0.0.1"
port = %d
"""


@pytest.fixture
def port() -> int:
    """One at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def checking(cli: Cli, port: int) -> Cli:
    """With two checks, one of which is well."""
    (cli.folder / "masterops.toml").write_text(QUICK + CHECKS % port)
    return cli


def test_checks_of_the_file_are_looked_at_with_the_connections(checking: Cli, port: int) -> None:
    """
    In one table; what is not up is named with its reason, and decides about the exit code.
    """
    result = checking("health-check")
    only = checking("health", "check", "--services", "check", "-o", "json")

    assert 1 == result.code
    assert 4 == result.out.count("hubspot")
    assert f"nothing answers at 127.0.0.1:{port}" in result.out
    assert [("check/orders", "up"), ("check/port", "down")] == [
        (row["connection"], row["state"]) for row in only.json
    ]


def test_what_was_found_is_told_afterwards(checking: Cli) -> None:
    """
    Flips with their durations, one incident, and a budget that is spent.
    """
    checking("health-check", "--services", "check")
    history = checking("health", "history", "port", "--output", "json").json
    incidents = checking("health", "incidents", "--output", "json")
    slo = checking("health", "slo", "--window", "24h", "--output", "json")
    every = checking("health", "history")

    assert [("check/port", None, "down", None)] == [
        (each["integration_id"], each["from_state"], each["to_state"], each["ended_at"]) for each in history
    ]
    assert (1, ["check/port is down"]) == (incidents.code, [each["title"] for each in incidents.json])
    assert 1 == slo.code
    assert {"check/orders": 100.0, "check/port": 0.0} == {
        each["check"]: each["uptime_pct"] for each in slo.json
    }
    assert "check/orders" in every.out


def test_a_check_that_is_no_longer_in_the_file_is_forgotten(checking: Cli) -> None:
    """
    It was down; it is neither an incident any more nor a state.
    """
    checking("health-check", "--services", "check")
    (checking.folder / "masterops.toml").write_text(QUICK)
    checking("health-check")

    assert 0 == checking("health", "incidents").code
    states = checking("db", "query", "ops.health_state", "--filter", "service=check", "-o", "json")
    assert [] == states.json


def test_maintenance_is_announced_and_ended(checking: Cli) -> None:
    """
    A dry run changes nothing; within the window nothing is wrong; after its end it is.
    """
    add = ("health", "maintenance", "add", "move", "--applies-to", "port", "--for", "2h")
    dry = checking(*add, "--dry-run")
    before = checking("health", "maintenance", "list")
    checking(*add)
    within = checking("health-check", "--services", "check", "-o", "json")
    ended = checking("health", "maintenance", "end", "move")
    after = checking("health-check", "--services", "check")

    assert (0, 0) == (dry.code, before.code)
    assert "Nothing was changed" in dry.err
    assert "No maintenance is planned." in before.err
    assert 0 == within.code
    assert [None, "move"] == [row["maintenance"] for row in within.json]
    assert "1 window named 'move' ended." in ended.err
    assert 1 == after.code


def test_results_as_junit_are_tests(checking: Cli) -> None:
    """
    A case each, the failed ones with their reasons.
    """
    suite = ElementTree.fromstring(checking("health-check", "--services", "check", "-o", "junit").out)

    assert ("2", "1", "0") == tuple(suite.attrib[each] for each in ("tests", "failures", "skipped"))
    (failure,) = suite.iter("failure")
    assert failure.attrib["message"].startswith("down: port cannot be reached")


def test_junit_can_hold_whatever_a_service_says() -> None:
    """
    Control characters and angle brackets among it.
    """
    row = {"service": "a", "connection": "a", "check_name": "<b>", "response_time_ms": None}
    text = junit(
        "x",
        [
            {**row, "state": "down", "error_message": '\x00\x1b[31m<"&>'},
            {**row, "state": "unknown", "error_message": None},
        ],
    )

    suite = ElementTree.fromstring(text)
    assert ['down:   [31m<"&>'] == [each.attrib["message"] for each in suite.iter("failure")]
    assert "1" == suite.attrib["skipped"]


def test_details_have_the_last_looks_of_each(checking: Cli) -> None:
    """
    A bar a look, and a mark where it was down.
    """
    for _ in range(2):
        result = checking("health-check", "--services", "check", "--verbose")

    assert "the last looks" in result.out
    assert "!!" in result.out


def test_bars() -> None:
    """
    The slowest is a full bar; one without a time is a gap.
    """
    assert "▄█! " == bars([("up", 5.0), ("up", 10.0), ("down", 3.0), ("unknown", None)])


@pytest.mark.parametrize(
    ("up", "looks", "known", "pct", "down", "left"),
    [
        pytest.param(1440, 1440, None, 100.0, 0.0, 100.0, id="never down"),
        pytest.param(1439, 1440, None, 99.93, 1.0, 86.1, id="a minute"),
        pytest.param(1430, 1440, None, 99.305, 10.0, -38.9, id="more than is allowed"),
        pytest.param(0, 10, None, 0.0, 1440.0, -100.0, id="always down"),
        pytest.param(0, 10, 10.0, 0.0, 10.0, -38.9, id="known for ten minutes only"),
        pytest.param(999_999, 1_000_000, None, 99.999, 0.0, 100.0, id="never rounded up to all"),
    ],
)
def test_uptime_and_its_budget(
    up: int, looks: int, known: float | None, pct: float, down: float, left: float
) -> None:
    """
    99.5 % of a day allow 7.2 minutes.
    """
    found = uptime("x", "24h", up=up, looks=looks, target_pct=99.5, known_minutes=known)

    assert (pct, 7.2, down, left) == (
        found.uptime_pct,
        found.allowed_minutes,
        found.down_minutes,
        found.left_pct,
    )


@pytest.mark.parametrize(
    ("begin", "length", "until"),
    [
        (None, None, None),
        (None, "2h", "2026-12-01"),
        (None, "soon", None),
        (None, None, "yesterday"),
        (None, None, "2026-11-26T09:59Z"),
        ("2026-12-02", None, "2026-12-01"),
        (None, "2000d", None),
    ],
    ids=["no end", "two ends", "no span", "no moment", "past", "backwards", "for years"],
)
def test_a_window_that_makes_no_sense_is_refused(
    begin: str | None, length: str | None, until: str | None
) -> None:
    """
    With words for each.
    """
    with pytest.raises(MasterOpsError):
        span(begin, length, until, NOW)


def test_a_window_is_from_when_until_when() -> None:
    """
    From now unless said otherwise; a moment without an offset is in UTC.
    """
    assert (NOW, NOW + timedelta(hours=2)) == span(None, "2h", None, NOW)
    assert (NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == span(
        "2026-11-26T11:00", None, "2026-11-26T23:00+11:00", NOW
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("history", "prt"), "Did you mean 'port'?"),
        (("history", "--since", "soon"), "cannot be read"),
        (("maintenance", "add", "x", "--applies-to", "hubspt", "--for", "1h"), "Did you mean 'hubspot'?"),
        (("maintenance", "end", "x"), "no maintenance named 'x'"),
    ],
)
def test_a_mistake_has_one_error(checking: Cli, words: tuple[str, ...], said: str) -> None:
    """
    With the right spelling, and exit code 2.
    """
    result = checking("health", *words)

    assert 2 == result.code
    assert said in result.err
