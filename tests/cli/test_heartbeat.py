"""
`ops heartbeat`: making, changing and looking at heartbeats.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

FILE = """
[[heartbeats]]
name = "declared"
every = "1h"
token = "env:DECLARED_TOKEN"
"""


def test_one_is_made_shown_paused_resumed_and_removed(cli: Cli) -> None:
    """
    Its address is printed once, as a line to copy; each step shows.
    """
    made = cli(
        "heartbeat",
        "add",
        "nightly",
        "--cron",
        "30 2 * * *",
        "--zone",
        "Europe/Berlin",
        "--business",
        "teelixir",
    )
    rows = cli("heartbeat", "list", "-o", "json").json
    table = cli("heartbeat", "list", "--business", "teelixir")
    shown = cli("heartbeat", "show", "nightly")
    paused = (
        cli("heartbeat", "pause", "nightly"),
        cli("heartbeat", "show", "nightly", "-o", "json").json["paused_at"],
    )
    resumed = (
        cli("heartbeat", "resume", "nightly"),
        cli("heartbeat", "show", "nightly", "-o", "json").json["paused_at"],
    )
    removed = cli("heartbeat", "remove", "nightly")

    assert re.fullmatch(r"curl -fsS -m 10 --retry 5 http://127\.0\.0\.1:8470/ping/\w{24}\n", made.out)
    assert [("nightly", "teelixir", "unknown", "30 2 * * *", 300)] == [
        tuple(row[key] for key in ("name", "business_id", "state", "cron", "grace_seconds")) for row in rows
    ]
    assert "30 2 * * * Europe/Berlin" in table.out
    assert "No ping yet." in shown.err
    assert 0 == paused[0].code and paused[1] is not None
    assert 0 == resumed[0].code and resumed[1] is None
    assert 0 == removed.code
    assert "There is no heartbeat yet" in cli("heartbeat", "list").err


def test_a_dry_run_changes_nothing(cli: Cli) -> None:
    """
    Of all that writes.
    """
    would = cli("heartbeat", "add", "a", "--every", "1h", "--dry-run")
    cli("heartbeat", "add", "b", "--every", "1h")
    for word in ("pause", "rotate", "remove"):
        assert "Nothing was changed." in cli("heartbeat", word, "b", "--dry-run").err
    rows = cli("heartbeat", "list", "-o", "json").json

    assert ("", 0) == (would.out, would.code)
    assert [("b", None)] == [(row["name"], row["paused_at"]) for row in rows]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a"], "either a span between its pings or a schedule"),
        (["a", "--every", "1h", "--cron", "0 0 * * *"], "either a span between its pings or a schedule"),
        (["A b", "--every", "1h"], "small letters"),
        (["a", "--every", "soon"], "a span such as 90s"),
        (["a", "--cron", "* *"], "five fields"),
        (["a", "--cron", "0 0 31 2 *"], "a schedule of a day that there is"),
        (["a", "--cron", "0 0 * * *", "--zone", "Nowhere"], "a time zone such as"),
        (["a", "--every", "1h", "--business", "telixir"], "teelixir"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(cli: Cli, words: list[str], said: str) -> None:
    """
    One error, exit code 2.
    """
    result = cli("heartbeat", "add", *words)

    assert 2 == result.code
    assert said in result.err
    assert "[]\n" == cli("heartbeat", "list", "-o", "json").out


def test_a_name_is_taken_once_and_an_unknown_one_is_guessed(cli: Cli) -> None:
    """
    With what to do.
    """
    cli("heartbeat", "add", "nightly", "--every", "1h")

    again = cli("heartbeat", "add", "nightly", "--every", "2h")
    misspelt = cli("heartbeat", "show", "nightli")

    assert (2, 2) == (again.code, misspelt.code)
    assert "ops heartbeat rotate" in again.err
    assert "Did you mean 'nightly'?" in misspelt.err


def test_the_configurations_own_are_changed_there(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Neither removed nor given another token by command; `ops up` declares them.
    """
    Path("masterops.toml").write_text(FILE)
    monkeypatch.setenv("DECLARED_TOKEN", "a-secret-of-enough-letters")
    cli("up", "--once")

    removed, rotated = cli("heartbeat", "remove", "declared"), cli("heartbeat", "rotate", "declared")
    shown = cli("heartbeat", "show", "declared", "-o", "json")

    assert (2, 2) == (removed.code, rotated.code)
    assert "declared in the configuration" in removed.err
    assert "given by the configuration" in rotated.err
    assert "configuration" == shown.json["declared_by"]
    assert "a-secret-of-enough-letters" not in shown.out


def test_a_public_address_is_what_is_printed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    `web.base_url`, where there is one.
    """
    monkeypatch.setenv("MASTEROPS_WEB_BASE_URL", "https://ops.example.com")

    made = cli("heartbeat", "add", "nightly", "--every", "1h", "-o", "json").json

    assert made["url"].startswith("https://ops.example.com/ping/")
    assert made["curl"].endswith(made["url"])
