"""
`ops jobs`: what is in the queue, and what a person may do about it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from masterops.db import connect
from masterops.engine import Engine, Job, Patience
from masterops.logs import Pipeline
from tests.cli.conftest import Cli

PARK = """
INSERT INTO pgqueuer.pgqueuer (priority, status, entrypoint, payload) VALUES (0, 'failed', 'rollups', '{}')
RETURNING id
"""
WHY = """
INSERT INTO pgqueuer.pgqueuer_log (job_id, status, entrypoint, priority, traceback)
VALUES (%s, 'failed', 'rollups', 0, '{"exception_message": "The job rollups failed: x"}')
"""


@contextmanager
def at_work(database: str, folder: Path, *, fails: bool = False) -> Iterator[list[dict[str, Any]]]:
    """A worker for the job `rollups` in a thread of its own; what it was given."""
    given: list[dict[str, Any]] = []

    async def run(payload: dict[str, Any]) -> None:
        given.append(payload)
        if fails:
            raise ValueError("no such table, token=abcdefghijklmnop1234")

    job = Job("rollups", run, patience=Patience(tries=1))
    engine = Engine(lambda: connect(database), Pipeline(folder / "workers-spool").logger(), [job])
    stop, loop = asyncio.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(engine.work(stop)))
    thread.start()
    try:
        yield given
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()


@pytest.fixture
def parked(cli: Cli, database: str) -> int:
    """The id of a job that failed for good."""
    assert 0 == cli("jobs", "run", "partitions").code  # which makes the queue
    with psycopg.connect(database, autocommit=True) as connection:
        row = connection.execute(PARK).fetchone()
        assert row is not None
        connection.execute(WHY, row)
        return int(row[0])


def test_before_anybody_worked_every_job_is_idle(cli: Cli) -> None:
    """
    The list of a new database is the list of all jobs.
    """
    listed = cli("jobs", "list", "-o", "json").json

    assert {"cycle", "partitions", "retention", "rollups"} <= {row["job"] for row in listed}
    assert {"idle"} == {row["state"] for row in listed}


def test_a_job_is_put_into_the_queue_once(cli: Cli) -> None:
    """
    A dry run does nothing; a second one finds the first.
    """
    dry = cli("jobs", "run", "retention", "--dry-run")
    first = cli("jobs", "run", "retention")
    second = cli("jobs", "run", "retention")
    (row,) = [row for row in cli("jobs", "list", "-o", "json").json if row["job"] == "retention"]

    assert (0, 0, 1) == (dry.code, first.code, second.code)
    assert "waiting" == row["state"]
    assert "JOB003" in second.err and str(row["id"]) in second.err


def test_what_failed_is_listed_shown_and_put_back(cli: Cli, parked: int) -> None:
    """
    With its error; a dry run puts nothing back.
    """
    (listed,) = cli("jobs", "list", "--failed", "-o", "json").json
    (shown,) = json.loads(cli("jobs", "show", str(parked), "-o", "json").out)
    dry = cli("jobs", "retry", "--all-failed", "--dry-run")
    still = cli("jobs", "list", "--failed", "-o", "json").json
    done = cli("jobs", "retry", str(parked))

    assert (parked, "failed", "The job rollups failed: x") == (listed["id"], listed["state"], listed["error"])
    assert "failed" == shown["what"]
    assert [parked] == [row["id"] for row in still]
    assert f"Would put back: rollups, {parked}" in dry.err
    assert 0 == done.code
    assert [] == cli("jobs", "list", "--failed", "-o", "json").json


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "rollup"), "rollups"),
        (("show", "999999"), "no such job is known"),
        (("retry", "999999"), "no such job is known"),
        (("show", "x"), "not a valid integer"),
        (("show", "9223372036854775808"), "not in the range"),
        (("retry", "99999999999999999999"), "not in the range"),
        (("retry", "0"), "not in the range"),
        (("retry",), "--all-failed"),
        (("retry", "1", "--all-failed"), "--all-failed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_clear_error(cli: Cli, words: tuple[str, ...], said: str) -> None:
    """
    With the way to mend it, and exit code 2.
    """
    done = cli("jobs", *words)

    assert 2 == done.code
    assert said in done.err


def test_one_that_waits_is_not_put_back_again(cli: Cli, parked: int) -> None:
    """
    It says where the job is instead.
    """
    cli("jobs", "retry", str(parked))

    done = cli("jobs", "retry", str(parked))

    assert 1 == done.code
    assert "rollups is waiting already" in done.err


def test_waiting_for_a_job_ends_with_it(cli: Cli, database: str) -> None:
    """
    Zero once a worker has done it, and nothing is left in the queue.
    """
    with at_work(database, cli.folder) as given:
        done = cli("jobs", "run", "rollups", "--wait")
    (row,) = [row for row in cli("jobs", "list", "-o", "json").json if row["job"] == "rollups"]

    assert (0, "") == (done.code, done.out)
    assert "rollups is in the queue as " in done.err and "rollups is done." in done.err
    assert [{}] == given
    assert "idle" == row["state"]


def test_waiting_for_a_job_that_fails_says_why_and_how_to_try_again(cli: Cli, database: str) -> None:
    """
    Exit code 1, the error without its secret, the command that puts it back; the doctor knows of it too.
    """
    with at_work(database, cli.folder, fails=True):
        done = cli("jobs", "run", "rollups", "--wait")
    (row,) = cli("jobs", "list", "--failed", "-o", "json").json
    examined = cli("doctor", "-o", "json")
    (finding,) = [each for each in examined.json if each["check"] == "jobs"]

    assert 1 == done.code
    assert "ValueError: no such table" in done.err
    assert f"ops jobs retry {row['id']}" in done.err
    assert "warning" == finding["state"]
    assert finding["detail"].startswith("1 failed for good, the last rollups: ")
    assert "ops jobs retry" in finding["hint"]
    assert "abcdefghijklmnop1234" not in done.err + examined.out + examined.err


def test_the_doctor_counts_the_queue_and_forgets_what_was_put_back(cli: Cli, parked: int) -> None:
    """
    A warning while a job is parked, none when it waits again.
    """
    before = finding_of_jobs(cli)
    cli("jobs", "retry", str(parked))

    assert ("warning", "1 failed for good, the last rollups: The job rollups failed: x") == before
    assert ("ok", "2 in the queue, none parked") == finding_of_jobs(cli)


def test_the_doctor_says_when_nobody_works(cli: Cli, database: str) -> None:
    """
    It is worth a warning where jobs wait for it; while somebody works nothing is said.
    """
    cli("jobs", "run", "partitions")
    schedule = "INSERT INTO pgqueuer.pgqueuer_schedules (expression, next_run, entrypoint, updated)"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"{schedule} VALUES ('* * * * *', now(), 'x.schedule', now())".encode())
        attended = finding_of_jobs(cli)
        connection.execute("UPDATE pgqueuer.pgqueuer_schedules SET updated = '2020-01-02 10:00Z'")
        waiting = finding_of_jobs(cli)
        connection.execute("DELETE FROM pgqueuer.pgqueuer")
        empty = finding_of_jobs(cli)

    assert ("ok", "1 in the queue, none parked") == attended
    assert ("warning", "1 in the queue, none parked; no worker since 2020-01-02 10:00 UTC") == waiting
    assert ("ok", "0 in the queue, none parked; no worker since 2020-01-02 10:00 UTC") == empty


def finding_of_jobs(cli: Cli) -> tuple[str, str]:
    """What the doctor finds of jobs."""
    (found,) = [each for each in cli("doctor", "-o", "json").json if each["check"] == "jobs"]
    return found["state"], found["detail"]
