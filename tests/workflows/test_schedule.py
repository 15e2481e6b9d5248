"""
When a workflow is due, read from its own nodes. The moments with clocks that change are those of n8n's own cron
package
(4.4.0), with which tests/n8n compares many more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.workflows.cron import NotCron, parse
from masterops.workflows.schedule import Schedule, schedule_of

NOW = datetime(2026, 11, 26, 12, 30, 30, tzinfo=UTC)  # a Thursday


def node(kind: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One node of a workflow."""
    return {"name": kind, "type": f"n8n-nodes-base.{kind}", "parameters": parameters, **more}


def every(**item: Any) -> Schedule:
    """A Schedule Trigger with one line, in UTC."""
    return schedule_of([node("scheduleTrigger", {"rule": {"interval": [item]}})], None, "UTC")


def cron(text: str, zone: str = "UTC") -> Schedule:
    """A Schedule Trigger with a cron expression."""
    item = {"field": "cronExpression", "expression": text}
    return schedule_of([node("scheduleTrigger", {"rule": {"interval": [item]}})], {"timezone": zone})


def said(
    schedule: Schedule, start: datetime = NOW, last: datetime | None = None, count: int = 2
) -> list[str]:
    """The next moments, as text."""
    return [moment.strftime("%m-%d %H:%M:%S") for moment in schedule.next(start, last, count)]


@pytest.mark.parametrize(
    ("item", "moments", "words"),
    [
        pytest.param(
            {}, ["11-27 00:00:00", "11-28 00:00:00"], "every day at 00:00 (UTC)", id="n8n's defaults"
        ),
        pytest.param(
            {"field": "seconds"}, ["11-26 12:31:00", "11-26 12:31:30"], "every 30 seconds (UTC)", id="seconds"
        ),
        pytest.param(
            {"field": "minutes"}, ["11-26 12:35:00", "11-26 12:40:00"], "every 5 minutes (UTC)", id="minutes"
        ),
        pytest.param(
            {"field": "hours", "triggerAtMinute": 15},
            ["11-26 13:15:00", "11-26 14:15:00"],
            "every hour at minute 15 (UTC)",
            id="hours",
        ),
        pytest.param(
            {"field": "days", "triggerAtHour": 3, "triggerAtMinute": 5},
            ["11-27 03:05:00", "11-28 03:05:00"],
            "every day at 03:05 (UTC)",
            id="days",
        ),
        pytest.param(
            {"field": "weeks", "triggerAtDay": [1, 5], "triggerAtHour": 7},
            ["11-27 07:00:00", "11-30 07:00:00"],
            "every week on Mon, Fri at 07:00 (UTC)",
            id="weeks",
        ),
        pytest.param(
            {"field": "weeks", "triggerAtDay": []},
            ["11-27 00:00:00", "11-28 00:00:00"],
            "every week on each day at 00:00 (UTC)",
            id="no day is every day",
        ),
        pytest.param(
            {"field": "months", "triggerAtDayOfMonth": 31},
            ["12-31 00:00:00", "01-31 00:00:00"],
            "every month on day 31 at 00:00 (UTC)",
            id="a month without the day is left out",
        ),
        pytest.param(
            {"field": "hours", "hoursInterval": "6"},
            ["11-26 18:00:00", "11-27 00:00:00"],
            "every 6 hours at minute 0 (UTC)",
            id="a number as text",
        ),
    ],
)
def test_a_schedule_trigger_says_when_it_is_due(item: dict[str, Any], moments: list[str], words: str) -> None:
    """
    With n8n's own defaults for what a node leaves out.
    """
    schedule = every(**item)

    assert moments == said(schedule)
    assert words == schedule.words


