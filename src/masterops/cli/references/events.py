"""
docs/events.md: every log event that the platform writes, found in its source.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import masterops
from masterops.cli.references.text import table

LEVELS = {
    "debug": "debug",
    "info": "info",
    "success": "info",
    "warn": "warn",
    "error": "error",
    "exception": "error",
    "perf": "info or error",
}
SAYS = {*LEVELS, "log", "write", "level", "say", "build"}
NAME = re.compile(r"[a-z_{][a-z0-9_{}]*(\.[a-z_{][a-z0-9_{}]*)+")
PERF_NAME = re.compile(r"[a-z_]+(\.[a-z_]+)*")
OTHERS = ("sandbox", "testing", "references")  # the twins and the tests write no records of ours
HEAD = """# Log events

Every event that the platform writes by itself, by the name under which `ops logs --search` finds
it. A name keeps its meaning; facts are columns (`business`, `connection`, `service`, `operation`,
`status`, `duration_ms`) or keys of `details_json`. `{...}` stands for a part that differs, and
`...` for more facts, which depend on the case.

Besides these, each call of a connector is a record `{service}.{resource}.{verb}`, such as
`hubspot.contacts.list`: info when it went well, else the level of its error, with `attempts`,
`error`, `error_code`, `error_category`, `blame` and `request_id`.

"""


@dataclass(frozen=True, order=True)
class Event:
    """
    One event, where it is written, at which level, with which facts.
    """

    name: str
    module: str
    level: str
    facts: tuple[str, ...]


def event_page() -> str:
    """Every event with its level, facts and module."""
    rows = [
        (
            f"`{each.name}`",
            each.level,
            ", ".join(f"`{fact}`" for fact in each.facts) or "-",
            f"`{each.module}`",
        )
        for each in merged(events())
    ]
    return HEAD + table(("event", "level", "facts", "written by"), rows)


def merged(found: list[Event]) -> list[Event]:
    """One row for an event of a module, whichever way it is written there."""
    rows: dict[tuple[str, str], Event] = {}
    for each in sorted(found):
        before = rows.get((each.name, each.module), each)
        facts = dict.fromkeys([*before.facts, *each.facts])
        ordered = tuple(sorted(facts, key=lambda fact: (fact == "...", fact)))
        levels = " or ".join(dict.fromkeys([*before.level.split(" or "), *each.level.split(" or ")]))
        rows[each.name, each.module] = Event(each.name, each.module, levels, ordered)
    return list(rows.values())


def events() -> list[Event]:
    """Every event in the source, as often as it is written."""
    root = Path(masterops.__file__).parent
    return [
        event
        for path in sorted(root.rglob("*.py"))
        if not set(path.relative_to(root).parts) & set(OTHERS)
        for event in events_in(path.read_text("utf-8"), str(path.relative_to(root)))
    ]


def events_in(source: str, module: str) -> Iterator[Event]:
    """The events of one module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (said := _name_of(node.func)) in SAYS:
            names = [text for each in node.args[:2] if (text := _text_of(each)) is not None]
            fitting = [text for text in names if NAME.fullmatch(text) or _is_span(node, said, text)]
            if fitting:
                yield Event(fitting[0], module, _level_of(node, said), _facts_of(node))


def _name_of(function: ast.expr) -> str:
    """`log.warn` is warn, a bare `level` is level."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _text_of(node: ast.expr) -> str | None:
    """A constant text, or an f-string with what differs in braces."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_piece(each) for each in node.values)
    return None


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    words = re.findall(r"[a-z]+", ast.unparse(part))
    return "{" + next((word for word in words if word != "self"), "part") + "}"


def _is_span(node: ast.Call, said: str, text: str) -> bool:
    return said == "perf" and PERF_NAME.fullmatch(text) is not None


def _level_of(node: ast.Call, said: str) -> str:
    first = _text_of(node.args[0])
    if said in ("write", "build", "log") and first in LEVELS:
        return LEVELS[first]
    return LEVELS.get(said, "info or warn")


def _facts_of(node: ast.Call) -> tuple[str, ...]:
    keys = [key for each in node.args if isinstance(each, ast.Dict) for key in each.keys]
    named = [text for key in keys if key is not None and (text := _text_of(key)) is not None]
    return (*named, *(keyword.arg or "..." for keyword in node.keywords))
