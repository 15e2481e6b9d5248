"""
Every command, as a new user would try it.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from masterops import get_logger
from tests.cli.conftest import Cli


def test_once_shows_four_businesses_and_exits_with_0(cli: Cli) -> None:
    """
    The main job: each business, its connection, its response time; the demo is said in one line.
    """
    result = cli("up", "--once")

    assert 0 == result.code
    assert 1 == len(result.err.splitlines())
    assert "demo mode" in result.err
    for name in ("Teelixir", "Elevate Wholesale", "Buy Organics Online", "Red Hill Fresh"):
        assert name in result.out
    assert "4 businesses, 4 connections: 4 up" in result.out
    assert 4 == result.out.count(" ms  ")


def test_once_keeps_what_it_did(cli: Cli) -> None:
    """
    Checks, logs, metrics, cycle and cursors are in the database when the command has ended.
    """
    cli("up", "--once")

    counts = {
        table: len(cli("db", "query", table, "--limit", "1000", "--output", "json").json)
        for table in ("health_checks", "integration_logs", "api_metrics", "ops.cycles", "ops.read_cursors")
    }
    assert {"health_checks": 4, "ops.cycles": 1, "ops.read_cursors": 12} == {
        table: counts[table] for table in ("health_checks", "ops.cycles", "ops.read_cursors")
    }
    # A ping and three reads each, one record and one metric a call; a record a read, and the cycle's own.
    assert 16 == counts["api_metrics"]
    assert 16 + 12 + 1 == counts["integration_logs"]
    assert [] == list((cli.home / "spool").iterdir())


def test_a_fault_is_named_by_attention_and_its_end_is_noticed(cli: Cli) -> None:
    """
    Down, named with the reason; cleared, up again, and the flips are kept.
    """
    cli("sandbox", "fault", "hubspot/teelixir", "--status", "500")
    sick = cli("up", "--once")
    attention = cli("attention")
    cli("sandbox", "fault", "hubspot/teelixir", "--clear")
    well = cli("up", "--once")
    flips = cli(
        "db",
        "query",
        "health_flips",
        "--filter",
        "business_id=teelixir",
        "--order",
        "flipped_at",
        "--output",
        "json",
    )

    assert (1, 1, 0) == (sick.code, attention.code, well.code)
    assert "Teelixir" in attention.out
    assert "internal error (HTTP 500)" in attention.out
    assert [(None, "down"), ("down", "up")] == [(each["from_state"], each["to_state"]) for each in flips.json]


def test_health_check_filters_and_exits_by_what_it_finds(cli: Cli) -> None:
    """
    Only what is asked for is checked, and only that decides about the exit code.
    """
    cli("sandbox", "fault", "hubspot/teelixir", "--expired")

    one = cli("health-check", "--business", "Red Hill Fresh", "--services", "hubspot", "--output", "json")
    every = cli("health-check", "--verbose")

    assert ["hubspot/red-hill-fresh"] == [each["connection"] for each in one.json]
    assert (0, 1) == (one.code, every.code)
    assert "REM001" in every.out


def test_logs_filter_by_source_level_business_and_time(cli: Cli) -> None:
    """
    Each filter alone, and the newest last.
    """
    log = get_logger(source="integration", business="teelixir")
    log.info("first", order=1)
    log.error("second")
    get_logger(source="n8n", business="red-hill-fresh").warn("third")

    def messages(*words: str) -> list[str]:
        return [each["message"] for each in cli("logs", "--output", "json", *words).json]

    assert ["first", "second", "third"] == messages()
    assert ["second"] == messages("--errors-only")
    assert ["second", "third"] == messages("--level", "warn")
    assert ["first", "second"] == messages("--source", "integration")
    assert ["third"] == messages("--business", "Red Hill Fresh")
    assert ["third"] == messages("-n", "1")
    assert ["first", "second", "third"] == messages("--since", "1h")
    assert "order=1" in cli("logs").out


def test_stats_count_what_each_source_did(cli: Cli) -> None:
    """
    Records, errors and rates of the last hours.
    """
    log = get_logger(source="n8n", business="teelixir")
    for _ in range(3):
        log.info("ok", duration_ms=100)
    log.error("bad", duration_ms=300)

    rows = cli("stats", "--hours", "48", "--business", "teelixir", "--output", "json").json

    assert [("n8n", 4, 1, 25.0, 150.0)] == [
        (row["source"], row["total_logs"], row["error_count"], row["error_rate_pct"], row["avg_duration_ms"])
        for row in rows
    ]


def test_workflows_show_what_was_recorded(cli: Cli, database: str) -> None:
    """
    Nothing is said clearly; what another tool recorded is shown.
    """
    import psycopg

    nothing = cli("workflows")
    with psycopg.connect(database, autocommit=True) as connection:
        for number, status in enumerate(["success", "error"]):
            connection.execute(
                "SELECT ops.upsert_workflow_execution(%s)",
                [
                    json.dumps(
                        {
                            "workflow_id": "w1",
                            "workflow_name": "Orders",
                            "execution_id": str(number),
                            "integration_id": "n8n/group",
                            "status": status,
                            "business_id": "teelixir",
                            "started_at": "now",
                            "error_message": "no stock" if status == "error" else None,
                        }
                    )
                ],
            )

            connection.execute(
                "SELECT ops.upsert_workflow_execution(%s)",
                [
                    json.dumps(
                        {
                            "workflow_id": "w1",
                            "execution_id": f"other {number}",
                            "integration_id": "n8n/group",
                            "status": "error",
                            "business_id": "red-hill-fresh",
                            "started_at": "now",
                            "error_message": "another business's",
                        }
                    )
                ],
            )

    rows = cli("workflows", "--output", "json").json
    mine = cli("workflows", "--business", "teelixir", "--output", "json").json
    failures = cli("workflows", "--failures", "--business", "teelixir")

    assert "No workflow execution is recorded" in nothing.err
    assert [("Orders", 2, 1, 50.0)] == [
        (r["workflow_name"], r["total_executions"], r["failed_executions"], r["success_rate_pct"])
        for r in mine
    ]
    assert "another business's" not in failures.out
    assert [("Orders", 4, 3)] == [
        (r["workflow_name"], r["total_executions"], r["failed_executions"]) for r in rows
    ]
    assert "no stock" in failures.out
    assert 2 == len(cli("workflows", "--failures", "--business", "red-hill-fresh", "--output", "json").json)
    assert "" == cli("workflows", "--failures", "--business", "elevate-wholesale").out


def test_a_workflow_that_did_not_run_is_shown_with_what_is_known_of_it(cli: Cli, database: str) -> None:
    """
    Among the others, by itself, and in what was missed; an unknown one and a wrong retry are told.
    """
    import psycopg

    row = {"workflow_id": "w1", "name": "Orders", "active": True, "runs_when": "every hour at minute 0 (UTC)"}
    finding = {
        "workflow_id": "w1",
        "workflow_name": "Orders",
        "problem": "missed",
        "reason": "2 runs are missing",
    }
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SELECT ops.record_workflows('n8n/group', %s)", [json.dumps([row])])
        connection.execute(
            "SELECT ops.record_workflow_findings('n8n/group', '{missed}', %s)", [json.dumps([finding])]
        )
        run = {"workflow_id": "w1", "execution_id": "7", "status": "success", "integration_id": "n8n/group"}
        connection.execute(
            "SELECT ops.upsert_workflow_execution(%s)", [json.dumps(run | {"started_at": "now"})]
        )

    (shown,) = cli("workflows", "--output", "json").json
    missed = cli("workflows", "--missed")
    one = cli("workflows", "show", "orders")
    unknown = cli("workflows", "show", "Ordres")
    elsewhere = cli("workflows", "retry", "7", "--dry-run")

    assert ("warning", ["missed"], 1) == (shown["state"], shown["problems"], shown["total_executions"])
    assert "2 runs are missing" in missed.out
    assert "every hour at minute 0 (UTC)" in one.out
    assert "missed: 2 runs are missing" in one.out
    assert (2, True) == (unknown.code, "Orders" in unknown.err)
    assert (2, True) == (elsewhere.code, "n8n/group" in elsewhere.err)


def test_every_capability_of_the_connector_works_in_the_demo(cli: Cli) -> None:
    """
    Each is named and timed; nothing fails.
    """
    result = cli("test-integration", "hubspot", "--business", "teelixir", "--output", "json")

    assert 0 == result.code
    assert {"ok"} == {row["state"] for row in result.json}
    assert 27 == len(result.json)
    assert all(row["duration_ms"] > 0 for row in result.json)


def test_status_and_migrate_say_how_the_database_stands(cli: Cli) -> None:
    """
    A migrated database lacks nothing, and migrating it again changes nothing.
    """
    status = cli("db", "status", "--output", "json")
    dry = cli("db", "migrate", "--dry-run")
    again = cli("db", "migrate")

    assert 0 == status.code
    assert {"applied"} == {row["state"] for row in status.json}
    assert ["The database is up to date.\n"] * 2 == [dry.err, again.err]


def test_a_database_that_is_behind_is_said_before_anything_is_asked(
    cli: Cli, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Somebody else's database is only migrated when told to: by `ops db migrate`, or by `ops up`.
    """
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty_one")
    monkeypatch.setenv("DATABASE_URL", database.replace(database.split("@/")[1].split("?")[0], "empty_one"))

    behind = cli("stats")
    status = cli("db", "status")
    dry = cli("db", "migrate", "--dry-run", "--output", "json")
    still = cli("db", "status")
    done = cli("db", "migrate", "--output", "json")
    after = cli("stats")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DROP DATABASE empty_one WITH (FORCE)")

    assert 3 == behind.code
    assert "code: DB015" in behind.err
    assert (1, 1) == (status.code, still.code)
    assert [row["version"] for row in dry.json] == [row["version"] for row in done.json]
    assert 0 == after.code


