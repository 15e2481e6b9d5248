"""
One notice per change: what becomes of alerts, told as days with looks at given seconds.
"""

from __future__ import annotations

from datetime import timedelta

from masterops.alerts.telling import Policy
from masterops.config import Escalation, QuietHours
from tests.alerts.days import BUSINESSES, START, Day, down, rule


def test_an_alert_is_told_once_and_its_end_once() -> None:
    """
    Looks that find the same say nothing more.
    """
    day = Day()
    for at in range(0, 300, 15):
        day.look(at, down())
    for at in range(300, 600, 15):
        day.look(at)

    assert ["firing", "resolved"] == day.kinds()
    assert [
        "CRITICAL Teelixir: HubSpot is down since 12:00 UTC",
        "RESOLVED Teelixir: HubSpot is down (lasted 5 min)",
    ] == day.titles()


def test_one_notice_names_all_businesses_of_a_service_that_is_down() -> None:
    """
    They go down within the wait, one after the other, and come back in one look.
    """
    day = Day()
    for at, so_far in enumerate(range(1, 5)):
        day.look(at * 5, *(down(each) for each in BUSINESSES[:so_far]))
    day.look(45, *(down(each) for each in BUSINESSES))
    day.look(120)
    day.look(150)

    assert [
        "CRITICAL HubSpot is down for 4 businesses (Teelixir, Elevate Wholesale, Buy Organics Online, Red Hill Fresh)"
        " since 12:00 UTC",
        "RESOLVED HubSpot is down for 4 businesses (Teelixir, Elevate Wholesale, Buy Organics Online, Red Hill Fresh)"
        " (lasted 2 min)",
    ] == day.titles()
    assert [(1, 2, 3, 4), (1, 2, 3, 4)] == [each.alert_ids for each in day.told]


def test_another_category_of_trouble_is_a_notice_of_its_own() -> None:
    """
    A refused token is not the same trouble as a broken network.
    """
    day = Day()
    for at in (0, 30):
        day.look(at, down(), down("red-hill-fresh", group_key="hubspot/authentication"))

    assert [(1,), (2,)] == [each.alert_ids for each in day.told]


def test_what_is_over_before_it_was_told_is_never_told() -> None:
    """
    Ten seconds within the wait for others: neither a beginning nor an end.
    """
    day = Day()
    day.look(0, down())
    day.look(10)
    day.look(60)

    assert [] == day.told
    assert ["resolved"] == [each.state for each in day.alerts]


def test_a_rule_that_must_hold_waits_from_the_moment_it_went_wrong() -> None:
    """
    Five minutes since the row says it went wrong, not since we looked; and the wait begins anew with it.
    """
    day = Day(rules=[rule(hold=300.0)], group_wait=0)
    wrong = down(since=START - timedelta(seconds=240))
    day.look(0, wrong)
    day.look(30)
    again = down(since=START + timedelta(seconds=40))
    for at in (45, 339):
        day.look(at, again)
    before = day.kinds()
    day.look(340, again)

    assert [] == before
    assert ["firing"] == day.kinds()


def test_a_look_that_cannot_read_the_rows_resolves_nothing() -> None:
    """
    No rows because of an error is not the same as no rows.
    """
    day = Day(group_wait=0)
    day.look(0, down())
    day.look(15, unread=["service-down"])
    day.look(30, down())

    assert ["firing"] == day.kinds()


def test_a_rule_that_is_gone_ends_its_alerts_where_they_were_told() -> None:
    """
    Whoever was told is told that it is over.
    """
    day = Day(rules=[rule(channels=("phone",))], group_wait=0)
    day.look(0, down())
    day.rules = []
    day.look(15)

    assert [("firing", "phone"), ("resolved", "phone")] == [(each.kind, each.channel) for each in day.told]


def test_a_gap_between_end_and_word_of_it_is_not_told() -> None:
    """
    It is back before anybody heard that it was over: for people it never ended.
    """
    day = Day()
    for at in (0, 30):
        day.look(at, down())
    day.look(45)
    for at in (60, 75, 90, 105):
        day.look(at, down())

    assert ["firing"] == day.kinds()


def test_flapping_is_told_as_one_and_ends_when_it_stays_away() -> None:
    """
    Up and down every two minutes for an hour: three beginnings, then one long alert.
    """
    day = Day(group_wait=0)
    for minute in range(60):
        day.look(minute * 60, *([down()] if minute % 4 < 2 else []))
    during = day.kinds()
    for minute in range(60, 75):
        day.look(minute * 60)

    assert ["firing", "resolved", "firing", "resolved", "firing"] == during
    assert [*during, "resolved"] == day.kinds()
    assert day.titles()[4].endswith("(comes and goes)")


