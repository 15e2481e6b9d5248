"""
`ops logs` and what belongs to it.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest

from masterops.logs import Pipeline
from masterops.logs.build import build
from masterops.logs.record import encode
from tests.cli.conftest import Cli

CLOSED = "ALTER TABLE integration_logs ADD CONSTRAINT closed CHECK (message <> 'bad')"
OPEN = "ALTER TABLE integration_logs DROP CONSTRAINT closed"


@pytest.fixture
def pipeline(cli: Cli) -> Pipeline:
    """Another process's end of the spool."""
    return Pipeline(cli.home / "spool", level="debug")


def logged(cli: Cli, pipeline: Pipeline) -> None:
    log = pipeline.logger(source="hubspot", business="teelixir", connection="hubspot/teelixir")
    log.info("order.read", order="order-1042", trace_id="t-7")
    log.success("orders.page", duration_ms=2_000, trace_id="t-7", operation="orders.page")
    pipeline.logger(source="n8n").error("run.failed", workflow="w1")
    pipeline.close()
    assert 0 == cli("logs", "ship").code


def test_few_records_say_what_each_filter_hides(cli: Cli, pipeline: Pipeline) -> None:
    """
    In the words that were typed, on stderr; the records are on stdout alone. JSON says nothing but records.
    """
    logged(cli, pipeline)

    none = cli("logs", "--level", "error", "--business", "teelixir", "--since", "2h", "--search", "a b")
    some = cli("logs", "--errors-only", "--source", "n8n")
    as_json = cli("logs", "--level", "error", "--business", "teelixir", "--output", "json")

    assert ("", "0 records. Without --level error: 0; without --business teelixir: 0; without --since 2h: 0;"
            " without --search 'a b': 0.\n") == (none.out, none.err)  # fmt: skip
    assert 1 == len(some.out.splitlines())
    assert "1 record. Without --source n8n: 1; without --errors-only: 1.\n" == some.err
    assert ([], "") == (as_json.json, as_json.err)


def test_enough_records_say_nothing(cli: Cli, pipeline: Pipeline) -> None:
    """
    Whoever got as many as they asked for does not need to know.
    """
    logged(cli, pipeline)

    assert "" == cli("logs", "--source", "hubspot", "-n", "2").err
    assert "There are no log records yet" not in cli("logs").err


def test_nothing_at_all_is_said(cli: Cli) -> None:
    """
    A new database.
    """
    assert (0, "", "There are no log records yet.\n") == tuple(cli("logs").__dict__.values())


def test_search_and_ids(cli: Cli, pipeline: Pipeline) -> None:
    """
    The id that `--ids` shows is the one that `--around` takes; the record is marked among its neighbours.
    """
    logged(cli, pipeline)

    found = cli("logs", "--search", "ORDER-1042", "--ids").out.split()[0]
    around = cli("logs", "--around", found, "-n", "4")
    marks = cli("logs", "--around", found, "--output", "json").json

    assert [">", " "] == [line[0] for line in around.out.splitlines()][:2]
    assert "order.read" in around.out.splitlines()[0]
    assert [True, False, False] == [each["marked"] for each in marks]
    assert found == marks[0]["id"]


