"""
The numbers are those of the rows, at every moment, whoever writes, rolls up or dies meanwhile.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from masterops.testing import servers
from tests.sql.comparing import differences
from tests.sql.conftest import OWNER, TEMPLATE, Connection, Server
from tests.sql.naive import COUNTING, statements
from tests.sql.rows import (
    DAY,
    HOUR,
    ago,
    attempt,
    business,
    connection,
    error,
    every,
    execution,
    log,
    look,
    one,
    value,
)

# What a step is checked with; all of them are asked once at the end.
QUICK = (
    "integration_health_summary",
    "api_performance_summary",
    "workflow_performance_summary",
    "daily_operations_summary",
    "hubspot_sync_status",
    "uptime_summary",
)
BACK = [
    timedelta(seconds=1), 5 * timedelta(minutes=1), HOUR, 3 * HOUR, DAY - HOUR / 3, DAY + HOUR / 3, 2 * DAY, 6 * DAY,
    7 * DAY - HOUR / 3, 29 * DAY, 30 * DAY - HOUR / 3, 40 * DAY, -2 * HOUR,
    # Near the start of a window, where rows, ten minutes and hours meet.
    DAY - HOUR / 12, DAY + HOUR / 12, DAY - HOUR, 7 * DAY + HOUR / 12, 7 * DAY - HOUR / 12,
]  # fmt: skip
# What was the newest, largest or smallest is kept after its row is gone or has changed.
EXTREMES = (
    "last_activity", "last_error", "last_call", "last_execution", "workflow_name", "last_successful_sync",
    "last_failed_sync", "last_down", "min_duration_ms", "max_duration_ms",
)  # fmt: skip


SOME = "(SELECT {at}, id FROM {table} ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED)"


@dataclass(frozen=True)
class Step:
    """
    One thing that somebody does.
    """

    what: str
    who: int
    back: tuple[timedelta, ...]
    number: int


STEPS = st.builds(
    Step,
    st.sampled_from(["log", "log", "attempt", "look", "execution", "finish", "move", "commit", "abort", "roll",
                     "roll", "roll one", "kill", "partitions", "delete", "change", "slip"]),
    st.integers(0, 1),
    st.lists(st.sampled_from(BACK), min_size=1, max_size=4).map(tuple),
    st.integers(0, 5),
)  # fmt: skip


class House:
    """
    Two writers with open transactions, a roller that gets killed, and a reader.
    """

    def __init__(self, server: Server, database: str) -> None:
        self.open = lambda: server.connect(database, OWNER)
        self.reader, self.admin = self.open(), server.connect(database)
        self.writers = [self.open(), self.open()]
        self.roller = self.open()
        self.executions = 0

    def reset(self) -> None:
        """Begin anew."""
        for writer in self.writers:
            writer.rollback()
        self.reader.execute(
            "TRUNCATE integration_logs, api_metrics, health_checks, workflow_execution_logs, health_flips,"
            " ops.health_state, ops.deltas, ops.rollups, ops.histograms, ops.last_seen"
        )
        self.reader.execute(
            "UPDATE ops.horizons SET since = ops.at_or_after('10 minutes', now() - ops.window_length(substr(name, 8)))"
            " WHERE name LIKE 'window%'"
        )

    def close(self) -> None:
        """Everybody leaves."""
        for session in (self.reader, self.admin, *self.writers, self.roller):
            session.close()

    def take(self, step: Step) -> None:
        """Do one step."""
        writer = self.writers[step.who]
        if step.what in ("log", "attempt", "look", "execution", "finish", "move", "delete", "change"):
            if step.what == "look":
                self.writers[1 - step.who].commit()  # looks at the same connection wait for each other
            if writer.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                writer.execute("BEGIN")
            self.write(writer, step)
            if step.number % 2:
                writer.commit()
        elif step.what == "commit":
            writer.commit()
        elif step.what == "abort":
            writer.rollback()
        elif step.what == "kill":
            self.kill()
        elif step.what == "slip":
            self.slip(timedelta(minutes=(-200, -50, -10, 10, 50, 200)[step.number]))
        elif step.what == "partitions":
            # Waits for writers, so they finish first.
            for each in self.writers:
                each.commit()
            self.reader.execute("SELECT ops.ensure_partitions(0, %s)", [step.number * 8])
        else:
            self.roller.execute("SELECT ops.roll_up(%s)", [1 if step.what == "roll one" else 1000])

    def write(self, writer: Connection, step: Step) -> None:
        """Rows of several hours, some of them long ago, in one transaction."""
        slug = ("teelixir", "red-hill-fresh", None)[step.number % 3]
        whose = {"business_id": slug, "integration_id": f"hubspot/{slug or 'group'}"}
        for at, back in enumerate(step.back):
            duration = None if at == 3 else 3.7 ** (step.number + at)
            if step.what == "log":
                make = error if (at + step.number) % 3 == 0 else log
                operation = ("contacts.sync", "deals.changes", None)[at % 3]
                make(writer, created_at=ago(back), duration_ms=duration, operation=operation, **whose)
            elif step.what == "attempt":
                attempt(writer, created_at=ago(back), duration_ms=duration, success=at != 1, **whose)
            elif step.what == "look":
                state = ("up", "down", "unknown", "degraded")[(at + step.number) % 4]
                look(writer, state, checked_at=ago(back), response_time_ms=duration, **whose)
            elif step.what == "execution":
                self.executions += 1
                execution(writer, execution_id=str(self.executions), workflow_id=f"w{step.number}", status="running",
                          business_id=slug, started_at=ago(back))  # fmt: skip
        if step.what == "finish":
            # SKIP LOCKED: the other writer may hold some, and a test that waits for it waits for ever.
            writer.execute(
                "UPDATE workflow_execution_logs SET status = %s, workflow_name = 'n',"
                " finished_at = started_at + make_interval(secs => %s) WHERE (started_at, id) IN"
                " (SELECT started_at, id FROM workflow_execution_logs WHERE workflow_id = %s FOR UPDATE SKIP LOCKED)",
                ["error" if step.number % 2 else "success", step.number + 0.5, f"w{step.number}"],
            )
        elif step.what == "move":
            writer.execute(
                "UPDATE workflow_execution_logs SET started_at = started_at - interval '9 days' WHERE (started_at, id)"
                " IN (SELECT started_at, id FROM workflow_execution_logs FOR UPDATE SKIP LOCKED LIMIT 2)"
            )

        elif step.what == "delete":
            for table, at in (("integration_logs", "created_at"), ("api_metrics", "created_at"),
                              ("health_checks", "checked_at"), ("workflow_execution_logs", "started_at")):  # fmt: skip
                writer.execute(
                    f"DELETE FROM {table} WHERE ({at}, id) IN {SOME.format(at=at, table=table)}".encode()
                )
        elif step.what == "change":
            for table, change in (
                ("integration_logs", "level = 'error', status = 'error', duration_ms = 77"),
                ("api_metrics", "success = NOT success, endpoint = '/moved'"),
                ("health_checks", "state = 'down', response_time_ms = response_time_ms * 2"),
            ):
                at = "checked_at" if table == "health_checks" else "created_at"
                some = SOME.format(at=at, table=table)
                writer.execute(f"UPDATE {table} SET {change} WHERE ({at}, id) IN {some}".encode())

    def slip(self, by: timedelta) -> None:
        """The windows are where they were some time ago, or, after a clock was put back, where they will be."""
        with self.roller.transaction():
            self.roller.execute("UPDATE ops.horizons SET since = since + %s WHERE name LIKE 'window%%'", [by])
            self.roller.execute("SELECT ops.rebuild_windows()")

    def kill(self) -> None:
        """The roller's process goes away after the work and before the commit."""
        self.roller.execute("BEGIN")
        self.roller.execute("SELECT ops.roll_up()")
        self.admin.execute("SELECT pg_terminate_backend(%s)", [self.roller.info.backend_pid])
        with contextlib.suppress(psycopg.Error):
            self.roller.execute("COMMIT")
        self.roller.close()
        self.roller = self.open()


