"""
When a workflow is due, as its own nodes say it. Pure.

Read are n8n's Schedule Trigger and its two predecessors, Cron and Interval, with the defaults that n8n 2.41
fills in for what a node leaves out. What cannot be known is said and not guessed: a parameter that is an
expression, an expression that cron does not take, a time zone that nobody has.

n8n chooses the second of a moment by itself, and with an old Cron node the minute of "every X hours" too:
such a moment stands for a stretch of time. "Every 3 days" counts from the run before, as n8n does it, so the
next moment depends on the last run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from masterops.workflows.cron import DAYS, Cron, NotCron, parse

SCHEDULES = ("n8n-nodes-base.scheduleTrigger", "n8n-nodes-base.cron", "n8n-nodes-base.interval")
# What n8n runs in where GENERIC_TIMEZONE is not set (2.41, generic.config).
DEFAULT_ZONE = "America/New_York"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NONE = timedelta(0)
# An interval that never comes round, as "every 400 days", is given up after so many moments.
MOST_SKIPPED = 800


class Unpredictable(ValueError):
    """
    Nobody can say when this trigger fires; says why.
    """


@dataclass(frozen=True, slots=True)
class Step:
    """
    Every so many minutes, hours, days, weeks or months since the last run.
    """

    size: int
    unit: str

    def passed(self, before: datetime, now: datetime, zone: ZoneInfo) -> bool:
        """Whether n8n lets it run now when it ran `before`; its weeks and days begin anew with each year."""
        was, here = before.astimezone(zone), now.astimezone(zone)
        if self.unit == "minutes":
            return int(now.timestamp() // 60) - int(before.timestamp() // 60) >= self.size
        if self.unit == "hours":
            return (here.hour - was.hour) % 24 >= self.size
        if self.unit == "days":
            return (here.timetuple().tm_yday - was.timetuple().tm_yday + 365) % 365 >= self.size
        if self.unit == "weeks":
            weeks = _week(here) - _week(was)
            return weeks == 0 or (weeks + 52) % 52 >= self.size
        return (here.year * 12 + here.month) - (was.year * 12 + was.month) >= self.size


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One line of a trigger. `slack` is how long after each moment n8n may choose to run; `every` stands for a
    timer that is wound up when the workflow is switched on, in place of a clock.
    """

    words: str
    zone: ZoneInfo
    cron: Cron | None = None
    every: timedelta = NONE
    step: Step | None = None
    slack: timedelta = NONE

    def moments(self, start: datetime, last: datetime | None) -> Iterator[datetime]:
        """When it is due after `start`, without end, if it ran last at `last`."""
        at, before, skipped = start, last, 0
        while skipped < MOST_SKIPPED:
            following = self.cron.after(at, self.zone) if self.cron is not None else at + self.every
            if following is None:
                return
            at = following
            if self.step is not None and before is not None and not self.step.passed(before, at, self.zone):
                skipped += 1
                continue
            before, skipped = at, 0
            yield at


@dataclass(frozen=True, slots=True)
class Schedule:
    """
    What sets a workflow off: rules that can be predicted, the reasons why others cannot, and whether there is
    a webhook or another trigger besides.
    """

    rules: tuple[Rule, ...] = ()
    unpredictable: tuple[str, ...] = ()
    webhook: bool = False
    others: tuple[str, ...] = ()

    @property
    def words(self) -> str | None:
        """All of it in words; None for a workflow that only people and other workflows start."""
        said = [rule.words for rule in self.rules]
        zones = {str(rule.zone) for rule in self.rules if rule.cron is not None}
        if said and zones:
            said[-1] += f" ({', '.join(sorted(zones))})"
        said += [f"a schedule: {reason}" for reason in self.unpredictable]
        said += ["a webhook"] if self.webhook else []
        return "; ".join([*said, *self.others]) or None

    def next(self, start: datetime, last: datetime | None, count: int = 1) -> list[datetime]:
        """The next moments after `start`, of all rules together."""
        found = [
            moment
            for rule in self.rules
            for moment, _ in zip(rule.moments(start, last), range(count), strict=False)
        ]
        return sorted(set(found))[:count]