def test_a_trace_is_a_thread(cli: Cli, pipeline: Pipeline) -> None:
    """
    Indented by what it happened in, with the time after the start; as data it has depth and offset.
    """
    logged(cli, pipeline)

    shown = cli("logs", "--trace", "t-7").out.splitlines()
    steps = cli("logs", "--trace", "t-7", "--output", "json").json
    rows = list(csv.DictReader(io.StringIO(cli("logs", "--trace", "t-7", "--output", "csv").out)))

    assert ["+0 ms", "orders.page"] == [shown[0].split("  INFO ")[0].strip(), shown[0].split()[3]]
    assert "    order.read" in shown[1]
    assert [("orders.page", 0), ("order.read", 1)] == [(each["message"], each["depth"]) for each in steps]
    assert 1_900 < steps[1]["offset_ms"] <= 2_001
    assert ["0", "1"] == [row["depth"] for row in rows]
    assert "No log record of trace t-8" in cli("logs", "--trace", "t-8").err
    assert "the first 1 records" in cli("logs", "--trace", "t-7", "-n", "1").err
    assert "" == cli("logs", "--trace", "t-7", "-n", "2").err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["--around", "x"], "USE003", id="no id"),
        pytest.param(["--around", str(uuid4())], "USE002", id="no such record"),
        pytest.param(["--follow", "--around", str(uuid4())], "USE001", id="follow around"),
        pytest.param(["--follow", "--until", "1h"], "USE001", id="follow until"),
        pytest.param(["--search", "a\udcff"], "USE003", id="not a text"),
        pytest.param(["--trace", "a\0"], "USE003", id="zero"),
        pytest.param(["shop"], "USE001", id="no such command"),
        pytest.param(["replay"], "USE001", id="which"),
        pytest.param(["replay", "--all", "--id", str(uuid4())], "USE001", id="both"),
        pytest.param(["replay", "--id", str(uuid4())], "USE002", id="no such letter"),
        pytest.param(["replay", "--id", "x"], "USE003", id="no id of a letter"),
        pytest.param(["ship", "--seconds", "0"], "USE001", id="no time"),
    ],
)
def test_mistakes_are_said(cli: Cli, words: list[str], code: str) -> None:
    """
    One error with its code and a hint.
    """
    result = cli("logs", *words)

    assert 2 == result.code
    assert f"code: {code}" in result.err
    assert "hint: " in result.err


def test_the_spool_shows_what_waits(cli: Cli, pipeline: Pipeline) -> None:
    """
    By segment and in all: whose it is, its bytes, and what is not stored; then it is shipped and gone.
    """
    other = Pipeline(cli.home / "spool")
    other.logger().info("of a process that has ended")
    other.close()
    pipeline.logger().info("of one that goes on")

    before = cli("logs", "spool", "--output", "json").json
    shipped = cli("logs", "ship", "--output", "json")
    after = cli("logs", "spool", "--output", "json").json

    def owners(rows: list[dict[str, Any]]) -> list[Any]:
        return [row["owner"] for row in rows]

    assert (["gone", "alive", None], ["alive", None]) == (owners(before), owners(after))
    assert all(row["waiting_bytes"] == row["size_bytes"] > 0 for row in before)
    assert sum(row["size_bytes"] for row in before[:2]) == before[2]["size_bytes"]
    assert [0, 0] == [row["waiting_bytes"] for row in after]
    assert (0, [(2, 0, 0)]) == (
        shipped.code,
        [(each["records"], each["rejected"], each["waiting_bytes"]) for each in shipped.json],
    )
    pipeline.close()


def test_an_empty_spool_reads_well(cli: Cli) -> None:
    """
    Before anything was logged: a total of nothing, and nothing to ship.
    """
    assert [0, 0] == [cli("logs", "spool").code, cli("logs", "ship").code]
    assert "total" in cli("logs", "spool").out