@pytest.fixture(scope="module")
def house(server: Server) -> Iterator[House]:
    """A database that the examples share, with two businesses and the old views to compare with."""
    server.create("interleaved", servers.copied(TEMPLATE))
    with server.connect("interleaved", OWNER) as db:
        db.execute(statements().encode())
        for slug in ("teelixir", "red-hill-fresh"):
            business(db, slug)
            connection(db, f"hubspot/{slug}")
        connection(db, "hubspot/group")
    opened = House(server, "interleaved")
    yield opened
    opened.close()
    server.drop("interleaved")


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=4, max_size=16))
def test_the_numbers_are_those_of_the_rows_at_every_moment(house: House, steps: list[Step]) -> None:
    """
    Late rows, open transactions, updates, deletions, moved partitions, rollers that are killed, windows that lag
    behind: after each step.
    """
    house.reset()
    changing = {step.what for step in steps} & {"move", "delete", "change"}
    without = EXTREMES if changing else ()
    # A connection that has been heard of has been, whatever is deleted.
    views = set(COUNTING) - ({"stale_integrations", "businesses_needing_attention"} if changing else set())
    for step in steps:
        house.take(step)
        assert {} == differences(house.reader, QUICK, without=without), step
    for writer in house.writers:
        writer.commit()

    assert {} == differences(house.reader, views, without=without)

    while value(house.reader, "SELECT ops.roll_up()"):
        pass

    assert 0 == value(house.reader, "SELECT count(*) FROM ops.deltas")
    assert {} == differences(house.reader, views, without=without)


