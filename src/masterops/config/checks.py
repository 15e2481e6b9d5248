"""
The checks that the file declares: `[[checks]]`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from masterops.config.check_keys import CHECK, OF_KIND
from masterops.config.check_model import Check, subject_of
from masterops.config.kinds import quoted
from masterops.config.lists import Entry, entries
from masterops.config.model import Business
from masterops.config.reading import Source
from masterops.config.secret import Secret
from masterops.core.conditions import FIELDS, OPERATORS, Condition, kind_of, value_flaw
from masterops.core.spelling import nearest

TABLE = "checks"
SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|api-?key", re.IGNORECASE)
PARTS = ("field", "op", "value", "else")


def read_checks(
    source: Source, businesses: tuple[Business, ...], connections: Collection[str], *, inline: bool
) -> tuple[Check, ...]:
    """The checks that are enabled, in the file's order. Raises a ConfigError."""
    found = list(entries(source, TABLE))
    names: dict[str, int] = {}
    for number, each in enumerate(found):
        name = each.value(CHECK[0])
        if names.setdefault(name, number) != number:
            raise each.wrong("name", "a name of its own", f"that of {found[names[name]].key()}")
    known = {*names, *connections}
    owners = [each.slug for each in businesses]
    checks = [(each, _check(each, owners, known, inline)) for each in found]
    _refuse_circles(checks)
    return tuple(check for entry, check in checks if entry.values.get("enabled") is not False)


def check_names(source: Source) -> tuple[str, ...]:
    """The names of all checks of the file, also of those that are switched off."""
    return tuple(each.value(CHECK[0]) for each in entries(source, TABLE))


def _refuse_circles(checks: Sequence[tuple[Entry, Check]]) -> None:
    """What depends on itself by way of others would be the cause of its own trouble."""
    needs = {check.id: check.depends_on for _, check in checks}
    for entry, check in checks:
        below, waiting = set[str](), list(check.depends_on)
        while waiting:
            if (each := waiting.pop()) not in below:
                below.add(each)
                waiting += needs.get(each, ())
        if check.id in below:
            raise entry.wrong("depends_on", "free of circles", f"one that leads back to {quoted(check.name)}")


def _check(entry: Entry, owners: list[str], known: Collection[str], inline: bool) -> Check:
    kind = entry.value(CHECK[1])
    entry.check_names(each.key for each in (*CHECK, *OF_KIND[kind]))
    values = {each.key: entry.value(each) for each in CHECK}
    if (owner := values["business"]) is not None and owner not in owners:
        raise _unknown(entry, "business", owner, owners)
    for name in values["depends_on"] or ():
        if name not in known or name == values["name"]:
            raise _unknown(entry, "depends_on", name, sorted(set(known) - {values["name"]}))
    special = {each.key: entry.value(each) for each in OF_KIND[kind]}
    if special.get("headers"):
        special["headers"] = _headers(entry, special["headers"], inline)
    del values["enabled"]
    return Check(
        **{
            **values,
            "depends_on": tuple(map(subject_of, values["depends_on"] or ())),
            "conditions": tuple(_conditions(entry, kind, values["conditions"] or [])),
            "values": special,
        }
    )


def _headers(entry: Entry, given: Mapping[str, str], inline: bool) -> dict[str, str | Secret]:
    """What is given by reference is a secret, and must be where its name says so; the rest is to be read."""
    return {
        name: entry.secret(text, "headers", name, inline=inline)
        if text.startswith(("env:", "file:")) or SECRET_HEADER.search(name)
        else text
        for name, text in given.items()
    }


def _conditions(entry: Entry, kind: str, given: list[dict[str, Any]]) -> list[Condition]:
    return [_condition(entry, kind, number, each) for number, each in enumerate(given)]


def _condition(entry: Entry, kind: str, number: int, given: dict[str, Any]) -> Condition:
    for part in given:
        if part not in PARTS:
            raise entry.wrong(
                "conditions",
                f"made of {', '.join(PARTS)}",
                quoted(part),
                number,
                part,
                hint=_guess(part, PARTS),
            )
    for part in PARTS[:3]:
        if part not in given:
            raise entry.wrong("conditions", f"a table with `{part}`", "one without", number)
    fields = FIELDS[kind]
    name = given["field"]
    holds = kind_of(name, fields) if isinstance(name, str) else None
    if holds is None:
        shown = [f"{each}<name>" if each.endswith(".") else each for each in fields]
        expected = f"a field of {kind}: {', '.join(shown)}"
        raise entry.wrong("conditions", expected, quoted(name), number, "field", hint=_guess(name, fields))
    if given["op"] not in OPERATORS[holds]:
        expected = f"one of {' '.join(OPERATORS[holds])} for {name}, which is {holds}"
        hint = _guess(given["op"], OPERATORS[holds])
        raise entry.wrong("conditions", expected, quoted(given["op"]), number, "op", hint=hint)
    if (flaw := value_flaw(holds, given["op"], given["value"])) is not None:
        raise entry.wrong("conditions", flaw[0], quoted(flaw[1]), number, "value")
    otherwise = given.get("else", "down")
    if otherwise not in ("down", "degraded"):
        hint = _guess(otherwise, ("down", "degraded"))
        raise entry.wrong("conditions", "down or degraded", quoted(otherwise), number, "else", hint=hint)
    return Condition(name, given["op"], given["value"], otherwise)


# How other languages spell the operators.
SPELT = {"==": "=", "is": "=", "eq": "=", "<>": "!=", "ne": "!=", "gt": ">", "lt": "<", "gte": ">=",
         "lte": "<=", "=~": "matches", "regex": "matches", "includes": "contains"}  # fmt: skip


def _guess(word: object, known: Collection[str]) -> str:
    text = str(word)
    guess = SPELT.get(text) if SPELT.get(text) in known else nearest(text, known)
    return f"Did you mean `{guess}`?" if guess else ""


def _unknown(entry: Entry, key: str, name: str, known: Collection[str]) -> Exception:
    return entry.wrong(key, f"one of {', '.join(known) or 'none'}", quoted(name), hint=_guess(name, known))
