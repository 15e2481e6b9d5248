"""
What the views read: never the rows of a day that is rolled up.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from masterops.testing import servers
from tests.sql.conftest import OWNER, TEMPLATE, Connection, Server
from tests.sql.naive import COUNTING
from tests.sql.rows import business, connection, every, value

HISTORY = """
INSERT INTO integration_logs (source, message, level, status, business_id, integration_id, duration_ms, created_at)
SELECT 'hubspot', 'm', 'error', 'error', 'teelixir', 'hubspot/teelixir', 5, now() - n * interval '20 minutes'
FROM generate_series(0, 2500) AS n;
INSERT INTO api_metrics (service, endpoint, method, success, business_id, duration_ms, created_at)
SELECT 'hubspot', '/', 'GET', true, 'teelixir', 5, now() - n * interval '20 minutes'
FROM generate_series(0, 2500) AS n;
INSERT INTO health_checks (service, business_id, integration_id, healthy, state, response_time_ms, checked_at)
SELECT 'hubspot', 'teelixir', 'hubspot/teelixir', false, 'down', 5, now() - n * interval '20 minutes'
FROM generate_series(0, 2500) AS n;
INSERT INTO workflow_execution_logs (workflow_id, execution_id, status, business_id, started_at)
SELECT 'w', n, 'error', 'teelixir', now() - n * interval '20 minutes'
FROM generate_series(0, 2500) AS n;
SELECT ops.roll_up(1000000);
ANALYZE;
"""
READ = """
SELECT coalesce(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_xact_user_tables
WHERE schemaname = 'ops' AND relname ~ '^(integration_logs|api_metrics|health_checks|workflow_execution_logs)_'
"""
ASKED = [f"SELECT * FROM {view}" for view in COUNTING] + [
    "SELECT * FROM get_error_rate('hubspot', 24 * 20)",
    "SELECT * FROM get_business_stats('teelixir', 24 * 20)",
    "SELECT * FROM ops.log_percentiles(now() - interval '20 days')",
    "SELECT * FROM business_activity LIMIT 10",
    "SELECT * FROM business_activity WHERE business_slug = 'teelixir' LIMIT 10",
]


@pytest.fixture(scope="module")
def rolled_up(server: Server) -> Iterator[Connection]:
    """Three rows an hour of everything, for thirty-five days, rolled up, in partitions of their own."""
    server.create("rolled_up", servers.copied(TEMPLATE))
    with server.connect("rolled_up", OWNER) as db:
        db.execute("SELECT ops.ensure_partitions(1, 36)")
        business(db)
        connection(db)
        connection(db, "xero/teelixir")
        db.execute(HISTORY.encode())
        yield db
    server.drop("rolled_up")


@pytest.fixture
def history(rolled_up: Connection) -> Iterator[Connection]:
    """A transaction there, whose reads are counted from nothing."""
    with rolled_up.transaction(force_rollback=True):
        # These partitions are small enough to be read whole; real ones are not.
        rolled_up.execute("SET LOCAL enable_seqscan = off")
        yield rolled_up


@pytest.mark.parametrize("question", ASKED)
def test_no_view_reads_rows_that_are_rolled_up(history: Connection, question: str) -> None:
    """
    Ten thousand rows are there; at most two hundred are read, those of a window's broken first hour, the errors of the
    last hour and single rows that an index leads to.
    """
    before = value(history, READ)
    answer = every(history, question)

    assert answer
    assert value(history, READ) - before <= 200


def test_reading_the_rows_would_be_noticed(history: Connection) -> None:
    """
    The measure of the test above sees what a plain aggregate does.
    """
    before = value(history, READ)
    every(history, "SELECT count(message) FROM integration_logs WHERE created_at > now() - interval '7 days'")

    assert 500 < value(history, READ) - before


@pytest.mark.parametrize("view", sorted(set(COUNTING) - {"businesses_needing_attention"}))
def test_the_plan_of_a_view_holds_no_partition(history: Connection, view: str) -> None:
    """
    The broken hour is read by a function that knows which one it is: the server plans for no other.
    """
    plan = str(every(history, f"EXPLAIN SELECT * FROM {view}"))

    assert not [name for name in ("_logs_2", "_metrics_2", "_checks_2", "_default") if name in plan]