def test_the_spool_can_be_seen_without_a_database(
    cli: Cli, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What needs one is unknown and not nought; shipping says that it cannot.
    """
    monkeypatch.setenv("DATABASE_URL", "postgresql://ops@127.0.0.1:1/ops")
    pipeline.logger().info("waits")

    seen = cli("logs", "spool", "--output", "json")

    assert 0 == seen.code
    assert [None, None] == [row["waiting_bytes"] for row in seen.json]
    assert "is not known" in seen.err
    assert 3 == cli("logs", "ship").code
    pipeline.close()


def test_dead_letters_are_tried_again_after_a_fix(cli: Cli, pipeline: Pipeline, database: str) -> None:
    """
    Exact counts; the dry run changes nothing, a torn line stays and is called that.
    """
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(CLOSED)
        pipeline.logger().info("bad")
        pipeline.logger().info("good")
        pipeline.spool.append(b'{"torn\n')
        pipeline.close()
        refused = cli("logs", "ship")
        still = cli("logs", "replay", "--all")
        admin.execute(OPEN)
        dry = cli("logs", "replay", "--all", "--dry-run", "--output", "json")
        done = cli("logs", "replay", "--all", "--output", "json")
        again = cli("logs", "replay", "--all")

    (letter,) = cli("db", "query", "ops.log_dead_letters", "--output", "json").json
    assert (0, 1, 1, 1, 1) == (refused.code, still.code, dry.code, done.code, again.code)
    assert "2 were refused" in refused.err
    assert "refused again" in still.out and "closed" in still.out
    assert [("would be stored", 1), ("torn", 1)] == [(each["outcome"], each["letters"]) for each in dry.json]
    assert [("stored", 1), ("torn", 1)] == [(each["outcome"], each["letters"]) for each in done.json]
    assert "torn" in again.out and "stored" not in again.out.replace("nothing to store", "")
    assert '{"torn' == letter["line"]
    assert ["bad", "good"] == [row["message"] for row in cli("logs", "-o", "json").json]


def test_records_are_shown_when_the_spool_cannot_be_used(cli: Cli, pipeline: Pipeline) -> None:
    """
    What is in the database can be read, and it is said that the newest may be missing. Whoever wants to ship
    hears what is in the way; when it is gone, nothing is missing.
    """
    logged(cli, pipeline)
    pipeline.logger().info("late")
    pipeline.close()
    (late,) = (cli.home / "spool").glob("*.jsonl")
    late.with_suffix(".shipping").mkdir()

    shown, shipped = cli("logs", "--search", "order"), cli("logs", "ship")
    late.with_suffix(".shipping").rmdir()

    assert (0, 2) == (shown.code, len(shown.out.splitlines()))
    assert f"{late.stem}.jsonl). The newest records may be missing here." in shown.err
    assert (1, "") == (shipped.code, shipped.out)
    assert "Is a directory" in shipped.err and "LOG001" in shipped.err
    assert 1 == len(cli("logs", "--search", "late", "--source", "system").out.splitlines())


def test_a_database_that_may_only_be_read_is_read(cli: Cli, pipeline: Pipeline, database: str) -> None:
    """
    What it holds is shown; what waits keeps waiting, and it is said why.
    """
    logged(cli, pipeline)
    pipeline.logger().info("late")
    pipeline.close()
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            f'ALTER DATABASE "{connection.info.dbname}" SET default_transaction_read_only = on'
        )

    shown, shipped = cli("logs", "--search", "order"), cli("logs", "ship")

    assert (0, 2) == (shown.code, len(shown.out.splitlines()))
    assert "it is read-only (a standby, or set so). The newest records may be missing here." in shown.err
    assert (3, "") == (shipped.code, shipped.out)
    assert "DB002" in shipped.err and "default_transaction_read_only" in shipped.err
    assert [1] == [len(path.read_bytes().splitlines()) for path in (cli.home / "spool").glob("*.jsonl")]


def test_a_spool_that_is_no_folder_is_said(cli: Cli) -> None:
    """
    By whoever needs it, and by `ops doctor`.
    """
    cli.home.mkdir()
    (cli.home / "spool").touch()

    assert [3, 3] == [cli("logs").code, cli("logs", "ship").code]
    assert "LOG001" in cli("doctor").out


def test_lost_records_are_shown_with_the_spool(cli: Cli, pipeline: Pipeline) -> None:
    """
    How many the writers have lost, why, and who says what to do.
    """
    pipeline.logger().info("one")
    pipeline.spool.losses.add("spool_full", ["debug"] * 1234)

    assert "1,234 lost (spool_full: 1,234 debug)" in cli("logs", "spool").err


def test_following_ends_when_nobody_reads_it(cli: Cli, pipeline: Pipeline) -> None:
    """
    `ops logs -f | head -1` gives the terminal back though no further record comes.
    """
    logged(cli, pipeline)

    words = [sys.executable, "-m", "masterops", "logs", "--follow", "-n", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None and following.stderr is not None
        first = following.stdout.readline()
        following.stdout.close()
        try:
            code = following.wait(60)
        finally:
            following.kill()
        said = following.stderr.read()

    assert ("run.failed" in first, 0, "") == (True, code, said)


def test_a_record_of_a_clock_that_was_wrong_is_found(
    cli: Cli, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    In any time zone, also where the moment is the first or the last one that there is.
    """
    years = [1, 1970, 2100, 9999]
    for year in years:
        at = datetime(year, 12, 31, 23, 59, tzinfo=UTC) if year > 1970 else datetime(year, 1, 1, tzinfo=UTC)
        record = msgspec.structs.replace(build("info", f"of {year}", {}), created_at=at)
        pipeline.spool.append(encode(record), "info")
    pipeline.close()

    shown = []
    for zone in ("America/New_York", "Australia/Sydney"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        shown.append([line.rpartition("  ")[2] for line in cli("logs").out.splitlines()])
    monkeypatch.undo()
    time.tzset()

    assert [[f"of {year}" for year in years]] * 2 == shown
