"""
What is wrong with a workflow, from its schedule and its runs. Pure.

A run that should have been is missed when the time after it has been read whole and shows none. Nothing is
said of a time that was not read, that n8n had already pruned, or from before the workflow was as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, takewhile
from statistics import median, quantiles
from typing import Any, NamedTuple

from masterops.core.durations import in_words
from masterops.workflows.schedule import Rule, Schedule

KINDS = ("missed", "never_ran", "stuck", "slow", "failing", "empty", "no_error_workflow")
GRACE = timedelta(minutes=5)
IDLE = timedelta(days=7)  # how long a workflow may be active before it is odd that it has never run
MOST_COUNTED = 100  # missed runs: a schedule of every second has 86,400 a day
EARLY = timedelta(seconds=1)  # a timer of Node's may fire a moment before its time
FAILING = 3  # failed runs one after the other
STUCK_LEAST, STUCK_UNKNOWN, STUCK_TIMES = timedelta(minutes=10), timedelta(hours=1), 5
SLOW_LEAST, SLOW_RUNS, SLOW_P95, SLOW_MEDIAN = 5_000.0, 20, 3, 5
EMPTY, EMPTY_BEFORE, EMPTY_CHANCE = 3, 5, 0.001
FEW = 5  # with fewer runs than that nobody can say how long one takes
ENDED, FAILED = ("success", "error", "crashed", "failed"), ("error", "crashed", "failed")


@dataclass(frozen=True, slots=True)
class Run:
    """
    One execution, as much of it as is judged by.
    """

    id: str
    status: str
    started: datetime
    mode: str | None = None
    milliseconds: float | None = None


class Output(NamedTuple):
    """
    A run that went well, and how many items it ended with.
    """

    execution: str
    started: datetime
    items: int


@dataclass(frozen=True, slots=True)
class Known:
    """
    The stretch of time whose executions are known, and whether this n8n keeps those that go well at all.
    """

    start: datetime
    end: datetime
    keeps_successes: bool = True
    grace: timedelta = GRACE


@dataclass(frozen=True, slots=True)
class Watched:
    """
    An active workflow with its newest runs, the newest first; `whole` says that there are no older ones.
    """

    id: str
    name: str
    business: str | None
    since: datetime
    schedule: Schedule
    runs: Sequence[Run] = ()
    whole: bool = True
    keeps_successes: bool = True
    has_error_workflow: bool = True
    outputs: Sequence[Output] = ()  # the newest first; none where no output is expected

    def last_by_schedule(self) -> datetime | None:
        """When its schedule set it off last."""
        return next((run.started for run in self.runs if run.mode in ("trigger", None)), None)


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that is wrong now.
    """

    workflow_id: str
    workflow_name: str
    business_id: str | None
    problem: str
    reason: str
    since: datetime
    subject: str = ""
    severity: str = "warning"
    details_json: dict[str, Any] = field(default_factory=dict)


def unjudged(workflow: Watched, known: Known) -> str | None:
    """Why nobody can say whether it missed a run; None when that can be said, or when it has no schedule."""
    if workflow.schedule.unpredictable:
        return "; ".join(workflow.schedule.unpredictable)
    if not workflow.schedule.rules:
        return None
    if not workflow.keeps_successes or not known.keeps_successes:
        return "n8n does not keep its runs that go well"
    if not workflow.schedule.next(known.end, None):
        return "its schedule has no moment: it never runs"
    if not _fits(workflow, known):
        return "its last runs were not when its schedule says: is the time zone of this n8n right?"
    return None


def findings(workflow: Watched, known: Known) -> list[Finding]:
    """All that is wrong with it."""
    found = [
        missed(workflow, known),
        never_ran(workflow, known),
        failing(workflow),
        slow(workflow),
        empty(workflow),
    ]
    if not workflow.has_error_workflow:
        reason = "nobody is told when it fails: its settings name no error workflow"
        found.append(_finding(workflow, "no_error_workflow", reason, workflow.since, severity="info"))
    return [each for each in found if each is not None]


def missed(workflow: Watched, known: Known) -> Finding | None:
    """The runs that should have been since the last one."""
    if unjudged(workflow, known) is not None:
        return None
    last = workflow.last_by_schedule()
    start = max(workflow.since, known.start)
    if last is not None:
        start = max(start, last + EARLY)
    elif not workflow.whole and workflow.runs:
        start = max(start, workflow.runs[-1].started)
    due = sorted({at for rule in workflow.schedule.rules for at in _due(rule, start, last, known)})
    if not due:
        return None
    count = len(due)
    more = (
        f"{count} runs or more have"
        if count >= MOST_COUNTED
        else f"{count} runs have"
        if count > 1
        else "a run has"
    )
    ran = f", and last ran {_at(last)}" if last is not None else ""
    first = (
        f"{more} not happened: it was due {_at(due[0])}"
        if count == 1
        else f"{more} not happened since {_at(due[0])}"
    )
    facts = {"first": due[0].isoformat(), "last": due[-1].isoformat(), "in_a_row": count,
             "last_run": last.isoformat() if last else None}  # fmt: skip
    return _finding(workflow, "missed", f"{first}{ran}", due[0], details_json=facts,
                    severity="critical" if count >= FAILING else "warning")  # fmt: skip


