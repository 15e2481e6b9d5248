"""
`ops jobs`: what is in the queue, and what a person may do about it.
"""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.cli.conftest import Cli

PARK = """
INSERT INTO pgqueuer.pgqueuer (priority, status, entrypoint, payload) VALUES (0, 'failed', 'rollups', '{}')
RETURNING id
"""
WHY = """
INSERT INTO pgqueuer.pgqueuer_log (job_id, status, entrypoint, priority, traceback)
VALUES (%s, 'failed', 'rollups', 0, '{"exception_message": "The job rollups failed: x"}')
"""


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
