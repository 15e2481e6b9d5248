"""
Property values: what a client sends, checked and brought into the form in which HubSpot keeps it.

Everything is kept as a string. An empty string or null clears the property. Moments come as ISO 8601 or
as milliseconds since 1970 and are kept as ISO 8601 in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from masterops.sandbox.hubspot.problems import Flaw
from masterops.sandbox.hubspot.properties import Property

LONGEST = 65_536
EMAIL = re.compile(r"[^@\s,;<>()\"]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def kept(
    given: Mapping[str, object], definitions: Mapping[str, Property]
) -> tuple[dict[str, str | None], list[Flaw]]:
    """The values to keep by property (None clears it), and what is wrong with the others."""
    good: dict[str, str | None] = {}
    flaws: list[Flaw] = []
    for name, value in given.items():
        definition = definitions.get(name.lower())
        if definition is None or definition.archived:
            flaws.append(Flaw(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
            continue
        outcome = one(definition, value)
        if isinstance(outcome, Flaw):
            flaws.append(outcome)
        else:
            good[definition.name] = outcome
    return good, flaws


def one(definition: Property, value: object) -> str | Flaw | None:
    """One value as it is kept, None to clear the property, or what is wrong with it."""
    name = definition.name
    if definition.read_only:
        return Flaw(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    text = plain(value)
    if text is None:
        return Flaw(name, "INVALID_VALUE", f"The value of {name!r} must be a string.")
    if text == "":
        return None
    if len(text) > LONGEST:
        return Flaw(name, "VALUE_TOO_LONG", f"The value of {name!r} is longer than {LONGEST} characters.")
    if name == "email":
        return _email(text)
    if definition.type == "string":
        return text
    if text != text.strip():
        return Flaw(name, "INVALID_VALUE", f"{text!r} has leading or trailing spaces.")
    return _typed(definition, text)


def plain(value: object) -> str | None:
    """A JSON value as the string HubSpot makes of it; None for a list or an object."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _typed(definition: Property, text: str) -> str | Flaw:
    if definition.type == "number":
        if number(text) is None:
            return Flaw(definition.name, "INVALID_NUMBER", f"{text} was not a valid number.")
        return text
    if definition.type == "datetime":
        at = moment(text)
        if at is None:
            return Flaw(definition.name, "INVALID_DATE", f"{text} was not a valid date-time.")
        return iso(at)
    if definition.type == "date":
        day = whole_day(text)
        if day is None:
            return Flaw(
                definition.name, "INVALID_DATE", f"{text} is not at midnight UTC or not a valid date."
            )
        return day.isoformat()
    if definition.type == "bool":
        if text.lower() not in ("true", "false"):
            return Flaw(definition.name, "INVALID_BOOLEAN", f"{text} was not one of true, false.")
        return text.lower()
    return _chosen(definition, text)


def _chosen(definition: Property, text: str) -> str | Flaw:
    allowed = definition.values
    picked = text.split(";") if definition.field_type == "checkbox" else [text]
    wrong = [value for value in picked if allowed is not None and value and value not in allowed]
    if not wrong:
        return text
    if definition.external_options:
        listed = ", ".join(sorted(allowed or ()))
    else:
        listed = ", ".join(
            f'label: "{option.label}" value: "{option.value}"' for option in definition.options
        )
    return Flaw(
        definition.name, "INVALID_OPTION", f"{wrong[0]} was not one of the allowed options: [{listed}]"
    )


def _email(text: str) -> str | Flaw:
    address = text.strip().lower()
    if not EMAIL.fullmatch(address):
        return Flaw("email", "INVALID_EMAIL", f"Email address {text} is invalid")
    return address


def number(text: str) -> Decimal | None:
    """A finite number, or None."""
    if "_" in text:  # Python reads 1_000 as a number, HubSpot does not
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def moment(text: str) -> datetime | None:
    """A moment from ISO 8601 or from milliseconds since 1970; one without a zone is in UTC."""
    try:
        if re.fullmatch(r"-?\d{5,}", text):
            return EPOCH + timedelta(milliseconds=int(text))
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def whole_day(text: str) -> date | None:
    """A day; milliseconds count when they are midnight in UTC."""
    at = moment(text)
    return at.date() if at is not None and (at - EPOCH) % timedelta(days=1) == timedelta(0) else None


def iso(at: datetime) -> str:
    """HubSpot's way to write a moment: UTC, milliseconds, none when they are zero."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text.replace(".000Z", "Z")