def schedule_of(
    nodes: list[dict[str, Any]], settings: Mapping[str, Any] | None, zone: str = DEFAULT_ZONE
) -> Schedule:
    """The schedule of a workflow; `zone` is that of its n8n, used where the workflow has none of its own."""
    own = (settings or {}).get("timezone")
    rules: list[Rule] = []
    reasons: list[str] = []
    webhook, others = False, list[str]()
    for node in nodes:
        kind = str(node.get("type", ""))
        if node.get("disabled") is True:
            continue
        if kind in SCHEDULES:
            try:
                rules += _rules(kind, _given(node), own if own not in (None, "DEFAULT") else zone)
            except Unpredictable as reason:
                reasons.append(str(reason))
        elif kind.endswith((".webhook", "formTrigger")):
            webhook = True
        elif kind.endswith("Trigger") and not kind.endswith(
            ("manualTrigger", "errorTrigger", "executeWorkflowTrigger")
        ):
            others.append(kind.rpartition(".")[2])
    return Schedule(tuple(rules), tuple(reasons), webhook, tuple(others))


def _given(node: dict[str, Any]) -> dict[str, Any]:
    given = node.get("parameters")
    return given if isinstance(given, dict) else {}


def _rules(kind: str, parameters: dict[str, Any], zone_name: object) -> list[Rule]:
    zone = _zone(zone_name)
    if kind == SCHEDULES[0]:
        items = _items(parameters, "rule", "interval", [{}])
        return [_scheduled(item, zone) for item in items]
    if kind == SCHEDULES[1]:
        return [_old_cron(item, zone) for item in _items(parameters, "triggerTimes", "item", [])]
    size, unit = _number(parameters, "interval", 1), str(parameters.get("unit", "seconds"))
    if unit not in ("seconds", "minutes", "hours"):
        raise Unpredictable(f"its unit is {unit!r}")
    every = timedelta(**{unit: size})
    # A restart of n8n winds the timer up anew: up to twice as long from one run to the next.
    return [Rule(_every(size, unit), zone, every=every, slack=every)]


def _scheduled(item: dict[str, Any], zone: ZoneInfo) -> Rule:
    """One line of a Schedule Trigger."""
    field = _text(item, "field", "days")
    if field == "cronExpression":
        return _cron(_text(item, "expression", ""), zone)
    size = _number(item, f"{field}Interval", {"seconds": 30, "minutes": 5}.get(field, 1))
    if field == "seconds":
        return Rule(_every(size, field), zone, _parsed(f"*/{size} * * * * *"))
    step = Step(size, field) if size != 1 else None
    if field == "minutes":
        even = 60 % size == 0
        cron = _parsed(f"*/{size} * * * *" if even else "* * * * *")
        return Rule(_every(size, field), zone, cron, step=None if even else step, slack=MINUTE)
    minute = _number(item, "triggerAtMinute", 0, least=0)
    if field == "hours":
        hours = f"*/{size}" if 24 % size == 0 else "*"
        words = f"{_every(size, field)} at minute {minute}"
        return Rule(words, zone, _parsed(f"{minute} {hours} * * *"), step=step, slack=MINUTE)
    hour = _number(item, "triggerAtHour", 0, least=0)
    at = f"at {hour:02}:{minute:02}"
    if field == "days":
        return Rule(
            f"{_every(size, field)} {at}", zone, _parsed(f"{minute} {hour} * * *"), step=step, slack=MINUTE
        )
    if field == "weeks":
        days = _days(item.get("triggerAtDay", [0]))
        cron = _parsed(f"{minute} {hour} * * {','.join(map(str, days)) or '*'}")
        on = ", ".join(DAYS[day % 7].capitalize() for day in days) or "each day"
        return Rule(f"{_every(size, field)} on {on} {at}", zone, cron, step=step, slack=MINUTE)
    if field != "months":
        raise Unpredictable(f"it has the unknown interval {field!r}")
    day = _number(item, "triggerAtDayOfMonth", 1)
    months = f"*/{size}" if 12 % size == 0 else "*"
    words = f"{_every(size, field)} on day {day} {at}"
    return Rule(words, zone, _parsed(f"{minute} {hour} {day} {months} *"), step=step, slack=MINUTE)