def test_retention_drops_what_is_old_and_a_dry_run_only_says_so(cli: Cli, database: str) -> None:
    """
    Rows older than the settings go, with their partitions; the dry run's counts are the real ones.
    """
    import psycopg

    (cli.folder / "masterops.toml").write_text("[retention]\nintegration_logs_days = 7\n")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SELECT ops.ensure_partitions(3, 30)")
        connection.execute(
            "INSERT INTO integration_logs (source, level, status, message, created_at)"
            " SELECT 'x', 'info', 'info', 'm', now() - make_interval(days => d) FROM generate_series(1, 20) AS d"
        )

    dry = cli("db", "retention", "--dry-run", "--output", "json")
    before = len(cli("db", "query", "integration_logs", "--output", "json").json)
    done = cli("db", "retention", "--output", "json")
    after = len(cli("db", "query", "integration_logs", "--output", "json").json)

    assert dry.json == done.json
    assert {"rows_of": "integration_logs", "rows": 14} in done.json
    assert (20, 6) == (before, after)
    assert ("Would drop", "Dropped") == (dry.err.split(" 2")[0].strip(), done.err.split(" 2")[0].strip())


def test_size_names_every_table_and_lint_finds_what_is_open(cli: Cli, database: str) -> None:
    """
    All is well until somebody makes a table without rules.
    """
    import psycopg

    sizes = {row["table_name"]: row for row in cli("db", "size", "--output", "json").json}
    well = cli("db", "lint")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE ops.open_to_all (id int)")
    flawed = cli("db", "lint", "--output", "json")

    assert sizes["integration_logs"]["partitions"] > 2
    assert sizes["integration_logs"]["size_bytes"] > 0
    assert (0, "All is well.\n") == (well.code, well.err)
    assert 1 == flawed.code
    assert {"ops.open_to_all"} == {row["object"] for row in flawed.json}