@pytest.mark.parametrize(
    ("item", "last", "moments"),
    [
        pytest.param(
            {"daysInterval": 3, "field": "days"},
            "2026-11-25",
            ["11-28 00:00:00", "12-01 00:00:00"],
            id="days",
        ),
        pytest.param(
            {"daysInterval": 2, "field": "days"},
            "2026-11-26",
            ["11-28 00:00:00", "11-30 00:00:00"],
            id="even days",
        ),
        pytest.param(
            {"weeksInterval": 2, "field": "weeks"},
            "2026-11-22",
            ["12-06 00:00:00", "12-20 00:00:00"],
            id="weeks from Sunday",
        ),
        pytest.param(
            {"hoursInterval": 18, "field": "hours"},
            "2026-11-26T10:00",
            ["11-27 04:00:00", "11-27 22:00:00"],
            id="hours that do not divide the day",
        ),
        pytest.param(
            {"minutesInterval": 50, "field": "minutes"},
            "2026-11-26T12:10",
            ["11-26 13:00:00", "11-26 13:50:00"],
            id="minutes that do not divide the hour",
        ),
        pytest.param(
            {"monthsInterval": 5, "field": "months"},
            "2026-11-01",
            ["04-01 00:00:00", "09-01 00:00:00"],
            id="months",
        ),
        pytest.param(
            {"daysInterval": 400, "field": "days"}, "2026-11-22", [], id="one that never comes round"
        ),
    ],
)
def test_every_so_many_counts_from_the_run_before(
    item: dict[str, Any], last: str, moments: list[str]
) -> None:
    """
    As n8n keeps it in the memory of the node.
    """
    assert moments == said(every(**item), last=datetime.fromisoformat(last).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("kind", "parameters", "moments"),
    [
        pytest.param(
            "cron", {"triggerTimes": {"item": [{}]}}, ["11-26 14:00:00", "11-27 14:00:00"], id="cron"
        ),
        pytest.param(
            "cron",
            {"triggerTimes": {"item": [{"mode": "everyX", "unit": "minutes", "value": 20}]}},
            ["11-26 12:40:00", "11-26 13:00:00"],
            id="every so many",
        ),
        pytest.param(
            "cron",
            {"triggerTimes": {"item": [{"mode": "everyWeek", "weekday": "0"}]}},
            ["11-29 14:00:00", "12-06 14:00:00"],
            id="a weekday",
        ),
        pytest.param("cron", {}, [], id="without a time"),
        pytest.param(
            "interval",
            {"unit": "minutes", "interval": 10},
            ["11-26 12:40:30", "11-26 12:50:30"],
            id="interval",
        ),
    ],
)
def test_the_older_nodes_are_read_too(kind: str, parameters: dict[str, Any], moments: list[str]) -> None:
    """
    n8n has replaced them and runs them still.
    """
    assert moments == said(schedule_of([node(kind, parameters)], {}, "UTC"))


@pytest.mark.parametrize(
    ("zone", "text", "start", "moments"),
    [
        pytest.param(
            "America/New_York",
            "30 2 * * *",
            "2026-03-08T00:00",
            ["03-08 07:00", "03-09 06:30"],
            id="gap, north",
        ),
        pytest.param(
            "Australia/Melbourne",
            "30 2 * * *",
            "2026-10-03T00:00",
            ["10-03 16:30", "10-04 15:30"],
            id="gap, south",
        ),
        pytest.param(
            "America/New_York",
            "30 1 * * *",
            "2026-11-01T00:00",
            ["11-01 05:30", "11-02 06:30"],
            id="fold, once",
        ),
        pytest.param(
            "America/New_York",
            "0 2 * * *",
            "2026-11-01T00:00",
            ["11-01 06:00", "11-01 07:00"],
            id="behind the fold",
        ),
        pytest.param(
            "Europe/London",
            "*/30 * * * *",
            "2026-10-25T00:40",
            ["10-25 01:00", "10-25 01:30"],
            id="every half hour",
        ),
    ],
)
def test_clocks_that_change(zone: str, text: str, start: str, moments: list[str]) -> None:
    """
    The moments of n8n's own timer, in UTC.
    """
    found = cron(text, zone).next(datetime.fromisoformat(start).replace(tzinfo=UTC), None, 2)

    assert moments == [moment.strftime("%m-%d %H:%M") for moment in found]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("* * * *", "4 fields"),
        ("0 9 * * monday", "'day' is no day of the week"),
        ("0 0 L * *", "'l' is no day of the month"),
        ("60 * * * *", "'60' is no minute"),
        ("5-1 * * * *", "'5-1' is no minute"),
        ("*/0 * * * *", "no minute"),
        ("", "0 fields"),
    ],
)
def test_what_n8n_does_not_take_is_said(text: str, says: str) -> None:
    """
    Nothing is guessed.
    """
    schedule = cron(text)

    assert [] == schedule.next(NOW, None)
    assert says in schedule.unpredictable[0]


