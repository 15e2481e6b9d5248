"""
What depends on something that is down is told with it: days with looks at given seconds.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from masterops.alerts.model import Observation
from masterops.config import AlertRule, Escalation
from tests.alerts.days import START, Day, down, rule

NEEDS = {"check/shop": ("hubspot/teelixir",), "check/till": ("check/shop",)}


def shop(name: str = "shop", **values: Any) -> Observation:
    """A check of Teelixir's, which needs HubSpot."""
    given = {"key": f"check/{name}", "subject": f"check/{name}", "summary": f"check {name} is down"}
    return down(service="check", group_key="check/", **(given | values))


def day(**values: Any) -> Day:
    return Day(**({"needs": NEEDS} | values))


def test_what_depends_on_something_that_is_down_is_told_in_its_notice() -> None:
    """
    Both go down within the wait and come back within it: one beginning, one end, of both.
    """
    told = day()
    for at in (0, 15, 30, 45, 60):
        told.look(at, down(), shop(since=START + timedelta(seconds=10)))
    told.look(75, shop())
    for at in (90, 105, 120, 135):
        told.look(at)

    assert [
        "CRITICAL Teelixir: HubSpot is down, and 1 more with it since 12:00 UTC",
        "RESOLVED Teelixir: HubSpot is down, and 1 more with it (lasted 75 s)",
    ] == told.titles()
    assert "- Teelixir: check shop is down since 12:00 UTC" in told.told[0].message.lines
    assert [(1, 2), (1, 2)] == [each.alert_ids for each in told.told]


def test_what_follows_later_is_not_told_at_all() -> None:
    """
    Whoever was told of HubSpot knows why the shop is down; it stands in the list.
    """
    told = day()
    told.look(0, down())
    told.look(30, down())
    for at in range(60, 600, 15):
        told.look(at, down(), shop())
    told.look(600)
    told.look(630)

    assert ["firing", "resolved"] == told.kinds()
    assert [(1,), (1,)] == [each.alert_ids for each in told.told]


def test_what_does_not_come_back_with_its_cause_is_told_then() -> None:
    """
    Two minutes after; the end of the cause is told as well, and its own end when it comes.
    """
    told = day()
    for at in (0, 30):
        told.look(at, down(), shop())
    for at in range(60, 600, 15):
        told.look(at, shop())
    told.look(600)
    told.look(630)

    assert [
        ("firing", (1, 2)),
        ("firing", (2,)),
        ("resolved", (1,)),
        ("resolved", (2,)),
    ] == [(each.kind, each.alert_ids) for each in told.told]
    assert START + timedelta(seconds=180) == told.told[1].created_at == told.told[2].created_at
    assert "CRITICAL Teelixir: check shop is down since 12:00 UTC" == told.titles()[1]


def test_what_was_not_told_and_does_not_come_back_is_told_then() -> None:
    """
    Also where it was never mentioned before.
    """
    told = day(group_wait=0)
    told.look(0, down())
    told.look(60, down(), shop())
    told.look(90, shop())
    told.look(215, shop())

    assert [("firing", (1,)), ("resolved", (1,)), ("firing", (2,))] == [
        (each.kind, each.alert_ids) for each in told.told
    ]


def test_a_chain_is_told_with_its_last_link() -> None:
    """
    The till needs the shop, and the shop HubSpot.
    """
    told = day()
    for at in (0, 30):
        told.look(at, shop("till"), shop(), down())

    assert ["CRITICAL Teelixir: HubSpot is down, and 2 more with it since 12:00 UTC"] == told.titles()
    assert {None: 1, 3: 2} == Counter(each.part_of for each in told.alerts)


