"""
`ops alerts`: what fires, what people say to it, and what happens when they mistype.
"""

from __future__ import annotations

import asyncio
import re

import psycopg
import pytest
from psycopg.types.json import Jsonb

from masterops.alerts import deliver, evaluate
from masterops.channels import open_channels
from masterops.config import load
from masterops.db import Pool
from masterops.logs import Logger
from masterops.transport import Transport
from tests.channels.conftest import hooks
from tests.channels.receivers import Hooks, Reply
from tests.cli.conftest import Cli
from tests.transport.conftest import Notebook

__all__ = ["hooks"]

HOOK = """
[alerts]
group_wait_seconds = 0
[[channels]]
name = "hook"
kind = "webhook"
url = "env:HOOK_URL"
"""


def look(database: str) -> None:
    """An evaluation and a delivery, as the jobs do it."""

    async def both() -> None:
        settings, notebook = load(), Notebook()
        log = Logger(notebook, source="alerts")
        async with Pool(database) as pool, Transport(log=log, measure=notebook.metrics.append) as transport:
            await evaluate(pool, settings, log)
            await deliver(pool, open_channels(settings.channels, transport, log), log)

    asyncio.run(both())


def check(database: str, state: str) -> None:
    """HubSpot of Teelixir."""
    given = {"service": "hubspot", "integration_id": "hubspot/teelixir", "business_id": "teelixir"}
    given |= {"state": state, "error_message": "no answer", "error_code": "NET004"}
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SELECT * FROM ops.record_health(%s)", [Jsonb(given)])