@pytest.mark.parametrize(
    ("nodes", "settings", "says"),
    [
        pytest.param(
            [node("scheduleTrigger", {"rule": {"interval": [{"triggerAtHour": "={{ 3 }}"}]}})], {}, "an expression",
            id="an expression",
        ),
        pytest.param(
            [node("scheduleTrigger", {"rule": "={{ $json }}"})], {}, "an expression", id="all of it an expression"
        ),
        pytest.param([node("scheduleTrigger", {})], {"timezone": "Mars/Olympus"}, "'Mars/Olympus'", id="a zone"),
        pytest.param([node("scheduleTrigger", {})], {"timezone": "../etc"}, "time zone", id="a path as a zone"),
        pytest.param([node("scheduleTrigger", {})], {"timezone": 7}, "time zone is 7", id="a number as a zone"),
        pytest.param(
            [node("scheduleTrigger", {"rule": {"interval": [{"field": "aeons"}]}})], {}, "'aeons'", id="a new word"
        ),
        pytest.param([node("interval", {"interval": 0})], {}, "its interval is 0", id="zero"),
    ],
)  # fmt: skip
def test_what_cannot_be_predicted_is_said(
    nodes: list[dict[str, Any]], settings: dict[str, Any], says: str
) -> None:
    """
    With the reason.
    """
    schedule = schedule_of(nodes, settings)

    assert not schedule.rules
    assert says in (schedule.words or "")


def test_the_thirtieth_of_february_never_comes() -> None:
    """
    And is not looked for for ever.
    """
    assert [] == cron("0 0 30 2 *").next(NOW, None)


def test_a_node_that_is_switched_off_sets_nothing_off() -> None:
    """
    Nor does one that only people use; a webhook and a foreign trigger are named.
    """
    nodes = [
        node("scheduleTrigger", {}, disabled=True),
        node("manualTrigger", {}),
        node("webhook", {}),
        node("gmailTrigger", {}),
        node("noOp", {}),
    ]

    assert "a webhook; gmailTrigger" == schedule_of(nodes, None).words
    assert schedule_of(nodes[:2], None).words is None


def test_a_workflow_s_zone_wins_over_its_n8n_s() -> None:
    """
    `DEFAULT` is n8n's word for the latter.
    """
    nodes = [node("scheduleTrigger", {})]

    assert ["11-26 13:00:00"] == said(schedule_of(nodes, {"timezone": "Australia/Melbourne"}, "UTC"), count=1)
    assert ["11-27 05:00:00"] == said(schedule_of(nodes, {"timezone": "DEFAULT"}), count=1)


FIELD = st.sampled_from(["*", "*/7", "0", "5-9", "1,3", "2/3"])


@given(
    st.lists(FIELD, min_size=5, max_size=6).map(" ".join),
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.integers(0, 8_760).map(lambda hours: NOW + timedelta(hours=hours)),
)
def test_the_next_moment_is_always_later(text: str, zone: str, start: datetime) -> None:
    """
    Or there is none.
    """
    try:
        found = parse(text).after(start, ZoneInfo(zone))
    except NotCron:
        return

    assert found is None or start < found


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)
    | st.dictionaries(st.sampled_from(["rule", "interval", "field", "item", "triggerTimes", "mode", "unit"]), inner),
    max_leaves=10))  # fmt: skip
def test_whatever_a_node_says_nothing_is_raised(parameters: Any) -> None:
    """
    Other versions of n8n put other things there.
    """
    for kind in ("scheduleTrigger", "cron", "interval"):
        schedule_of([node(kind, parameters)], None)