def test_seeding_fills_a_demo_and_asks_before_anything_else(cli: Cli) -> None:
    """
    Made-up rows do not get among real ones by a slip.
    """
    refused = cli("db", "seed", "--rows", "1000")
    done = cli("db", "seed", "--rows", "1000", "--days", "2", "--yes", "--output", "json")
    stats = cli("stats", "--hours", "48", "--output", "json")

    assert (2, True) == (refused.code, "--yes" in refused.err)
    assert 1000 == pytest.approx(sum(row["rows"] for row in done.json), abs=20)  # shares are rounded
    assert 8 == len(stats.json)


def test_psql_reaches_the_same_database(cli: Cli) -> None:
    """
    Arguments are passed on, and so is the exit code.
    """
    assert 0 == cli("db", "psql", "-c", "SELECT 1").code
    assert 0 != cli("db", "psql", "-v", "ON_ERROR_STOP=1", "-c", "SELECT nonsense").code


def test_the_url_never_shows_a_password(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is printed to be looked at.
    """
    monkeypatch.setenv("DATABASE_URL", "postgresql://ops:hunter22@db.example:5432/ops")

    result = bare("db", "url")

    assert "hunter22" not in result.out
    assert "db.example" in result.out


def test_init_writes_a_file_that_loads(cli: Cli) -> None:
    """
    A second one is refused, a forced one keeps the first.
    """
    first = cli("init")
    loaded = cli("config", "show", "--output", "json")
    second = cli("init")
    forced = cli("init", "--force")

    assert (0, 2, 0) == (first.code, second.code, forced.code)
    assert "code: CFG007" in second.err
    assert "The old file is now" in forced.err
    assert 'connections."hubspot/teelixir".access_token' in {row["key"] for row in loaded.json}
    assert cli("init", "--print").out == (cli.folder / "masterops.toml").read_text()


def test_config_shows_origins_and_hides_secrets(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each value says where it comes from.
    """
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "a-very-secret-token")
    monkeypatch.setenv("LOG_LEVEL", "debug")

    result = cli("config", "show", "--output", "json")

    rows = {row["key"]: row for row in result.json}
    assert "a-very-secret-token" not in result.out
    assert ("debug", True) == (rows["log.level"]["value"], "LOG_LEVEL" in rows["log.level"]["origin"])
    assert "***" == rows['connections."hubspot/group".access_token']["value"]


