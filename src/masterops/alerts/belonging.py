"""
Which alert is part of another, because its subject depends on that one's: pure.

HubSpot is down, and so is the check that needs it: the check's alert is part of HubSpot's. It is told with
that one, or not at all when that was told before; and on its own when it is still there some time after
HubSpot has come back. What would reach fewer people that way, or be made less of, stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from masterops.alerts.model import Alert, rank
from masterops.core.dependencies import Needs, below, needs_of

# So long what depends on something may take to recover after it.
AFTERMATH = timedelta(minutes=2)
# So long what depends on something waits for a look at that.
LONGEST_WAIT = timedelta(minutes=2)

Route = Callable[[str], Collection[str]]


def attach(alerts: Sequence[Alert], needs: Needs, route: Route, *, now: datetime) -> list[Alert]:
    """The alerts, each with the one that it is part of now; `route` says who is told by a rule."""
    by_subject: dict[str, list[Alert]] = {}
    for each in alerts:
        if each.subject is not None and _stands(each):
            by_subject.setdefault(each.subject, []).append(each)
    by_id = {each.id: each for each in alerts}
    return [
        each if each.state == "resolved" else _attached(each, by_id, by_subject, needs, route, now)
        for each in alerts
    ]


def waiting(
    alerts: Sequence[Alert], needs: Needs, looked_at: Mapping[str, datetime], *, now: datetime
) -> set[int]:
    """
    Those that are not told yet, because what they depend on has not been looked at since they went wrong and
    may turn out to be the cause; `looked_at` is when each subject was last.
    """
    return {
        each.id
        for each in alerts
        if each.told_at is None
        and each.subject is not None
        and now - (each.fired_at or now) < LONGEST_WAIT
        and any(looked_at.get(need, each.since) < each.since for need in needs_of(each.subject, needs))
    }


def _attached(
    alert: Alert,
    by_id: Mapping[int, Alert],
    by_subject: Mapping[str, Sequence[Alert]],
    needs: Needs,
    route: Route,
    now: datetime,
) -> Alert:
    cause = _cause(alert, by_subject, needs, route)
    if cause is not None:
        return replace(alert, part_of=cause.id)
    if alert.part_of is None or alert.absent_since is not None:
        return alert
    before = by_id.get(alert.part_of)
    if before is not None and before.absent_since is not None and now - before.absent_since < AFTERMATH:
        return alert
    if alert.told_with is None:
        return replace(alert, part_of=None)
    # It was one of many; now it is what is left.
    return replace(alert, part_of=None, told_with=None, told_at=None, told_severity=None, told_channels=())


def _cause(
    alert: Alert, by_subject: Mapping[str, Sequence[Alert]], needs: Needs, route: Route
) -> Alert | None:
    """The alert of the last thing below it that is wrong and that may stand for it."""
    if alert.subject is None:
        return None
    causes = (
        each
        for step in reversed(below(alert.subject, by_subject, needs))
        for each in by_subject[step]
        if _covers(each, alert, route)
    )
    return next(causes, None)


def _covers(cause: Alert, alert: Alert, route: Route) -> bool:
    told_soon_enough = cause.state == "firing" or cause.rule == alert.rule
    as_bad = rank(cause.severity) >= rank(alert.severity)
    return told_soon_enough and as_bad and {*route(alert.rule)} <= {*route(cause.rule)}


def _stands(alert: Alert) -> bool:
    return alert.state != "resolved" and alert.absent_since is None