@pytest.fixture
def told(cli: Cli, database: str, hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """One alert that fires and was told at a webhook."""
    monkeypatch.setenv("HOOK_URL", f"{hooks.url}/secret-9f8e7d6c5b4a")
    (cli.folder / "masterops.toml").write_text(HOOK)
    check(database, "down")
    look(database)
    return cli


def test_an_alert_is_listed_shown_acknowledged_and_over(told: Cli, database: str, hooks: Hooks) -> None:
    """
    The way of a person through an alert; what fires unanswered is exit code 1.
    """
    listed = told("alerts")
    shown = told("alerts", "show", "1")
    tried = told("alerts", "ack", "1", "--note", "on it", "--dry-run")
    acknowledged = told("alerts", "ack", "1", "--note", "on it")
    quiet = told("alerts", "list", "-o", "json")
    check(database, "up")
    look(database)
    after = told("alerts", "list")
    every = told("alerts", "list", "--all", "-o", "json").json
    log = told("alerts", "log", "-o", "json").json

    assert 1 == listed.code
    assert re.search(r"1 +✖ critical +firing +teelixir +HubSpot is down", listed.out)
    assert "What" not in shown.err
    assert "hint             It is tried again by itself" in shown.out
    assert "sent" in shown.out
    assert "Nothing was changed." in tried.err
    assert 0 == acknowledged.code == quiet.code == after.code
    assert "acknowledged" == quiet.json[0]["status"]
    assert "No alert fires." in after.err
    assert ["resolved"] == [row["status"] for row in every]
    assert [("resolved", "sent"), ("firing", "sent")] == [(row["kind"], row["status"]) for row in log]
    assert ["firing", "resolved"] == [hit.json["kind"] for hit in hooks.hits]


def test_a_silence_is_seen_and_ended(told: Cli, database: str) -> None:
    """
    By what it covers; a dry run makes none.
    """
    tried = told("alerts", "silence", "--service", "hubspot", "--for", "2h", "--dry-run")
    none = told("alerts", "silences")
    made = told(
        "alerts", "silence", "--business", "Teelixir", "--for", "2h", "--reason", "works", "-o", "json"
    )
    silent = told("alerts", "-o", "json")
    ended = told("alerts", "unsilence", "1" if made.json[0]["id"] == 1 else str(made.json[0]["id"]))
    loud = told("alerts", "-o", "json")

    assert 0 == tried.code
    assert "Nothing is silenced." in none.err
    assert "teelixir" == made.json[0]["business"]
    assert (0, "silenced") == (silent.code, silent.json[0]["status"])
    assert 0 == ended.code
    assert (1, "firing") == (loud.code, loud.json[0]["status"])


def test_a_channel_is_tried_and_says_why_it_does_not_work(told: Cli, hooks: Hooks) -> None:
    """
    Without its address; the code is 1 if one fails.
    """
    fine = told("alerts", "test", "hook")
    hooks.replies = [Reply(403, b"forbidden for secret-9f8e7d6c5b4a")]
    wrong = told("alerts", "test", "hook", "-o", "json")
    every = told("alerts", "test", "--dry-run")

    assert 0 == fine.code
    assert "● success" in fine.out
    assert "test" == hooks.hits[1].json["kind"]
    assert 1 == wrong.code
    assert "REM002" == wrong.json[0]["code"]
    assert "secret-9f8e7d6c5b4a" not in wrong.out + fine.out + every.out
    assert {"hook", "log"} <= set(every.out.split())
    assert 3 == len(hooks.hits)


def test_rules_say_what_they_find_and_which_cannot_be_read(told: Cli) -> None:
    """
    The defaults and one's own.
    """
    with (told.folder / "masterops.toml").open("a") as file:
        file.write('[[alerts.rules]]\nname = "mine"\nsource = "view:public.nothing"\nkeys = ["id"]\n')
    table = told("alerts", "rules")
    rows = {row["name"]: row for row in told("alerts", "rules", "-o", "json").json}

    lines = table.out.splitlines()
    assert 1 == table.code
    assert "  critical teelixir: HubSpot is down" == lines[lines.index("service-down") + 1]
    assert "  cannot be read: There is no table or view named 'public.nothing'" in table.out
    assert 80 >= max(map(len, lines))
    assert ["critical teelixir: HubSpot is down"] == rows["service-down"]["finds"]
    assert 0 == rows["records-lost"]["matches"]
    assert (None, ["hook"]) == (rows["mine"]["matches"], rows["mine"]["channels"])
    assert "There is no table or view named 'public.nothing'" in rows["mine"]["error"]


MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "an alert that is not there": (("alerts", "ack", "99"), "There is no alert named '99'"),
    "the same, to show": (("alerts", "show", "99"), "ops alerts list --all"),
    "a channel": (("alerts", "test", "hok"), "Did you mean 'hook'?"),
    "a rule": (("alerts", "silence", "--rule", "service-dwn", "--for", "1h"), "Did you mean 'service-down'?"),
    "a business": (("alerts", "silence", "--business", "telixir", "--for", "1h"), "Did you mean 'teelixir'?"),
    "a silence of everything": (("alerts", "silence", "--for", "1h"), "--business, --service or --rule"),
    "a span": (("alerts", "silence", "--service", "n8n", "--for", "tomorrow"), "1h30m"),
    "a span that is over": (("alerts", "silence", "--service", "n8n", "--for", "0s"), "over at once"),
    "a span without end": (
        ("alerts", "silence", "--service", "n8n", "--for", "99999999w"),
        "longer than any calendar",
    ),
    "nothing to end": (("alerts", "unsilence"), "--all, or ids"),
    "a silence that is not there": (("alerts", "unsilence", "7"), "There is no silence in force named '7'"),
    "a huge number": (("alerts", "show", "99999999999999999999"), "is not in the range"),
    "another one": (("alerts", "ack", "99999999999999999999"), "is not in the range"),
    "a text in no encoding": (("alerts", "ack", "1", "--note", "\udc80"), "cannot be stored"),
    "a command": (("alerts", "acknowledge", "1"), "acknowledge"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_in_one_error(words: tuple[str, ...], said: str, told: Cli) -> None:
    """
    With what would be right, and exit code 2.
    """
    result = told(*words)

    assert 2 == result.code
    assert said in result.err
    assert "" == result.out