@pytest.mark.parametrize(
    ("cause", "rules"),
    [
        (down(severity="warning"), [rule()]),
        (down(rule="others"), [rule(), rule("others", channels=("somebody",))]),
        (down(rule="later"), [rule(), rule("later", hold=600.0)]),
    ],
    ids=["less bad", "told to others", "told later"],
)
def test_what_would_be_made_less_of_stands_alone(cause: Observation, rules: list[AlertRule]) -> None:
    """
    A critical alert is not hidden in a warning, in a message to other people, or in one that waits.
    """
    told = day(group_wait=0, rules=rules)
    told.look(0, cause, shop())

    assert "CRITICAL Teelixir: check shop is down since 12:00 UTC" in told.titles()


def test_what_it_depends_on_is_looked_at_before_anybody_is_told() -> None:
    """
    The check was quicker than the minute's look at HubSpot; if nobody looks, it is told after two minutes.
    """
    early, alone = day(), day()
    for each in (early, alone):
        each.looked_at["hubspot/teelixir"] = START - timedelta(seconds=20)
        for at in (0, 15, 30, 45):
            each.look(at, shop())
    early.looked_at["hubspot/teelixir"] = START + timedelta(seconds=50)
    early.look(60, shop(), down(since=START + timedelta(seconds=50)))
    for at in (60, 105, 120):
        alone.look(at, shop())

    assert [("firing", (2, 1))] == [(each.kind, each.alert_ids) for each in early.told]
    assert [("firing", START + timedelta(seconds=120))] == [
        (each.kind, each.created_at) for each in alone.told
    ]


def test_the_cause_is_escalated_and_repeated_for_all() -> None:
    """
    What depends on it is not called about on its own.
    """
    steps = (Escalation(900, ("phone",)),)
    told = day(rules=[rule(escalate=steps, repeat=600.0)], group_wait=0)
    for at in (0, 600, 900):
        told.look(at, down(), shop())

    assert [("firing", (1, 2)), ("repeat", (1,)), ("escalation", (1,))] == [
        (each.kind, each.alert_ids) for each in told.told
    ]


def test_of_a_silenced_cause_nothing_is_told_and_what_remains_is() -> None:
    """
    Somebody said that HubSpot is maintained; the shop is still down when it is back.
    """
    told = day(group_wait=0)
    told.silence(0, 1000, service="hubspot")
    told.look(0, down(), shop())
    told.look(300, down(), shop())
    silent = told.kinds()
    told.look(310, shop())
    told.look(430, shop())

    assert [] == silent
    assert ["CRITICAL Teelixir: check shop is down since 12:00 UTC"] == told.titles()


def test_nobody_can_say_is_not_well() -> None:
    """
    Down, unknown, down and up: one beginning and one end.
    """
    told = day(group_wait=0)
    told.look(0, down())
    told.look(60, unsure=["hubspot/teelixir"])
    told.look(120, down())
    unsure = told.kinds()
    told.look(180)

    assert ["firing"] == unsure
    assert ["firing", "resolved"] == told.kinds()


STEPS = some.lists(
    some.tuples(some.integers(5, 200), some.booleans(), some.booleans(), some.booleans()), max_size=15
)


@settings(max_examples=80, deadline=None)
@given(STEPS, some.sampled_from([0.0, 30.0]))
def test_however_they_come_and_go_each_beginning_told_has_an_end_told(
    steps: list[tuple[int, bool, bool, bool]], wait: float
) -> None:
    """
    No notice comes twice, no end without a beginning, and what is told at last is that it is over.
    """
    told, at = day(group_wait=wait), 0
    for seconds, *there in [*steps, *[(3000, False, False, False)] * 6]:
        at += seconds
        found = [each for each, here in zip((down(), shop(), shop("till")), there, strict=True) if here]
        told.look(at, *found)
    last: dict[int, str] = {}
    for notice in told.told:
        for id in notice.alert_ids:
            assert "resolved" != notice.kind or last.get(id) == "firing" or told.alerts[id - 1].part_of
            last[id] = notice.kind

    assert [] == [key for key, times in Counter(each.dedupe_key for each in told.told).items() if times > 1]
    assert {"resolved"} >= set(last.values())
    assert all(each.closed_at is not None for each in told.alerts)