def test_a_roller_that_is_killed_in_the_middle_has_done_nothing(
    server: Server, database: str, session: Callable[..., Connection]
) -> None:
    """
    Stopped between taking the deltas and writing the sums: the next one does it once.
    """
    db, blocker, roller, admin = session(), session(), session(), session("postgres")
    log(db)
    db.execute("SELECT ops.roll_up()")
    for _ in range(3):
        log(db)
    died: list[psycopg.Error] = []

    def roll() -> None:
        try:
            roller.execute("SELECT ops.roll_up()")
        except psycopg.Error as error:
            died.append(error)

    with blocker.transaction():
        blocker.execute("SELECT FROM ops.rollups FOR UPDATE")
        thread = threading.Thread(target=roll)
        thread.start()
        until_it_waits(admin, roller.info.backend_pid)
        seen_meanwhile = value(db, "SELECT total_logs FROM integration_health_summary")
        admin.execute("SELECT pg_terminate_backend(%s)", [roller.info.backend_pid])
        thread.join(10)
    rolled = value(db, "SELECT ops.roll_up()")

    assert 1 == len(died)
    assert 4 == seen_meanwhile
    assert 3 == rolled
    assert 4 == value(db, "SELECT total_logs FROM integration_health_summary")
    assert 4 == value(db, "SELECT sum(records) FROM ops.rollups WHERE span = 'hour'")


def until_it_waits(db: Connection, process: int) -> None:
    """Until a session waits for a lock."""
    for _ in range(500):
        if value(db, "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", process):
            return
        time.sleep(0.01)
    pytest.fail("it did not have to wait")


def test_writers_and_rollers_wait_for_nobody(session: Callable[..., Connection]) -> None:
    """
    Three transactions that count in the same hour are open at once, and a roller passes them all.
    """
    writers, roller = [session(), session(), session()], session()
    for writer in writers:
        writer.execute("SET lock_timeout = '1ms'")
        writer.execute("BEGIN")
        for _ in range(3):
            error(writer, business_id="teelixir", integration_id="hubspot/teelixir", duration_ms=5)
            attempt(writer)
    roller.execute("SET lock_timeout = '1ms'")
    rolled = [value(roller, "SELECT ops.roll_up()")]
    for writer in writers:
        writer.commit()
        rolled.append(value(roller, "SELECT ops.roll_up()"))

    assert [0, 6, 6, 6] == rolled
    assert 9 == value(roller, "SELECT total_logs FROM integration_health_summary")


def test_the_second_of_two_rollers_goes_home(session: Callable[..., Connection]) -> None:
    """
    It neither waits nor does the work again.
    """
    first, second = session(), session()
    log(first)
    with first.transaction():
        rolled = value(first, "SELECT ops.roll_up()")
        other = value(second, "SELECT ops.roll_up()")

    assert (1, 0) == (rolled, other)


