"""
What becomes of alerts when a look finds these rows: pure.

A row that is found must hold as long as its rule says and then fires; one that is no longer found is
resolved. Rows of a rule that could not be read say nothing, and neither does a check that nobody could make:
their alerts stay as they are. Nobody is told here; see `telling`.

Alerts that come and go are held together: one that fires for the third time within half an hour flaps, and is
resolved only when it has stayed away for ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from masterops.alerts.model import Alert, Observation, Trouble
from masterops.config import AlertRule

FLAP_WINDOW = timedelta(minutes=30)
FLAP_FIRES = 3
SETTLE = timedelta(minutes=10)


def live(
    observed: Sequence[Observation],
    alerts: Sequence[Alert],
    rules: Mapping[str, AlertRule],
    *,
    now: datetime,
    new_id: Callable[[], int],
    unread: Collection[str] = (),
    unsure: Collection[str] = (),
) -> list[Alert]:
    """
    The alerts after a look: `alerts` are those that are open or ended within FLAP_WINDOW, `unread` the rules
    whose rows could not be read, `unsure` the subjects of which nobody can say how they are. What only waited
    to hold and is gone is left out of the answer.
    """
    found = {each.key: each for each in observed if each.rule not in unread}
    latest = _latest(alerts)
    after: list[Alert] = []
    for alert in alerts:
        if alert is not latest[alert.key] or alert.closed_at is not None or alert.rule in unread:
            after.append(alert)
            continue
        seen = found.pop(alert.key, None)
        if seen is None and alert.subject in unsure:
            after.append(alert)
            continue
        kept = _gone(alert, now) if seen is None else _still_there(alert, seen, rules, now)
        after += [kept] if kept is not None else []
    for seen in found.values():
        after.append(_new(seen, latest.get(seen.key), rules, now, new_id()))
    return after


def _latest(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """The newest episode of each key."""
    latest: dict[str, Alert] = {}
    for alert in alerts:
        if alert.key not in latest or alert.id > latest[alert.key].id:
            latest[alert.key] = alert
    return latest


def _new(
    seen: Observation, before: Alert | None, rules: Mapping[str, AlertRule], now: datetime, id: int
) -> Alert:
    alert = Alert(
        id=id,
        state="pending",
        since=min(seen.since or now, now),
        seen_at=now,
        fires=before.fires if before is not None else (),
        **_trouble(seen),
    )
    return _still_there(alert, seen, rules, now)


def _still_there(alert: Alert, seen: Observation, rules: Mapping[str, AlertRule], now: datetime) -> Alert:
    # An alert that changes its group would be told in two.
    group_key = alert.group_key if alert.state == "firing" else seen.group_key
    alert = replace(alert, **{**_trouble(seen), "group_key": group_key, "absent_since": None,
                                "maintenance": seen.maintenance})  # fmt: skip
    if alert.state == "firing":
        return alert
    rule = rules.get(alert.rule)
    hold = timedelta(seconds=rule.hold if rule is not None else 0)
    # One that was resolved, and not yet told to be so, goes on: nobody need hear of the gap.
    if alert.state == "pending" and now - min(alert.since, alert.seen_at) < hold:
        return alert
    fires = (*(each for each in alert.fires if now - each < FLAP_WINDOW), now)
    return replace(
        alert,
        state="firing",
        fired_at=alert.fired_at or now,
        resolved_at=None,
        fires=fires,
        flapping=len(fires) >= FLAP_FIRES,
    )


def _trouble(seen: Observation) -> dict[str, Any]:
    """What an observation says, without when it began."""
    return {name: getattr(seen, name) for name in Trouble.__struct_fields__}


def _gone(alert: Alert, now: datetime) -> Alert | None:
    if alert.state == "pending":
        return None
    if alert.state == "resolved":
        return alert
    away = alert.absent_since or now
    if alert.flapping and now - away < SETTLE:
        return replace(alert, absent_since=away)
    told = alert.told_at is not None
    return replace(
        alert, state="resolved", resolved_at=now, absent_since=away, closed_at=None if told else now
    )