def test_the_doctor_finds_nothing_wrong_with_a_good_set_up(cli: Cli) -> None:
    """
    Every check is named; the exit code is 0.
    """
    result = cli("doctor", "--output", "json")

    assert 0 == result.code
    assert {
        "python",
        "configuration",
        "home",
        "credentials",
        "database",
        "migrations",
        "partitions",
        "log spool",
        "jobs",
        "sandbox",
    } == {row["check"] for row in result.json}
    assert {"ok"} == {row["state"] for row in result.json}


def test_the_doctor_goes_on_after_the_first_thing_that_is_wrong(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A database that is away does not hide the rest, and each failure has its way out.
    """
    monkeypatch.setenv("DATABASE_URL", "postgresql://ops@127.0.0.1:1/ops")

    result = cli("doctor", "--output", "json")

    failed = [row for row in result.json if row["state"] == "failed"]
    assert 1 == result.code
    assert ["database"] == [row["check"] for row in failed]
    assert failed[0]["hint"]
    assert "sandbox" in {row["check"] for row in result.json}


def test_down_never_stops_a_stranger(cli: Cli) -> None:
    """
    A stale note that names somebody else's process, at an address where a sandbox answers.
    """
    stranger = subprocess.Popen(["sleep", "60"])
    with subprocess.Popen(
        [sys.executable, "-m", "masterops.sandbox", "--business", "teelixir"],
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        url = json.loads(other.stdout.readline())["url"]
        (cli.home / "run").mkdir(parents=True)
        (cli.home / "run" / "sandbox.json").write_text(json.dumps({"url": url, "pid": stranger.pid}))

        result = cli("down")

        assert "Nothing was running." in result.err
        assert stranger.poll() is None
        assert other.poll() is None
        other.terminate()
    stranger.kill()
    stranger.wait()


def test_missing_credentials_are_named_everywhere(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A connection that waits for its token is down and says which variable it waits for.
    """
    monkeypatch.setenv("RED_HILL_FRESH_HUBSPOT_ACCESS_TOKEN", "x")
    monkeypatch.setenv("MASTEROPS_HTTP_MAX_ATTEMPTS", "1")
    (cli.folder / "masterops.toml").write_text(
        '[connections."hubspot/teelixir"]\naccess_token = "env:NOPE_TOKEN"\n'
        '[connections."hubspot/red-hill-fresh"]\nbase_url = "http://127.0.0.1:1"\n'
    )

    once, attention, check = (
        cli("up", "--once"),
        cli("attention"),
        cli("health-check", "--business", "teelixir"),
    )

    assert (1, 1, 1) == (once.code, attention.code, check.code)
    for result in (once, attention, check):
        assert "NOPE_TOKEN" in result.out
    assert "nothing answers at 127.0.0.1" in once.out


def test_a_service_without_a_connector_is_no_crash(cli: Cli) -> None:
    """
    Nor is a filter that matches nothing a success.
    """
    assert (2, True) == ((result := cli("test-integration", "n8n")).code, "code: USE002" in result.err)
    assert (2, True) == ((result := cli("health-check", "--services", "n8n")).code, "USE002" in result.err)


def test_down_says_when_there_is_nothing_to_stop(cli: Cli) -> None:
    """
    Stopping twice is no mistake.
    """
    assert (0, "Nothing was running.\n") == (cli("down").code, cli("down").err)