def test_worse_is_told_once_more_and_better_is_not() -> None:
    """
    A warning that became critical, fell back and rose again.
    """
    day = Day(group_wait=0)
    for at, severity in enumerate(("warning", "critical", "warning", "critical")):
        day.look(at * 15, down(severity=severity))

    assert ["firing", "raised"] == day.kinds()
    assert "NOW CRITICAL Teelixir: HubSpot is down since 12:00 UTC" == day.titles()[1]


def test_nobody_is_told_of_what_is_silenced_but_of_the_end_of_what_was_told() -> None:
    """
    One was told before the silence, one begins in it; both end in it.
    """
    day = Day(group_wait=0)
    day.look(0, down())
    day.silence(10, 1000, service="hubspot")
    day.look(15, down(), down("red-hill-fresh"))
    day.look(900)

    assert [("firing", (1,)), ("resolved", (1,))] == [(each.kind, each.alert_ids) for each in day.told]


def test_what_outlasts_its_silence_is_told_at_its_end() -> None:
    """
    Looking goes on, so that nothing is forgotten.
    """
    day = Day()
    day.silence(0, 600, business="teelixir")
    day.look(0, down())
    day.look(590, down())
    silent = day.kinds()
    day.look(600, down())

    assert [] == silent
    assert ["firing"] == day.kinds()


def test_a_silence_covers_only_what_it_names() -> None:
    """
    All its fields must fit.
    """
    day = Day(group_wait=0)
    day.silence(0, 600, business="teelixir", service="unleashed")
    day.silence(0, 600, business="red-hill-fresh")
    day.look(0, down(), down("red-hill-fresh"), down(None))

    assert [(1, 3)] == [each.alert_ids for each in day.told]


def test_nobody_acknowledges_so_the_next_are_told_step_by_step() -> None:
    """
    After 15 minutes one list, after an hour another; the end is told to all of them.
    """
    steps = (Escalation(900, ("phone",)), Escalation(3600, ("boss", "phone")))
    day = Day(rules=[rule(escalate=steps)], group_wait=0)
    for at in (0, 899, 900, 915, 3600, 3615):
        day.look(at, down())
    day.look(4000)

    assert [
        ("firing", "ops"),
        ("escalation", "phone"),
        ("escalation", "boss"),
        ("escalation", "phone"),
        ("resolved", "ops"),
        ("resolved", "phone"),
        ("resolved", "boss"),
    ] == [(each.kind, each.channel) for each in day.told]
    assert day.titles()[1].endswith("nobody has acknowledged it for 15 min")


def test_an_acknowledged_alert_is_neither_escalated_nor_repeated() -> None:
    """
    Its end is told.
    """
    day = Day(rules=[rule(escalate=(Escalation(900, ("phone",)),), repeat=600.0)], group_wait=0)
    day.look(0, down())
    day.look(600, down())
    day.acknowledge(700)
    day.look(5000, down())
    day.look(5015)

    assert ["firing", "repeat", "resolved"] == day.kinds()
    assert day.titles()[1].startswith("STILL CRITICAL")


def test_a_rule_may_keep_its_ends_to_itself() -> None:
    """
    And a new episode is told again.
    """
    day = Day(rules=[rule(resolve_notice=False)], group_wait=0)
    day.look(0, down())
    day.look(15)
    day.look(30, down())

    assert ["firing", "firing"] == day.kinds()


def test_quiet_hours_hold_back_what_is_not_critical() -> None:
    """
    The warning and its end are held until one o'clock; the critical one goes through.
    """
    day = Day(rules=[rule(quiet=QuietHours(11 * 60, 13 * 60))], group_wait=0)
    day.look(0, down(severity="warning"), down("red-hill-fresh", group_key="other"))
    day.look(600)

    held = START + timedelta(hours=1)
    assert [("firing", held), ("firing", None), ("resolved", held), ("resolved", None)] == [
        (each.kind, each.held_until) for each in day.told
    ]


def test_a_channel_that_is_switched_off_leaves_a_log_record() -> None:
    """
    Nobody being there to be told is no reason to be silent.
    """
    only = rule(channels=("off",))
    usable = Policy(rules={only.name: only}, usable=frozenset({"ops", "log"}))

    assert ("log",) == usable.route("service-down")
