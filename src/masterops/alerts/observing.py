"""
From rows to observations: what a rule makes of what it finds. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec

from masterops import errors
from masterops.alerts.model import Observation, rank
from masterops.config import AlertRule, Severity
from masterops.core.dependencies import name_of
from masterops.core.spelling import unknown
from masterops.logs import redact_text

Row = Mapping[str, Any]  # values are whatever the columns hold

LONGEST_SUMMARY, LONGEST_REASON = 160, 400
BUSINESS = ("business", "business_id", "business_slug")
CONNECTION = ("connection", "integration_id")
CATEGORY = ("category", "error_category", "problem")
# As people write them; any other service is shown by its own name.
SERVICES = {
    "hubspot": "HubSpot",
    "unleashed": "Unleashed",
    "supabase": "Supabase",
    "shopify": "Shopify",
    "xero": "Xero",
    "bigcommerce": "BigCommerce",
}
# The fields that begin with a service.
NAMED = ("service", "what")
_PLACE = re.compile(r"\{([^{}]*)\}")


def observe(rule: AlertRule, rows: Iterable[Row], slugs: Mapping[str, str]) -> list[Observation]:
    """
    What a rule says of the rows that were read for it; `slugs` are businesses by every text that means them.
    Raises UnknownName for a field that the rows do not have.
    """
    found: dict[str, Observation] = {}
    for row in rows:
        if _fits(rule, row):
            seen = _observation(rule, row, slugs)
            # Rows that the keys do not tell apart are one alert, as bad as the worst of them.
            if seen.key not in found or rank(seen.severity) > rank(found[seen.key].severity):
                found[seen.key] = seen
    return list(found.values())


def unreadable(rule: AlertRule, reports: Sequence[tuple[str, str]]) -> list[Observation]:
    """The rules whose rows could not be read, by the rule for that; each with the reason."""
    return observe(rule, [{"rule": name, "reason": reason} for name, reason in reports], {})


def hint_of(code: str | None) -> str | None:
    """What the error with this code advises."""
    return _hints().get(code or "")


@cache
def _hints() -> dict[str, str]:
    found: dict[str, str] = {}
    waiting: list[type[errors.MasterOpsError]] = [errors.MasterOpsError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "hint" in vars(kind) and "{" not in kind.hint:
            found[kind.code] = kind.hint
    return found


def _fits(rule: AlertRule, row: Row) -> bool:
    """The conditions that the database was not asked."""
    for each in rule.where:
        if isinstance(each.value, tuple):
            inside = _text(_field(row, each.field)) in each.value
            if inside is (each.op == "not in"):
                return False
    return True


def _observation(rule: AlertRule, row: Row, slugs: Mapping[str, str]) -> Observation:
    business = _first(row, BUSINESS)
    facts = {
        **row,
        "business": slugs.get(business, business) if business else None,
        "service": row.get("service") or (_first(row, CONNECTION) or "").partition("/")[0] or None,
        "category": _first(row, CATEGORY),
    }
    since = row.get("since")
    return Observation(
        rule=rule.name,
        key=f"{rule.name} {_joined(row, rule.keys)}",
        severity=_severity(rule, row),
        summary=_filled(rule.summary, facts, LONGEST_SUMMARY) or rule.name,
        business=facts["business"],
        service=facts["service"],
        category=facts["category"],
        reason=_filled(rule.reason or "{reason}", {"reason": None, **facts}, LONGEST_REASON),
        hint=hint_of(row.get("code")),
        group_key=_joined(facts, rule.group_by),
        subject=name_of(row["connection"], row["check_name"]) if rule.source == "flips" else None,
        since=since if isinstance(since, datetime) and since.tzinfo else None,
        maintenance=rule.source == "flips" and bool(row.get("maintenance")),
    )


def _severity(rule: AlertRule, row: Row) -> Severity:
    if rule.severity.by is None:
        return rule.severity.other
    return rule.severity.values.get(_text(_field(row, rule.severity.by)), rule.severity.other)


def _field(row: Row, name: str) -> Any:
    if name not in row:
        raise unknown("field", name, row)
    return row[name]


def _first(row: Row, names: Iterable[str]) -> str | None:
    return next((str(row[name]) for name in names if row.get(name)), None)


def _joined(row: Row, names: Iterable[str]) -> str:
    """Values that tell one from another, whatever they hold."""
    return msgspec.json.encode([_text(_field(row, name)) for name in names]).decode()


def _filled(template: str, facts: Row, longest: int) -> str | None:
    """The text with the fields in their places: one line, no secrets."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        text = _text(_field(facts, name))
        if name not in NAMED:
            return text
        service, blank, rest = text.partition(" ")
        return f"{SERVICES.get(service, service)}{blank}{rest}"

    text = redact_text(" ".join(_PLACE.sub(value, template).split()))
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return str(value)