def never_ran(workflow: Watched, known: Known) -> Finding | None:
    """Active for a week with a webhook, or a schedule that nobody can predict, and never seen running."""
    waits = workflow.schedule.webhook or bool(workflow.schedule.unpredictable)
    kept = workflow.keeps_successes and known.keeps_successes
    since = max(workflow.since, known.start)
    if workflow.runs or not waits or not kept or workflow.schedule.rules or known.end - since < IDLE:
        return None
    reason = f"it has been active for {in_words(known.end - since)} and has not run"
    by_webhook = not workflow.schedule.unpredictable  # which may be as it should be: nobody calls it
    return _finding(workflow, "never_ran", reason, since, severity="info" if by_webhook else "warning")


def failing(workflow: Watched) -> Finding | None:
    """The last runs failed, all of them."""
    ended = [run for run in workflow.runs if run.status in ENDED]
    failed = []
    for run in ended:
        if run.status not in FAILED:
            break
        failed.append(run)
    if len(failed) < FAILING:
        return None
    more = " or more" if len(failed) == len(ended) and not workflow.whole else ""
    reason = f"its last {len(failed)}{more} runs failed"
    return _finding(workflow, "failing", reason, failed[-1].started, severity="critical",
                    details_json={"in_a_row": len(failed), "execution": failed[0].id})  # fmt: skip


def slow(workflow: Watched) -> Finding | None:
    """The last run that went well took far longer than those before it."""
    took = [
        (run, run.milliseconds)
        for run in workflow.runs
        if run.status == "success" and run.milliseconds is not None
    ]
    if len(took) <= SLOW_RUNS:
        return None
    (last, length), before = took[0], [each for _, each in took[1:]]
    usual, most = median(before), p95(before)
    if length <= max(SLOW_LEAST, SLOW_P95 * most, SLOW_MEDIAN * usual):
        return None
    reason = f"its last run took {length / 1000:,.1f} s, where {usual / 1000:,.1f} s are usual"
    return _finding(workflow, "slow", reason, last.started, subject=last.id,
                    details_json={"duration_ms": length, "median_ms": usual, "p95_ms": most})  # fmt: skip


def empty(workflow: Watched) -> Finding | None:
    """
    The last runs went well and ended with nothing, so many in a row that it happens by its own history less
    than once in a thousand times.
    """
    barren = list(takewhile(lambda each: not each.items, workflow.outputs))
    before = workflow.outputs[len(barren) :]
    if len(barren) < EMPTY or len(before) < EMPTY_BEFORE:
        return None
    nothing = sum(not each.items for each in before)
    usual = (nothing + 1) / (len(before) + 2)  # of few runs less is known than their share says
    if usual ** len(barren) > EMPTY_CHANCE:
        return None
    reason = (
        f"its last {len(barren)} runs went well and produced nothing; "
        f"of the {len(before)} before them {len(before) - nothing} produced something"
    )
    return _finding(workflow, "empty", reason, barren[-1].started,
                    details_json={"in_a_row": len(barren), "execution": barren[0].execution})  # fmt: skip


def stuck(run: Run, before: Sequence[Run], now: datetime) -> str | None:
    """Why a run that has not ended should have; None for one that may go on."""
    lengths = [
        each.milliseconds for each in before if each.status == "success" and each.milliseconds is not None
    ]
    if run.status != "running":
        return None
    if len(lengths) < FEW:
        longest = STUCK_UNKNOWN
    else:
        longest = max(STUCK_LEAST, timedelta(milliseconds=p95(lengths)) * STUCK_TIMES)
    if now - run.started <= longest:
        return None
    usual = f", where {p95(lengths) / 1000:,.1f} s are long" if len(lengths) >= FEW else ""
    return f"execution {run.id} has been running for {in_words(now - run.started)}{usual}"


def p95(lengths: Sequence[float]) -> float:
    """The length that one in twenty is longer than."""
    return quantiles(lengths, n=20, method="inclusive")[-1] if len(lengths) > 1 else lengths[0]


def _due(rule: Rule, start: datetime, last: datetime | None, known: Known) -> Iterator[datetime]:
    """The moments that have passed for good, each with the time that it may take to begin."""
    for moment in islice(rule.moments(start, last), MOST_COUNTED):
        if moment + rule.slack + known.grace > known.end:
            return
        yield moment


def _fits(workflow: Watched, known: Known) -> bool:
    """Whether one of the last runs was near a moment of the schedule, as far as that can be said."""
    runs = [
        run.started
        for run in workflow.runs
        if run.mode in ("trigger", None) and run.started >= workflow.since
    ]
    if not runs or workflow.schedule.others or any(rule.cron is None for rule in workflow.schedule.rules):
        return True
    return any(_near(rule, run, known) for rule in workflow.schedule.rules for run in runs[:FEW])


def _near(rule: Rule, run: datetime, known: Known) -> bool:
    following = rule.cron.after(run - rule.slack - known.grace - EARLY, rule.zone) if rule.cron else None
    return following is not None and following <= run + EARLY


def _finding(workflow: Watched, problem: str, reason: str, since: datetime, **more: Any) -> Finding:
    return Finding(workflow.id, workflow.name, workflow.business, problem, reason, since, **more)


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