@pytest.mark.parametrize("arguments", ["0", "-1", "NULL"])
def test_impossible_numbers_are_refused_by_name(db: Connection, arguments: str) -> None:
    """
    Nothing is rolled up.
    """
    log(db)
    with pytest.raises(psycopg.Error) as refused, db.transaction():
        db.execute(f"SELECT ops.roll_up({arguments})".encode())

    assert "OP001" == refused.value.sqlstate
    assert 1 == value(db, "SELECT count(*) FROM ops.deltas")


@pytest.mark.parametrize(
    "odd",
    [
        {"duration_ms": float("nan")},
        {"duration_ms": float("inf")},
        {"duration_ms": float("-inf")},
        {"duration_ms": 1.7e308},
        {"duration_ms": -5.0},
        {"duration_ms": 0.0},
        {"duration_ms": 5e-324},
        {"operation": "x" * 100_000, "service": "y" * 100_000},
        {"business_id": "", "integration_id": "", "operation": ""},
        {"message": "m" * 100_000},
        {"created_at": "infinity"},
        {"created_at": "-infinity"},
        {"created_at": "4714-11-24 00:00:00+00 BC"},
        {"created_at": "294276-12-31 23:59:59.999999+00"},
        {"created_at": "2999-01-01"},
    ],
    ids=lambda odd: "-".join(odd) + str(next(iter(odd.values())))[:12],
)
def test_a_row_that_was_stored_before_is_stored_and_rolled_up(db: Connection, odd: dict[str, object]) -> None:
    """
    However odd: counting it fails neither the writer nor the roller, and the rest is counted as ever.
    """
    values = {"source": "hubspot", "message": "m", "duration_ms": 10.0} | odd
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    for _ in range(2):
        db.execute(f"INSERT INTO integration_logs ({names}) VALUES ({marks})".encode(), list(values.values()))
    log(db, duration_ms=10.0)
    before = one(db, "SELECT total_logs, avg_duration_ms FROM integration_health_summary")
    db.execute("SELECT ops.roll_up()")
    after = one(db, "SELECT total_logs, avg_duration_ms FROM integration_health_summary")

    assert before == after
    assert (
        value(db, "SELECT count(*) FROM integration_logs WHERE created_at > now() - interval '1 day'")
        == after["total_logs"]
    )
    assert 3 == value(db, "SELECT sum(records) FROM ops.rollups WHERE span = 'day'")


def test_a_repeated_look_is_counted_once(db: Connection) -> None:
    """
    Recording it again by its id stores nothing, and so it counts nothing.
    """
    moment = ago()
    for _ in range(2):
        look(db, "up", id="01234567-89ab-7def-8123-456789abcdef", checked_at=moment)

    assert 1 == value(db, "SELECT sum(records) FROM ops.look_counts(now() - interval '1 day')")


def test_rows_that_move_to_their_partition_are_not_counted_again(db: Connection) -> None:
    """
    They were counted when they came.
    """
    log(db, created_at=ago(10 * DAY))
    db.execute("SELECT ops.ensure_partitions(0, 10)")

    assert 1 == value(db, "SELECT sum(records) FROM ops.log_counts(now() - interval '20 days')")


def test_last_seen_knows_the_newest_sign_of_each_connection(db: Connection) -> None:
    """
    By source, with the last error, whatever comes late.
    """
    newest: dict[str, datetime] = {}
    for name, back in (("new", HOUR), ("old", DAY)):
        row = error(db, integration_id="hubspot/teelixir", business_id="teelixir", created_at=ago(back))
        newest[name] = row["created_at"]
        db.execute("SELECT ops.roll_up()")

    assert [
        {
            "integration_id": "hubspot/teelixir",
            "business_id": "teelixir",
            "source": "hubspot",
            "last_activity": newest["new"],
            "last_error": newest["new"],
        }
    ] == every(db, "SELECT integration_id, business_id, source, last_activity, last_error FROM ops.last_seen")
