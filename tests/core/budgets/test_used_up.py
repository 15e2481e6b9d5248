"""
A quota that is said to be used up: how often it is asked whether it still is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from masterops.core.budgets import BULK, CALLS, MICROSECONDS, Account, Calendar, Clock, Limit, Reading
from masterops.core.budgets.used_up import UsedUp

NOON = Clock(0, datetime(2026, 11, 26, 12, tzinfo=UTC))


def asked_at(used_up: UsedUp, hours: int) -> list[int]:
    """The seconds at which a call would ask, if every one of them were refused."""
    found = []
    for second in range(hours * 3600 + 1):
        now = second * MICROSECONDS
        if used_up.asks(now):
            found.append(second)
            used_up.asked(now)
            used_up.refused(now)
    return found


def test_after_a_refusal_it_is_asked_less_and_less_often() -> None:
    """
    First after half a minute, in the end once an hour: a day costs some thirty calls and not thousands.
    """
    used_up = UsedUp()
    used_up.refused(0)

    found = asked_at(used_up, 24)

    assert [30, 90, 210, 450] == found[:4]
    assert {3600} == {later - earlier for earlier, later in pairwise(found[8:])}
    assert len(found) < 35


def test_where_only_a_header_says_so_it_is_asked_once_an_hour() -> None:
    """
    It is mostly right: no call need be refused for it.
    """
    used_up = UsedUp()
    used_up.told(0)

    assert [3600, 7200, 10800] == asked_at(used_up, 3)


def test_a_header_that_says_zero_wrongly_does_not_end_the_day() -> None:
    """
    After an hour one call goes, and what its answer tells counts.
    """
    account = Account((Limit("day", 1000, Calendar("day")),), NOON)
    assert not account.take(CALLS, 1, 0, BULK)
    account.read(CALLS, [Reading("day", 1000, 0)], account.marks(CALLS), 0)
    account.settle(CALLS, 1, 0, 0, sent=True)

    before = account.take(CALLS, 1, 3_599 * MICROSECONDS, BULK)
    at_last = account.take(CALLS, 1, 3_601 * MICROSECONDS, BULK)
    another = account.take(CALLS, 1, 3_602 * MICROSECONDS, BULK)
    account.read(CALLS, [Reading("day", 1000, 900)], account.marks(CALLS), 3_602 * MICROSECONDS)

    assert (True, 0, True) == (before > 0, at_last, another > 0)
    assert not account.take(CALLS, 1, 3_603 * MICROSECONDS, BULK)
