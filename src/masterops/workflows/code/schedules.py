"""
Schedules in a workflow: n8n's cron has five fields, or six that begin with seconds. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from masterops.config import cron
from masterops.workflows.code.conditions import is_expression
from masterops.workflows.code.problems import Loose

LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def problems(node: Mapping[str, Any]) -> Iterator[Loose]:
    """Of a schedule trigger; of an older cron node too."""
    name = node["name"]
    for text in _texts(node.get("parameters") or {}):
        if is_expression(text):
            continue
        fields = text.split()
        if len(fields) == 6 and cron.flaw(f"{fields[0]} * * * *") is None:
            fields = fields[1:]
        flaw = cron.flaw(" ".join(fields))
        if flaw is not None:
            yield Loose("WF023", f"{name!r}: `{text[:60]}` is no schedule: {flaw}", name)
        elif never(fields):
            yield Loose("WF022", f"{name!r}: `{text}` never comes: no such month has that day", name)


def never(fields: list[str]) -> bool:
    """Whether no day of any year fits. A day of the week, where one is named, is another way to fit."""
    _, _, days, months, week = fields
    if week != "*" or days == "*":
        return False
    named = _numbers(days, cron.FIELDS[2])
    return not any(
        day <= LONGEST_MONTH[month - 1] for month in _numbers(months, cron.FIELDS[3]) for day in named
    )


def _numbers(field: str, known: tuple[str, int, int, tuple[str, ...]]) -> set[int]:
    _, lowest, highest, words = known
    found: set[int] = set()
    for item in field.lower().split(","):
        part, _, step = item.partition("/")
        first, _, last = part.partition("-")
        if first == "*":
            start, end = lowest, highest
        else:
            start = words.index(first) + lowest if first in words else int(first)
            end = (words.index(last) + lowest if last in words else int(last)) if last else start
            end = highest if step and not last else end
        found.update(range(start, end + 1, int(step or 1)))
    return found


def _texts(parameters: Mapping[str, Any]) -> Iterator[str]:
    for outer, inner in (("rule", "interval"), ("triggerTimes", "item")):
        held = parameters.get(outer)
        rows = held.get(inner) if isinstance(held, dict) else None
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                for key in ("expression", "cronExpression"):
                    if isinstance(row.get(key), str):
                        yield row[key]
