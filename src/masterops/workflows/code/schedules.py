"""
Schedules in a workflow: n8n's cron has five fields, or six that begin with seconds. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from masterops.config import cron
from masterops.workflows.code.conditions import is_expression
from masterops.workflows.code.problems import Loose


def problems(node: Mapping[str, Any]) -> Iterator[Loose]:
    """Of a schedule trigger; of an older cron node too."""
    name = node["name"]
    for text in _texts(node.get("parameters") or {}):
        if is_expression(text):
            continue
        fields = text.split()
        if len(fields) == 6 and cron.misspelt(f"{fields[0]} * * * *") is None:
            fields = fields[1:]
        five = " ".join(fields)
        if flaw := cron.misspelt(five):
            yield Loose("WF023", f"{name!r}: `{text[:60]}` is no schedule: {flaw}", name)
        elif not cron.comes(five):
            yield Loose("WF022", f"{name!r}: `{text}` never comes: no such month has that day", name)


def _texts(parameters: Mapping[str, Any]) -> Iterator[str]:
    for outer, inner in (("rule", "interval"), ("triggerTimes", "item")):
        held = parameters.get(outer)
        rows = held.get(inner) if isinstance(held, dict) else None
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                for key in ("expression", "cronExpression"):
                    if isinstance(row.get(key), str):
                        yield row[key]
