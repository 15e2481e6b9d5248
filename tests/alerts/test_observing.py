"""
What a rule makes of a row, and what is said of several.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from masterops import errors
from masterops.alerts import wording
from masterops.alerts.life import live
from masterops.alerts.observing import LONGEST_REASON, hint_of, observe
from masterops.config import AlertRule, Condition, SeverityBy
from masterops.logs import remember
from tests.alerts.days import NAMES, START, down

RULE = AlertRule(
    name="mine",
    source="view:public.things",
    keys=("a", "b"),
    summary="{a} of {service} has {b}",
    severity=SeverityBy("info", "a", {"x": "critical"}),
    group_by=("service",),
)


def row(**values: Any) -> dict[str, Any]:
    return {"a": "x", "b": 1, **values}


def test_a_row_says_whose_what_and_since_when_by_the_names_of_its_columns() -> None:
    """
    A business by any text that means it, a service by its connection.
    """
    since = datetime(2026, 3, 2, tzinfo=UTC)
    (seen,) = observe(
        RULE,
        [
            row(
                business_id="0198",
                connection="hubspot/teelixir",
                error_category="network",
                since=since,
                code="NET004",
            )
        ],
        {"0198": "teelixir"},
    )

    assert ("teelixir", "hubspot", "network") == (seen.business, seen.service, seen.category)
    assert ("x of HubSpot has 1", "critical", since) == (seen.summary, seen.severity, seen.since)
    assert hint_of("NET004") == seen.hint
    assert '["hubspot"]' == seen.group_key


def test_keys_tell_rows_apart_whatever_they_hold() -> None:
    """
    Two fields are never one because of what is in them; the same keys are one alert, as bad as the worst.
    """
    rows = [row(a='x", "1', b=""), row(a="x", b='", "1'), row(a="y", b="z"), row(a="y", b="z")]

    assert 3 == len({each.key for each in observe(RULE, rows, {})})
    assert 3 == len(observe(RULE, rows, {}))


def test_what_a_row_holds_is_one_line_without_secrets_and_not_too_long() -> None:
    """
    A phone shows it.
    """
    remember(["a-secret-that-nobody-may-see"])
    rule = RULE._replace(reason="{text}")
    (seen,) = observe(rule, [row(text="one\n two a-secret-that-nobody-may-see " + "x" * 1000)], {})

    assert (seen.reason or "").startswith("one two ")
    assert "a-secret-that-nobody-may-see" not in (seen.reason or "")
    assert LONGEST_REASON == len(seen.reason or "")


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        (Condition("a", "in", ("x", "z")), ["x"]),
        (Condition("a", "not in", ("x", "z")), ["y"]),
        (Condition("b", "in", ("true",)), ["y"]),
    ],
)
def test_lists_are_compared_here(condition: Condition, left: list[str]) -> None:
    """
    The other operators are the database's.
    """
    rows = [row(a="x", b=False), row(a="y", b=True)]
    rule = RULE._replace(where=(condition,), keys=("a",), summary="{a}")

    assert left == [each.summary for each in observe(rule, rows, {})]


@pytest.mark.parametrize(
    "change", [{"keys": ("c",)}, {"summary": "{c}"}, {"severity": SeverityBy("info", "c")}]
)
def test_a_field_that_the_rows_do_not_have_is_named(change: dict[str, Any]) -> None:
    """
    With those that they have.
    """
    with pytest.raises(errors.UnknownName, match="There is no field named 'c'"):
        observe(RULE._replace(**change), [row()], {})


def test_many_businesses_are_counted_and_the_first_named() -> None:
    """
    A line for a phone stays one.
    """
    found = [down(f"b{number}") for number in range(9)]
    ids = iter(range(1, 10))
    alerts = live(found, [], {}, now=START, new_id=ids.__next__)

    title = wording.title("firing", alerts, wording.Voice(NAMES), START)

    assert (
        "CRITICAL HubSpot is down for 9 businesses (b0, b1, b2, b3, b4, b5 and 3 more) since 12:00 UTC"
        == title
    )


def test_the_day_is_said_when_it_is_not_today_in_the_readers_zone() -> None:
    """
    Noon in UTC is eleven at night in Melbourne.
    """
    voice = wording.Voice(zone="Australia/Melbourne")

    assert "23:00 AEDT" == voice.moment(START, START)
    assert "Mon 02 Mar 23:00 AEDT" == voice.moment(START, START + timedelta(hours=2))
