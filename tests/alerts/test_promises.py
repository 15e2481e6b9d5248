"""
What holds for alerts whatever happens, over random sequences of looks, silences and people.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as some

from masterops.alerts.model import Alert, Notice, Observation
from masterops.config import AlertRule, Escalation, QuietHours
from tests.alerts.days import START, Day, down, rule

KEYS = tuple(
    (business, service) for business in ("teelixir", "red-hill-fresh") for service in ("hubspot", "n8n")
)


class Step(NamedTuple):
    """
    Some seconds pass, people do something, then somebody looks.
    """

    seconds: int
    found: dict[tuple[str, str], str]
    silence: dict[str, str] | None
    silence_seconds: int
    acknowledge: bool
    unread: bool


RULES = some.builds(
    lambda **values: rule(**values),
    hold=some.sampled_from([0.0, 120.0]),
    repeat=some.sampled_from([None, 600.0]),
    resolve_notice=some.booleans(),
    quiet=some.sampled_from([None, QuietHours(12 * 60 + 10, 12 * 60 + 40)]),
    escalate=some.sampled_from([(), (Escalation(300, ("phone",)), Escalation(900, ("boss", "ops")))]),
)
STEPS = some.builds(
    Step,
    seconds=some.sampled_from([1, 15, 60, 400, 2000]),
    found=some.dictionaries(some.sampled_from(KEYS), some.sampled_from(["warning", "critical"])),
    silence=some.none()
    | some.sampled_from([{"business": "teelixir"}, {"service": "n8n"}, {"rule": "service-down"}]),
    silence_seconds=some.sampled_from([30, 600]),
    acknowledge=some.booleans(),
    unread=some.booleans(),
)
WAITS = some.sampled_from([0.0, 30.0])


class Played(NamedTuple):
    """
    A look: what stood before it, what was told at it.
    """

    at: float
    before: list[Alert]
    told: list[Notice]


def observations(step: Step) -> list[Observation]:
    return [
        down(business, service, severity=severity, group_key=service)
        for (business, service), severity in step.found.items()
    ]


def play(
    only: AlertRule, steps: list[Step], wait: float, *, crashing: bool = False
) -> tuple[Day, list[Played]]:
    """The steps, and then half a day in which nothing is wrong; when crashing, each look is lost once."""
    day = Day(rules=[only], group_wait=wait)
    played, at = [], 0.0
    quiet_end = [Step(3_000, {}, None, 0, False, False)] * 10
    for step in [*steps, *quiet_end]:
        at += step.seconds
        if step.silence is not None:
            day.silence(at, at + step.silence_seconds, **step.silence)
        if step.acknowledge:
            day.acknowledge(at)
        unread = ["service-down"] if step.unread else []
        before, told = day.alerts, list(day.told)
        if crashing:
            day.look(at, *observations(step), unread=unread)
            # Nothing of it was committed: the next one begins where this one did.
            day.alerts, day.told = before, told
        told_now = day.look(at, *observations(step), unread=unread)
        played.append(Played(at, before, told_now))
    return day, played


@settings(max_examples=60, deadline=None)
@given(RULES, some.lists(STEPS, max_size=15), WAITS)
def test_no_change_is_told_twice_and_no_end_without_its_beginning(
    only: AlertRule, steps: list[Step], wait: float
) -> None:
    """
    Each alert has one firing and one end a channel, in that order; and what was told ends.
    """
    day, _ = play(only, steps, wait)
    heard: dict[tuple[int, str], list[str]] = {}
    for notice in day.told:
        for id in notice.alert_ids:
            heard.setdefault((id, notice.channel), []).append(notice.kind)

    assert [] == [key for key, times in Counter(each.dedupe_key for each in day.told).items() if times > 1]
    for kinds in heard.values():
        assert kinds[0] in ("firing", "escalation")
        assert kinds.count("firing") <= 1
        assert (1 if only.resolve_notice else 0) == kinds.count("resolved")
        assert "resolved" not in kinds[:-1]
    assert {True} >= {each.closed_at is not None for each in day.alerts}


@settings(max_examples=50, deadline=None)
@given(RULES, some.lists(STEPS, max_size=15), WAITS)
def test_of_what_is_silenced_only_the_end_is_told(only: AlertRule, steps: list[Step], wait: float) -> None:
    """
    No firing, no escalation, no reminder, as long as a silence covers it.
    """
    day, played = play(only, steps, wait)
    alerts = {each.id: each for each in day.alerts}

    for look in played:
        now = START + timedelta(seconds=look.at)
        for notice in look.told:
            covered = [
                id for id in notice.alert_ids if any(each.covers(alerts[id], now) for each in day.silences)
            ]
            assert notice.kind == "resolved" or covered == []


@settings(max_examples=50, deadline=None)
@given(RULES, some.lists(STEPS, max_size=15), WAITS)
def test_a_look_that_is_lost_and_made_again_changes_nothing(
    only: AlertRule, steps: list[Step], wait: float
) -> None:
    """
    A crash before the commit, at every look: the same alerts, the same notices.
    """
    smooth, _ = play(only, steps, wait)
    crashed, _ = play(only, steps, wait, crashing=True)

    assert smooth.told == crashed.told
    assert smooth.alerts == crashed.alerts


@settings(max_examples=50, deadline=None)
@given(RULES, some.lists(STEPS, min_size=1, max_size=15), WAITS)
def test_looking_twice_at_the_same_moment_says_nothing_new(
    only: AlertRule, steps: list[Step], wait: float
) -> None:
    """
    A job that runs again after its commit was answered to nobody tells nothing twice.
    """
    day: Any = Day(rules=[only], group_wait=wait)
    at = 0.0
    for step in steps:
        at += step.seconds
        day.look(at, *observations(step))
        after = day.alerts

        assert [] == day.look(at, *observations(step))
        assert after == day.alerts
