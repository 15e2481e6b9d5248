"""
The kinds of values that channels and alert rules have beside those that all settings have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from masterops.config.alerting import SEVERITIES, Condition, Escalation, Severity, SeverityBy
from masterops.config.kinds import Kind, Unfit, quoted
from masterops.core.spelling import nearest
from masterops.errors import BadValue

OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "~", "in", "not in")
LONGEST_SECONDS = 31 * 86_400
_CLOCK = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_QUIET = rf"\s*{_CLOCK}\s*-\s*{_CLOCK}\s*"


def _read_span(value: object) -> object:
    expected = "a span such as 30s, 5m or 2h, of at most 31 days"
    if not isinstance(value, str):
        raise Unfit(expected, quoted(value))
    # Here, because most starts have no span to read.
    from masterops.core.durations import parse_duration

    try:
        seconds = parse_duration(value).total_seconds()
    except BadValue:
        raise Unfit(expected, quoted(value)) from None
    if seconds > LONGEST_SECONDS:
        raise Unfit(expected, quoted(value))
    return seconds


SPAN = Kind("span such as `5m`", _read_span)


def minutes_of(text: str) -> tuple[int, int]:
    """Where quiet hours begin and end, in minutes from midnight."""
    match = re.fullmatch(_QUIET, text)
    assert match is not None, text
    first, second, third, fourth = map(int, match.groups())
    return first * 60 + second, third * 60 + fourth


def _read_quiet(value: object) -> object:
    expected = "quiet hours such as 22:00-07:00"
    if not isinstance(value, str) or not re.fullmatch(_QUIET, value):
        raise Unfit(expected, quoted(value))
    begins, ends = minutes_of(value)
    if begins == ends:
        raise Unfit(f"{expected}, which end at another time than they begin", quoted(value))
    return value.strip()


QUIET = Kind("hours such as `22:00-07:00`", _read_quiet)


def _read_names(value: object) -> object:
    expected = "a list of names"
    given = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(given, list) or not given:
        raise Unfit(expected, quoted(value))
    if not all(isinstance(each, str) and each.strip() and each.isprintable() for each in given):
        raise Unfit(expected, quoted(value))
    return tuple(dict.fromkeys(each.strip() for each in given))


NAMES = Kind("list of names", _read_names)

# The same for a setting that is kept as text; nothing at all is allowed.
WORDS = Kind(
    "names", lambda value: "" if value == "" else ", ".join(cast("tuple[str, ...]", _read_names(value)))
)


def _severity(value: object) -> Severity:
    if value not in SEVERITIES:
        guess = nearest(value, SEVERITIES) if isinstance(value, str) else None
        meant = f" (did you mean `{guess}`?)" if guess else ""
        raise Unfit(f"one of {', '.join(SEVERITIES)}{meant}", quoted(value))
    return value


def _read_severity(value: object) -> object:
    if not isinstance(value, Mapping):
        return SeverityBy(_severity(value))
    field = value.get("field")
    if not isinstance(field, str) or not field:
        raise Unfit(
            'a severity, or a table such as { field = "state", down = "critical" }', "one without `field`"
        )
    others = {str(name): _severity(each) for name, each in value.items() if name not in ("field", "other")}
    return SeverityBy(_severity(value.get("other", "warning")), field, others)


SEVERITY = Kind("`info` \\| `warning` \\| `critical`, or a table by a field's values", _read_severity)


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise Unfit("a condition whose value is a text, a number, true or false", quoted(value))


def _condition(given: object) -> Condition:
    expected = 'conditions such as { field = "state", op = "=", value = "down" }'
    if not isinstance(given, Mapping):
        raise Unfit(expected, quoted(given))
    for name in given:
        if name not in ("field", "op", "value"):
            guess = nearest(name, ("field", "op", "value"))
            raise Unfit(f"{expected}{f' (did you mean `{guess}`?)' if guess else ''}", f"one with `{name}`")
    field, op, value = given.get("field"), given.get("op", "="), given.get("value")
    if not isinstance(field, str) or not field or value is None:
        raise Unfit(expected, "one without field or value")
    if op not in OPERATORS:
        raise Unfit(f"conditions whose op is one of {' '.join(OPERATORS)}", quoted(op))
    if op in ("in", "not in"):
        if not isinstance(value, list) or not value:
            raise Unfit(f"a condition with `{op}` and a list of values", quoted(value))
        return Condition(field, op, tuple(map(_text_of, value)))
    text = _text_of(value)
    return Condition(field, op, None if text.lower() == "null" and op in ("=", "!=") else text)


def _read_conditions(value: object) -> object:
    if not isinstance(value, list):
        raise Unfit("a list of conditions", quoted(value))
    return tuple(map(_condition, value))


CONDITIONS = Kind("list of `{ field, op, value }`", _read_conditions)


def _step(given: object) -> Escalation:
    expected = 'steps such as { after = "15m", channels = ["phone"] }'
    if not isinstance(given, Mapping) or set(given) != {"after", "channels"}:
        raise Unfit(expected, quoted(given))
    after = cast(float, _read_span(given["after"]))
    return Escalation(after, cast("tuple[str, ...]", _read_names(given["channels"])))


def _read_escalation(value: object) -> object:
    steps = tuple(map(_step, value)) if isinstance(value, list) else ()
    if not steps or [each.after for each in steps] != sorted({each.after for each in steps}):
        raise Unfit("a list of steps, each later than the one before", quoted(value))
    return steps


ESCALATION = Kind("list of `{ after, channels }`", _read_escalation)
