"""
The scripts that come with Master-Ops, each against the twins.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

import masterops
from masterops.app.scripts import find, roots
from masterops.connectors.hubspot.properties import Property
from tests.cli.conftest import Cli

ROOT = Path(__file__).parents[2]
PLACES = roots(Path("/nowhere"))


def of(name: str) -> dict[str, Any]:
    """What a script defines."""
    import runpy

    return runpy.run_path(str(find(name, PLACES).path))


def test_they_are_linted_and_every_folder_has_a_readme() -> None:
    """
    By the rules of everything else; the README names every script of its folder.
    """
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "scripts"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert "" == ("" if done.returncode == 0 else done.stdout)
    for folder in (each for each in (ROOT / "scripts").iterdir() if each.is_dir() and each.name[0] != "_"):
        page = (folder / "README.md").read_text()
        assert all(f"`{path.stem}`" in page for path in folder.glob("*.py"))


def test_smoke_asks_each_connection_once(ops: Cli) -> None:
    """
    And the database.
    """
    rows = ops("run", "smoke", "-o", "json").json

    assert 9 == len(rows)
    assert {"ok"} == {row["result"] for row in rows}


def test_latency_counts_and_fails_above_its_limit(ops: Cli) -> None:
    """
    For cron: the exit code tells.
    """
    fine = ops("run", "latency", "--calls", "2", "--business", "teelixir", "-o", "json")
    slow = ops("run", "latency", "--calls", "1", "--business", "teelixir", "--limit-ms", "0.001")

    assert [2, 2] == [row["calls"] for row in fine.json]
    assert (0, 1) == (fine.code, slow.code)


def test_duplicates_are_found_whatever_they_are_written_with(ops: Cli) -> None:
    """
    By address, phone number and name; asking twice finds the same.
    """
    with masterops.open_sync() as opened:
        hub = opened.connect("hubspot", business="teelixir")
        for phone in ("+61 2 5550 1234", "0255501234"):
            hub.contacts.create({"firstname": "Same", "lastname": "Person", "phone": phone})

    first, second = (
        ops("run", "duplicates", "--by", "phone", "--business", "teelixir", "-o", "json") for _ in "12"
    )
    named = ops("run", "duplicates", "--by", "name", "--business", "Teelixir", "-o", "json").json

    assert 2 in [row["records"] for row in first.json if row["value"] == "255501234"]
    assert first.json == second.json
    assert "same person" in [row["value"] for row in named]


@pytest.mark.parametrize(
    "words", [("--by", "nothing"), ("--object", "tea"), ("--business", "nobody"), ("--nothing",)]
)
def test_a_slip_is_one_clear_error(ops: Cli, words: tuple[str, ...]) -> None:
    """
    As of any command.
    """
    done = ops("run", "duplicates", *words)

    assert (2, "", 1) == (done.code, done.out, done.err.count("error:"))
    assert "hint:" in done.err


def test_properties_are_audited_and_mended_once(ops: Cli) -> None:
    """
    Shown first, done with --apply, and then there is nothing left to do.
    """
    with masterops.open_sync() as opened:
        hub = opened.connect("hubspot", business="teelixir")
        made = Property(name="tea_kind", label=" Tea kind ", group_name="contactinformation")
        hub.properties.create("contacts", made)

    words = ("--business", "teelixir", "-o", "json")
    audited = ops("run", "property_audit", *words).json
    shown = ops("run", "property_fix", *words)
    still = ops("run", "--dry-run", "property_fix", "--apply", *words)
    done = ops("run", "property_fix", "--apply", *words)
    again = ops("run", "property_fix", "--apply", *words)

    mine = {row["problem"] for row in audited if row["property"] == "tea_kind"}
    assert {"no description", "blanks around a text"} == mine
    assert [{"label": "Tea kind"}] == [row["changes"] for row in shown.json]
    assert ["would be changed"] == [row["result"] for row in still.json]
    assert ["changed"] == [row["result"] for row in done.json]
    assert [] == again.json


def test_tokens_are_checked_at_every_connection(ops: Cli) -> None:
    """
    Good ones, at the twins.
    """
    rows = ops("run", "token_check", "--business", "teelixir", "-o", "json").json

    assert 2 == len(rows)
    assert {"ok"} == {row["state"] for row in rows}


def test_a_token_that_ends_soon_is_told() -> None:
    """
    Or that has ended; by what the service says.
    """
    told, now = of("token_check")["told"], datetime(2026, 11, 26, tzinfo=UTC)

    assert "ok" == told({}, now, 14)["state"]
    assert "ok" == told({"token_expires_at": "2027-01-01T00:00:00+00:00"}, now, 14)["state"]
    assert "ends soon" == told({"token_expires_at": "2026-12-01T00:00:00+00:00"}, now, 14)["state"]
    assert "expired" == told({"token_expires_at": "2026-11-01T00:00:00+00:00"}, now, 14)["state"]


def test_secrets_that_lie_open_are_told_and_never_shown(ops: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file that everybody may read; one that nobody else may is fine.
    """
    for name, mode in (("open.key", 0o644), ("closed.key", 0o600)):
        (ops.folder / name).write_text("very-" + "secret-word")
        (ops.folder / name).chmod(mode)
    lines = ['demo = true', '[connections."n8n/group"]', 'base_url = "http://127.0.0.1:9"', 'api_key = "file:open.key"',
             '[connections."hubspot/teelixir"]', 'access_token = "file:closed.key"']  # fmt: skip
    (ops.folder / "masterops.toml").write_text("\n".join(lines))

    done = ops("run", "secret_places", "-o", "json")

    problems = {row["setting"]: row["problem"] for row in done.json}
    assert 1 == done.code
    assert "every user may read open.key" == problems['connections."n8n/group".api_key']
    assert problems['connections."hubspot/teelixir".access_token'] is None
    assert "secret-word" not in done.out + done.err


