"""
What is wrong with a workflow, decided from its schedule and its runs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from masterops.workflows.judge import (
    MOST_COUNTED,
    Known,
    Output,
    Run,
    Watched,
    findings,
    missed,
    stuck,
    unjudged,
)
from masterops.workflows.schedule import Schedule, schedule_of

NOW = datetime(2026, 11, 26, 12, 10, tzinfo=UTC)
DAY = timedelta(days=1)
WHOLE = Known(NOW - 30 * DAY, NOW)


def at(hour: int, minute: int = 0, *, day: int = 26) -> datetime:
    """A moment of that month."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def when(kind: str = "scheduleTrigger", **item: Any) -> Schedule:
    """A trigger with one line."""
    parameters = {"rule": {"interval": [item]}}
    return schedule_of([{"type": f"n8n-nodes-base.{kind}", "parameters": parameters}], None, "UTC")


HOURLY = when(field="hours")


def runs(*started: datetime, **more: Any) -> list[Run]:
    """Executions that began then."""
    fields = {"status": "success", "mode": "trigger", **more}
    return [Run(str(number), started=each, **fields) for number, each in enumerate(started)]


def workflow(schedule: Schedule = HOURLY, *, since: datetime = NOW - 20 * DAY, **more: Any) -> Watched:
    """An active workflow."""
    return Watched("1", "Orders", "teelixir", since, schedule, **more)


def lost(one: Watched, known: Known = WHOLE) -> tuple[str, int] | None:
    """The first moment that was missed, and how many were."""
    found = missed(one, known)
    return (found.since.strftime("%d %H:%M"), found.details_json["in_a_row"]) if found else None


@pytest.mark.parametrize(
    ("given", "known", "expected"),
    [
        pytest.param(workflow(runs=runs(at(12))), WHOLE, None, id="it ran"),
        pytest.param(workflow(runs=runs(at(11))), WHOLE, ("26 12:00", 1), id="one is missing"),
        pytest.param(workflow(runs=runs(at(8))), WHOLE, ("26 09:00", 4), id="four are missing"),
        pytest.param(workflow(runs=runs(at(11, 59) + timedelta(seconds=59.5))), WHOLE, None, id="a moment early"),
        pytest.param(
            workflow(runs=runs(at(11))), replace(WHOLE, end=at(12, 5)), None, id="within the grace and the minute"
        ),
        pytest.param(
            workflow(runs=runs(at(8))), replace(WHOLE, end=at(10, 30)), ("26 09:00", 2), id="not read further"
        ),
        pytest.param(
            workflow(runs=runs(at(8))), replace(WHOLE, start=at(10, 30)), ("26 11:00", 2), id="pruned before"
        ),
        pytest.param(workflow(since=at(11, 30), runs=runs(at(8))), WHOLE, ("26 12:00", 1), id="changed since"),
        pytest.param(workflow(since=at(12, 1), runs=runs(at(8))), WHOLE, None, id="changed just now"),
        pytest.param(
            workflow(runs=[*runs(at(12), mode="manual"), *runs(at(11))]), WHOLE, ("26 12:00", 1), id="run by hand"
        ),
        pytest.param(workflow(since=at(9, 30)), WHOLE, ("26 10:00", 3), id="never since it was switched on"),
        pytest.param(
            workflow(runs=runs(at(11)), keeps_successes=False), WHOLE, None, id="it keeps no successful runs"
        ),
        pytest.param(
            workflow(since=at(9, 30)), replace(WHOLE, keeps_successes=False), None, id="this n8n keeps none"
        ),
        pytest.param(
            workflow(whole=False, runs=runs(at(11, 50), mode="webhook")), WHOLE, ("26 12:00", 1), id="lost among others"
        ),
        pytest.param(
            workflow(runs=runs(at(11, 30), at(10, 30))), WHOLE, None, id="its runs come at other times: a wrong zone"
        ),
        pytest.param(workflow(when("webhook")), WHOLE, None, id="no schedule"),
    ],
)  # fmt: skip
def test_a_run_is_missed_when_its_time_is_known_and_shows_none(
    given: Watched, known: Known, expected: tuple[str, int] | None
) -> None:
    """
    And never otherwise.
    """
    assert expected == lost(given, known)


def test_an_interval_of_a_timer_may_take_twice_as_long() -> None:
    """
    A restart of n8n winds it up anew.
    """
    timer = schedule_of(
        [{"type": "n8n-nodes-base.interval", "parameters": {"interval": 1, "unit": "hours"}}], None
    )

    assert lost(workflow(timer, runs=runs(at(11, 5)))) is None
    assert ("26 10:30", 1) == lost(workflow(timer, runs=runs(at(9, 30))))


def test_a_schedule_of_every_second_is_counted_up_to_a_limit() -> None:
    """
    Three weeks of it cost no more than some minutes.
    """
    found = missed(workflow(when(field="seconds", secondsInterval=1)), WHOLE)

    assert found is not None
    assert MOST_COUNTED == found.details_json["in_a_row"]
    assert f"{MOST_COUNTED} runs or more have" in found.reason
    assert "critical" == found.severity


def test_why_nobody_can_say_is_said() -> None:
    """
    In words that tell what to mend.
    """
    expression = when(triggerAtHour="={{ 3 }}")

    assert "an expression" in (unjudged(workflow(expression), WHOLE) or "")
    assert "never runs" in (
        unjudged(workflow(when(field="cronExpression", expression="0 0 30 2 *")), WHOLE) or ""
    )
    assert "time zone" in (unjudged(workflow(runs=runs(at(11, 30))), WHOLE) or "")
    assert unjudged(workflow(when("webhook")), WHOLE) is None


