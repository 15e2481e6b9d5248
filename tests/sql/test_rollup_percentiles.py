"""
Percentiles from histograms, beside those of the durations themselves.
"""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql.comparing import BOUND
from tests.sql.conftest import Connection
from tests.sql.rows import one

EXACT = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY d) AS p50,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY d) AS p95,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY d) AS p99
FROM unnest(%s::double precision[]) AS d
"""
OURS = "SELECT p50, p95, p99 FROM ops.log_percentiles(now() - interval '24 hours')"
TWO_DECIMALS = 0.005


def add_durations(db: Connection, durations: list[float]) -> None:
    """A log record for each, over the last 20 hours."""
    db.execute(
        "INSERT INTO integration_logs (source, message, duration_ms, created_at)"
        " SELECT 'hubspot', 'm', d, now() - interval '20 hours' * n / cardinality(%(all)s::double precision[])"
        " FROM unnest(%(all)s::double precision[]) WITH ORDINALITY AS each (d, n)",
        {"all": durations},
    )


def worst_error(db: Connection, durations: list[float]) -> float:
    """How far our percentiles are off, relatively; less than the rounding to two decimals does not count."""
    ours, exact = one(db, OURS), one(db, EXACT, durations)
    return max(max(0.0, abs(float(ours[name]) - exact[name]) - TWO_DECIMALS) / exact[name] for name in exact)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    durations=st.lists(
        st.one_of(
            st.floats(-6, 13).map(math.exp),
            st.floats(0.01, 1e6),
            st.sampled_from(
                [30_000.0, 30_000.0, 1.0, 2.0, 1024.0, 0.5]
            ),  # time limits, and the edges of buckets
        ),
        min_size=1,
        max_size=300,
    ),
    rolled=st.booleans(),
)
def test_no_percentile_is_off_by_more_than_two_percent(
    db: Connection, durations: list[float], rolled: bool
) -> None:
    """
    Of any durations: one or many, equal or spread over ten decades, rolled up or not.
    """
    db.execute("DELETE FROM integration_logs")
    for table in ("deltas", "rollups", "histograms"):
        db.execute(f"DELETE FROM ops.{table}".encode())
    add_durations(db, durations)
    if rolled:
        db.execute("SELECT ops.roll_up()")

    assert worst_error(db, durations) <= BOUND


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.0])
def test_skewed_durations_stay_within_two_percent(db: Connection, sigma: float) -> None:
    """
    Twenty thousand of them with a long tail, as real ones have it, half of them rolled up.
    """
    random = Random(7)
    durations = [random.lognormvariate(5, sigma) for _ in range(20_000)]
    add_durations(db, durations[:10_000])
    db.execute("SELECT ops.roll_up()")
    add_durations(db, durations[10_000:])

    assert worst_error(db, durations) <= BOUND


def test_durations_that_are_not_above_zero_are_zero(db: Connection) -> None:
    """
    A clock that was set back is no reason to fail.
    """
    add_durations(db, [-5.0, 0.0, 0.0, -1e-9])
    db.execute("SELECT ops.roll_up()")

    assert {"p50": 0, "p95": 0, "p99": 0} == one(db, OURS)


@pytest.mark.parametrize("rolled", [False, True])
def test_percentiles_of_one_business_are_found_by_slug_and_id(db: Connection, rolled: bool) -> None:
    """
    Both ways of asking count both ways of writing.
    """
    id = one(
        db, "INSERT INTO businesses (slug, name, type) VALUES ('teelixir', 'T', 'x') RETURNING id::text AS id"
    )["id"]
    for key, duration in (("teelixir", 100), (id, 100), ("other", 9_000)):
        db.execute(
            "INSERT INTO integration_logs (source, message, duration_ms, business_id) VALUES ('a', 'm', %s, %s)",
            [duration, key],
        )
    if rolled:
        db.execute("SELECT ops.roll_up()")

    for key in ("teelixir", id):
        found = one(db, "SELECT * FROM ops.log_percentiles(now() - interval '2 hours', %s)", key)
        assert abs(100 - float(found["p99"])) <= 2