def test_customers_of_both_sides_are_compared(ops: Cli) -> None:
    """
    All of them differ at first; none that was made equal does.
    """
    with masterops.open_sync() as opened:
        customer = next(iter(opened.connect("unleashed", business="teelixir").customers.list(limit=1)))
        hub = opened.connect("hubspot", business="teelixir")
        hub.companies.create({"name": f"{customer.customer_name.upper()} Pty. Ltd."})

    rows = ops("run", "compare_customers", "--business", "teelixir", "-o", "json").json

    assert ["name"] == [row["difference"] for row in rows if row["customer"] == customer.customer_name]
    assert "only in Unleashed" in {row["difference"] for row in rows}
    assert "only in HubSpot" in {row["difference"] for row in rows}


def test_a_table_is_exported_whole_and_only_with_apply(ops: Cli) -> None:
    """
    As CSV or JSON lines; twice is the same file.
    """
    counted = ops("run", "export_table", "businesses", "out.csv", "-o", "json").json
    missing = (ops.folder / "out.csv").exists()
    for _ in range(2):
        ops("run", "export_table", "businesses", "out.csv", "--filter", "slug=teelixir", "--apply")
    ops("run", "export_table", "businesses", "out.jsonl", "--apply")
    refused = ops("run", "export_table", "businesses", "out.xlsx", "--apply")
    lost = ops("run", "export_table", "businesses", "no/such/folder.csv", "--apply")

    assert 4 == counted[0]["rows"]
    assert missing is False
    assert 2 == len((ops.folder / "out.csv").read_text().splitlines())
    assert 4 == len((ops.folder / "out.jsonl").read_text().splitlines())
    assert (2, 2) == (refused.code, lost.code)
    assert {"out.csv", "out.jsonl", "home"} == {each.name for each in ops.folder.iterdir()}


def test_slow_calls_are_summed_by_endpoint(ops: Cli) -> None:
    """
    The slowest first.
    """
    ops("run", "smoke")
    rows = ops("run", "slow_calls", "--hours", "1", "-o", "json").json
    summed = of("slow_calls")["summed"]
    call = {"service": "s", "method": "GET", "endpoint": "/x", "success": True}

    assert "GET /account-info/2026-03/details" in {row["endpoint"] for row in rows}
    assert [(2, 15.0, 20.0, 50.0)] == [
        (row["calls"], row["average_ms"], row["slowest_ms"], row["failed_pct"])
        for row in summed([{**call, "duration_ms": 10}, {**call, "duration_ms": 20, "success": False}], 1)
    ]


def test_errors_that_differ_in_numbers_alone_are_one(ops: Cli) -> None:
    """
    By the log, and by workflow.
    """
    with masterops.open_sync() as opened:
        for number in range(3):
            opened.log.error(f"order {number} of 'Tea {number}' failed")
    rows = ops("run", "log_analysis", "--hours", "1", "-o", "json").json

    assert 3 == next(row["records"] for row in rows if row["pattern"] == "order N of '...' failed")


def test_executions_are_exported_and_their_failures_summed(ops: Cli, shared_database: str) -> None:
    """
    What was collected from n8n.
    """
    with psycopg.connect(shared_database) as connection:
        for number, status in enumerate(("success", "error", "error")):
            connection.execute(
                "INSERT INTO workflow_execution_logs (workflow_id, workflow_name, execution_id, status, started_at,"
                " error_message, integration_id) VALUES ('7', 'Sync orders', %s, %s, now(), %s, 'n8n/group')",
                [str(number), status, f"order {number} is unknown" if status == "error" else None],
            )

    every = ops("run", "export_executions", "--workflow", "Sync orders", "-o", "json").json
    failed = ops("run", "export_executions", "--failed", "-o", "csv").out
    summed = ops("run", "error_summary", "-o", "json").json

    assert 3 == len(every)
    assert 3 == len(failed.splitlines())
    assert [("Sync orders", 2)] == [(row["workflow"], row["failures"]) for row in summed]


def test_dead_letters_are_tried_and_only_stored_with_apply(ops: Cli, shared_database: str) -> None:
    """
    One that is no record at all stays, and is told.
    """
    with psycopg.connect(shared_database) as connection:
        connection.execute(
            "INSERT INTO ops.log_dead_letters (segment, line_offset, line, reason)"
            " VALUES ('a.log', 0, 'torn', 'it was torn')"
        )
    shown = ops("run", "requeue_dead_letters", "-o", "json")
    done = ops("run", "requeue_dead_letters", "--apply", "-o", "json")

    assert [("left", 1)] == [(row["outcome"], row["letters"]) for row in shown.json]
    assert (0, 1) == (shown.code, done.code)


def test_a_script_can_be_started_without_ops(ops: Cli) -> None:
    """
    As a file, with its errors in the same words.
    """
    path = find("smoke", PLACES).path

    fine = subprocess.run([sys.executable, path, "--service", "hubspot"], capture_output=True, text=True)
    wrong = subprocess.run([sys.executable, path, "--service", "hubspit"], capture_output=True, text=True)

    assert 0 == fine.returncode, fine.stderr
    assert 2 == wrong.returncode
    assert "error: There is no service named 'hubspit'" in wrong.stderr
    assert "Traceback" not in wrong.stderr