def kinds(one: Watched) -> dict[str, str]:
    """What was found, with its severity."""
    return {found.problem: found.severity for found in findings(one, WHOLE)}


def lengths(last: float, *before: float, status: str = "success") -> list[Run]:
    """Runs that took so many seconds, an hour apart."""
    return [
        Run(str(number), status, at(12) - timedelta(hours=number), "trigger", each * 1_000)
        for number, each in enumerate((last, *before))
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(workflow(runs=runs(at(12))), {}, id="all is well"),
        pytest.param(
            workflow(runs=[*runs(at(12), at(11), at(10), status="error"), *runs(at(9))]),
            {"failing": "critical"}, id="three failed",
        ),
        pytest.param(workflow(runs=[*runs(at(12), at(11), status="error"), *runs(at(10))]), {}, id="two failed"),
        pytest.param(
            workflow(runs=[*runs(at(12), status="canceled"), *runs(at(11), at(10), at(9), status="crashed")]),
            {"failing": "critical"}, id="one that somebody stopped says nothing",
        ),
        pytest.param(workflow(when("webhook")), {"never_ran": "info"}, id="a webhook that nobody calls"),
        pytest.param(
            workflow(when(triggerAtHour="={{ 3 }}")), {"never_ran": "warning"}, id="a schedule nobody can predict"
        ),
        pytest.param(workflow(when("webhook"), since=NOW - 6 * DAY), {}, id="active for six days"),
        pytest.param(workflow(when("webhook"), keeps_successes=False), {}, id="its runs are not kept"),
        pytest.param(
            workflow(runs=runs(at(12)), has_error_workflow=False), {"no_error_workflow": "info"}, id="no error workflow"
        ),
        pytest.param(workflow(runs=lengths(40, *[5] * 20, 9)), {"slow": "warning"}, id="far longer than ever"),
        pytest.param(workflow(runs=lengths(40, *[5] * 19)), {}, id="too few to say"),
        pytest.param(workflow(runs=lengths(40, *[5] * 18, 30, 30)), {}, id="it takes that long at times"),
        pytest.param(workflow(runs=lengths(4, *[0.1] * 20)), {}, id="still short"),
    ],
)  # fmt: skip
def test_what_runs_say(given: Watched, expected: dict[str, str]) -> None:
    """
    Each problem by itself.
    """
    assert expected == kinds(given)


def gave(*items: int) -> Watched:
    """A workflow whose runs ended with so many items, the newest first."""
    counted = [Output(str(number), NOW - number * DAY / 24, each) for number, each in enumerate(items)]
    return workflow(outputs=counted)


@pytest.mark.parametrize(
    ("given", "in_a_row"),
    [
        pytest.param(gave(0, 0, 0, *[5] * 20), 3, id="three, where there was always something"),
        pytest.param(gave(0, 0, *[5] * 58), None, id="two are too few"),
        pytest.param(gave(0, 0, 0, *[5] * 5), None, id="three, of so few that it may be chance"),
        pytest.param(gave(0, 0, 0, 0, *[5] * 5), 4, id="four of as few"),
        pytest.param(gave(*[0] * 6, *[1, 0] * 20), None, id="every second run gives nothing"),
        pytest.param(gave(*[0] * 12, *[1, 0] * 20), 12, id="twelve, where every second does"),
        pytest.param(gave(*[0] * 24, *[1, 0, 0, 0, 0] * 7), None, id="it seldom gives anything"),
        pytest.param(gave(*[0] * 60), None, id="it never gave anything"),
        pytest.param(gave(1, *[0] * 20, *[5] * 20), None, id="it gives again"),
        pytest.param(gave(), None, id="no output is expected"),
    ],
)
def test_one_that_produces_nothing_is_told_by_its_own_history(given: Watched, in_a_row: int | None) -> None:
    """
    Since the first run that gave nothing.
    """
    found = [each for each in findings(given, WHOLE) if each.problem == "empty"]

    assert [in_a_row] * (in_a_row is not None) == [each.details_json["in_a_row"] for each in found]
    assert [NOW - (each.details_json["in_a_row"] - 1) * DAY / 24 for each in found] == [
        each.since for each in found
    ]


@pytest.mark.parametrize(
    ("minutes", "before", "is_stuck"),
    [
        pytest.param(9, [1.0] * 10, False, id="not ten minutes"),
        pytest.param(11, [1.0] * 10, True, id="more than ten minutes, and five times as long"),
        pytest.param(45, [600.0] * 10, False, id="a long one by nature"),
        pytest.param(51, [600.0] * 10, True, id="long even for that"),
        pytest.param(59, [1.0], False, id="nobody knows how long it takes"),
        pytest.param(61, [], True, id="more than an hour"),
    ],
)
def test_a_run_is_stuck_by_its_own_history(minutes: int, before: list[float], is_stuck: bool) -> None:
    """
    Ten minutes at least, an hour where there is no history.
    """
    run = Run("9", "running", NOW - timedelta(minutes=minutes), "trigger")

    assert is_stuck == (stuck(run, lengths(1.0, *before)[1:], NOW) is not None)
    assert stuck(replace(run, status="waiting"), [], NOW) is None