def _old_cron(item: dict[str, Any], zone: ZoneInfo) -> Rule:
    """One line of a Cron node, which n8n has replaced and still runs."""
    mode = _text(item, "mode", "everyDay")
    if mode == "custom":
        return _cron(_text(item, "cronExpression", "* * * * * *"), zone)
    if mode == "everyMinute":
        return Rule("every minute", zone, _parsed("* * * * *"), slack=MINUTE)
    if mode == "everyX":
        size, unit = _number(item, "value", 2), _text(item, "unit", "hours")
        if unit not in ("minutes", "hours"):
            raise Unpredictable(f"its unit is {unit!r}")
        expression = f"*/{size} * * * *" if unit == "minutes" else f"0 */{size} * * *"
        return Rule(
            _every(size, unit), zone, _parsed(expression), slack=MINUTE if unit == "minutes" else HOUR
        )
    minute, hour = _number(item, "minute", 0, least=0), _number(item, "hour", 14, least=0)
    weekday, day = _number(item, "weekday", 1, least=0), _number(item, "dayOfMonth", 1)
    at = f"at {hour:02}:{minute:02}"
    known = {
        "everyHour": (f"every hour at minute {minute}", f"{minute} * * * *"),
        "everyDay": (f"every day {at}", f"{minute} {hour} * * *"),
        "everyWeek": (
            f"every week on {DAYS[weekday % 7].capitalize()} {at}",
            f"{minute} {hour} * * {weekday}",
        ),
        "everyMonth": (f"every month on day {day} {at}", f"{minute} {hour} {day} * *"),
    }
    if mode not in known:
        raise Unpredictable(f"it has the unknown mode {mode!r}")
    words, expression = known[mode]
    return Rule(words, zone, _parsed(expression), slack=MINUTE)


def _cron(expression: str, zone: ZoneInfo) -> Rule:
    return Rule(f"cron {expression.strip()}", zone, _parsed(expression))


def _parsed(expression: str) -> Cron:
    try:
        return parse(expression)
    except NotCron as flaw:
        raise Unpredictable(f"n8n takes no cron such as {expression.strip()!r}: {flaw}") from None


def _zone(name: object) -> ZoneInfo:
    text = _plain(name, "time zone")
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unpredictable(f"its time zone {name!r} is not known here") from None


def _items(parameters: dict[str, Any], outer: str, inner: str, missing: list[Any]) -> list[dict[str, Any]]:
    held = parameters.get(outer, {})
    items = held.get(inner, missing) if isinstance(held, dict) else held
    if isinstance(items, str):
        _plain(items, outer)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unpredictable(f"its {outer} cannot be read")
    return items


def _number(item: dict[str, Any], name: str, missing: int, *, least: int = 1) -> int:
    """A whole number, which may be written as text. Raises Unpredictable."""
    value = item.get(name, missing)
    text = _plain(value, name) if isinstance(value, str) else str(value)
    if isinstance(value, bool) or not text.isdecimal() or not least <= int(text) <= 9_999:
        raise Unpredictable(f"its {name} is {value!r}")
    return int(text)


def _text(item: dict[str, Any], name: str, missing: str) -> str:
    return _plain(item.get(name, missing), name)


def _plain(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise Unpredictable(f"its {name} is {value!r}")
    if value.startswith("="):
        raise Unpredictable(f"its {name} is an expression, which only n8n can work out")
    return value


def _days(value: object) -> list[int]:
    found = value if isinstance(value, list) else [value]
    return [_number({"triggerAtDay": day}, "triggerAtDay", 0, least=0) for day in found]


def _every(size: int, unit: str) -> str:
    return f"every {unit[:-1]}" if size == 1 else f"every {size} {unit}"


def _week(day: datetime) -> int:
    """The week of the year as n8n counts it: from Sunday, the first is that of the first of January."""
    saturday = day + timedelta(days=6 - day.isoweekday() % 7)
    if saturday.year != day.year:
        return 1
    before = datetime(day.year, 1, 1, tzinfo=UTC).isoweekday() % 7
    return (day.timetuple().tm_yday - 1 + before) // 7 + 1
