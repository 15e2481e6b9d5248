"""
Days and months that processes share, and limits of either kind that change.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from masterops.core.budgets import (
    INTERACTIVE,
    MICROSECONDS,
    Calendar,
    Limit,
    Reading,
    Rolling,
)
from tests.sql.budget_desk import Desk, Process, Spender, daily
from tests.sql.conftest import Connection

STINTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.booleans(), st.booleans()), max_size=40
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stints=STINTS, most=st.integers(1, 30))
def test_never_more_than_the_limit_in_a_day(db: Connection, stints: list[Any], most: int) -> None:
    """
    Whoever spends, gives back, or never hears what it was handed.
    """
    desk = Desk(db, daily(most))
    spenders = {name: Spender(desk, name) for name in "abc"}
    spent = 0
    for step, (name, number, lost, back) in enumerate(stints):
        spenders[name].exchange(step / 100, lost=lost, bulk=number)
        spent += spenders[name].spend(step / 100, number)
        if back:
            spenders[name].meter.release(round(step / 100 * MICROSECONDS))

    assert spent <= most


def test_a_day_ends_where_the_account_is(db: Connection) -> None:
    """
    At noon in UTC it is 23:00 in Sydney: an hour later there is a new day's quota, and nothing before.
    """
    desk = Desk(db, daily(5, "Australia/Sydney"))
    a = Spender(desk, "a")
    spent = []
    for moment in (0.0, 0.5, 1800.0, 3540.0, 3606.0, 3606.5):
        for _ in range(4):  # in smaller and smaller parts
            a.exchange(moment, bulk=9)
            spent.append((moment, a.spend(moment, 9)))

    assert 5 == sum(number for moment, number in spent if moment < 3600)
    assert 5 == sum(number for moment, number in spent if moment > 3600)


def test_what_is_kept_for_people_is_not_spent_by_others(db: Connection) -> None:
    """
    Of ten a day three are for people, who get them when everything else is gone.
    """
    desk = Desk(db, daily(10, interactive=0.3))
    a = Spender(desk, "a")
    bulk = people = 0
    for step in range(10):
        a.exchange(step, bulk=9)
        bulk += a.spend(step, 9)
    for step in range(10, 16):
        a.exchange(step, interactive=9)
        people += a.spend(step, 9, INTERACTIVE)

    assert (7, 3) == (bulk, people)


def test_what_others_spend_of_a_day_is_gone(db: Connection) -> None:
    """
    The service says that 2 of 100 are left: no more than those two are handed out.
    """
    desk = Desk(db, daily(100))
    a = Spender(desk, "a")
    a.meter.read(Reading("daily", remaining=2), 0, 0)
    spent = 0
    for step in range(6):
        a.exchange(step, bulk=50)
        spent += a.spend(step, 50)

    assert 2 == spent


def test_what_was_borrowed_while_the_database_was_away_is_told(db: Connection) -> None:
    """
    A process that is alone takes a little, and it counts as soon as it can be told.
    """
    desk = Desk(db, daily(400))
    a = Spender(desk, "a")
    for _ in range(200):
        a.meter.borrow()
    alone = a.spend(0, 400)

    a.exchange(1)
    row = db.execute(
        "SELECT spent FROM ops.budget_periods WHERE connection = %s", [desk.connection]
    ).fetchone()

    assert 100 == alone
    assert row is not None
    assert 100 == row["spent"] - a.meter.held


def test_it_is_said_when_a_day_runs_out(db: Connection) -> None:
    """
    Half of it in half an hour: the rest lasts as long. Half of it by noon lasts until midnight.
    """
    db.execute(
        "INSERT INTO ops.budgets (connection, limit_name, declared, most, period, latest)"
        " SELECT c, 'day', 1000, 1000, 'month', now() FROM unnest(ARRAY['fast/a', 'slow/a']) AS u (c)"
    )
    db.execute(
        "INSERT INTO ops.budget_periods (connection, limit_name, starts, spent, mark_at, before_at, before_spent)"
        " SELECT c, 'day', date_trunc('month', now() AT TIME ZONE 'UTC')::date, 500, now(), now() - interval '30 min', b"
        " FROM (VALUES ('fast/a', 0), ('slow/a', 500)) AS u (c, b)"
    )
    rows = {
        row["connection"]: row
        for row in db.execute("SELECT *, runs_out_at - now() AS lasts FROM budget_status").fetchall()
    }

    lasts = rows["fast/a"]["lasts"]
    assert timedelta(minutes=29) < lasts < timedelta(minutes=31) or rows["fast/a"]["resets_at"] < (
        datetime.now(UTC) + timedelta(minutes=31)
    )
    assert None is rows["slow/a"]["runs_out_at"]
    assert (500, 500) == (rows["slow/a"]["spent"], rows["slow/a"]["remaining"])


def test_what_is_read_at_the_start_is_no_pace_yet(db: Connection) -> None:
    """
    Five calls in the first second are taken for five in half an hour, of which 10,000 last longer than any month.
    """
    db.execute(
        "INSERT INTO ops.budgets (connection, limit_name, declared, most, period, latest)"
        " VALUES ('new/a', 'month', 10000, 10000, 'month', now())"
    )
    db.execute(
        "INSERT INTO ops.budget_periods (connection, limit_name, starts, spent, mark_at, before_at, before_spent)"
        " VALUES ('new/a', 'month', date_trunc('month', now() AT TIME ZONE 'UTC')::date, 5, now(), now(), 0)"
    )
    row = db.execute("SELECT spent, runs_out_at FROM budget_status").fetchone()

    assert {"spent": 5, "runs_out_at": None} == row


def test_what_was_left_yesterday_says_nothing_of_today(db: Connection) -> None:
    """
    An answer from before midnight that says "none left" and is told after it takes nothing from the new day.
    """
    desk = Desk(db, daily(100))
    a = Spender(desk, "a")
    midnight = 12 * 3600.0
    a.exchange(midnight - 60, bulk=5)
    a.meter.read(Reading("daily", remaining=0), 0, round((midnight - 0.5) * MICROSECONDS))

    a.exchange(midnight + 6, bulk=5)
    a.exchange(midnight + 6.5, bulk=5)

    assert 5 == a.spend(midnight + 6.5, 5)


def test_a_new_day_begins_when_it_has_begun_at_the_service_too(db: Connection) -> None:
    """
    The service's midnight may be seconds after ours: nothing of the new day is handed out at once.
    """
    desk = Desk(db, daily(5))
    a = Spender(desk, "a")
    midnight = 12 * 3600.0
    for step in range(6):
        a.exchange(midnight - 60 + step, bulk=9)
        a.spend(midnight - 60 + step, 9)

    a.exchange(midnight + 1, bulk=9)
    early = a.spend(midnight + 1, 9)
    a.exchange(midnight + 6, bulk=9)

    assert 0 == early
    assert 0 < a.spend(midnight + 6, 9)


def test_a_limit_may_become_one_of_another_kind(db: Connection) -> None:
    """
    What was 24 hours is a day now, and then a month.
    """
    desk = Desk(db, Limit("daily", 100, Rolling(86_400.0)))
    Process(desk, "a").exchange(0, waiting=3)

    for period, seconds in (("day", 43_200), ("month", 43_200 + 4 * 86_400)):
        desk.limit = Limit("daily", 100, Calendar(period))  # type: ignore[arg-type]
        b = Spender(desk, "b" + period)
        b.exchange(1, bulk=3)

        assert 3 == b.spend(1, 3)
        assert round((seconds - 1) * MICROSECONDS) == b.meter.until_end(MICROSECONDS) - 5 * MICROSECONDS


def test_a_day_that_is_another_one_now_keeps_what_was_spent(db: Connection) -> None:
    """
    One process hears that the account is in Sydney and another never does: both go by it, and 5 are spent once.
    """
    desk = Desk(db, daily(5))
    told, untold = Spender(desk, "told"), Spender(desk, "untold")
    moment, spent = 3600.0 + 60, 0  # it is tomorrow in Sydney
    for step in range(40):
        if step == 4:
            told.meter.move("Australia/Sydney")
        for each in (told, untold):
            each.exchange(moment + step, bulk=9)
            spent += each.spend(moment + step, 9)

    assert 5 == spent
    assert "Australia/Sydney" == desk.column("zone")


def test_years_of_days_are_not_kept(db: Connection) -> None:
    """
    What was spent more than 400 days ago is forgotten when a day begins.
    """
    desk = Desk(db, daily(5))
    a = Spender(desk, "a")
    for day in (0, 300, 401):
        a.exchange(86_400.0 * day)

    rows = db.execute("SELECT starts FROM ops.budget_periods WHERE connection = %s", [desk.connection])
    assert 2 == len(rows.fetchall())
