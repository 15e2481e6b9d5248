"""
From bytes to a workflow, or to what is wrong with them. Pure.

Lines are told for nodes, so that an editor can jump there: a scan of the text's signs finds where each
begins. It also knows how deep the text goes, before a parser goes there.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from masterops.workflows.code.document import Document
from masterops.workflows.code.problems import Loose

LARGEST_BYTES = 10 * 1024 * 1024
DEEPEST = 100
LONGEST_NAME = 128  # n8n's own
SIGNS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|\n', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Read:
    """
    One file: its workflow, where there is one, the lines of the nodes, and what is wrong.
    """

    document: Document | None = None
    lines: dict[int, int] = field(default_factory=dict)
    wrong: tuple[tuple[Loose, int | None], ...] = ()


def read(data: bytes) -> Read:
    """Whatever the bytes are, nothing is raised."""
    if len(data) > LARGEST_BYTES:
        return _wrong("WF003", f"the file has {len(data):,} bytes; n8n takes at most 16 MB, and we 10")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _wrong("WF002", f"not UTF-8 at byte {error.start}", line)
    deep, lines = _scan(text)
    if deep is not None:
        return _wrong("WF004", f"more than {DEEPEST} objects one inside the other", deep)
    try:
        found = json.loads(text, parse_constant=_refused, parse_float=_finite, object_pairs_hook=_object)
        json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return _wrong("WF002", f"not JSON: {error.msg}, column {error.colno}", error.lineno)
    except (ValueError, RecursionError) as error:  # half a character, NaN, a number of 5,000 digits
        reason = "half a character (\\ud800)" if isinstance(error, UnicodeEncodeError) else str(error)
        return _wrong("WF002", f"not JSON: {reason}")
    wrong = _shape(found)
    if wrong:
        return Read(None, lines, tuple((each, lines.get(at) if at >= 0 else None) for each, at in wrong))
    return Read(found, lines)


class _Twice(ValueError):
    """A name that stands twice in one object: which value counts, nobody can say."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"the name {twice[:40]!r} stands twice in one object")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _scan(text: str) -> tuple[int | None, dict[int, int]]:
    """The line where it goes too deep, and the lines where the objects of the outer `nodes` begin."""
    line, depth, number, inside, last = 1, 0, 0, False, ""
    lines: dict[int, int] = {}
    for sign in SIGNS.finditer(text):
        each = sign[0]
        if each == "\n":
            line += 1
        elif each in "{[":
            depth += 1
            if depth > DEEPEST:
                return line, lines
            if each == "[" and depth == 2:
                inside = last == '"nodes"'
            elif each == "{" and depth == 3 and inside:
                lines[number] = line
                number += 1
        elif each in "}]":
            inside = inside and depth != 2
            depth -= 1
        else:
            last = each if depth == 1 else last
            line += each.count("\n")
    return None, lines


def _wrong(code: str, message: str, line: int | None = None) -> Read:
    return Read(wrong=((Loose(code, message), line),))


def _shape(found: Any) -> list[tuple[Loose, int]]:
    """What is not as every workflow is; the number is that of the node, -1 for none."""
    if not isinstance(found, dict):
        return [(Loose("WF004", f"a workflow is an object, not {_kind(found)}"), -1)]
    wrong: list[tuple[Loose, int]] = []
    for name, kind in (("name", str), ("nodes", list), ("connections", dict)):
        if not isinstance(found.get(name), kind):
            wrong.append((Loose("WF004", f"`{name}` is {_kind(found.get(name))}, not {WORDS[kind]}"), -1))
    for name, other in (("settings", dict), ("tags", list), ("active", bool)):
        if found.get(name) is not None and not isinstance(found[name], other):
            wrong.append((Loose("WF004", f"`{name}` is {_kind(found[name])}, not {WORDS[other]}"), -1))
    if wrong:
        return wrong
    wrong += [(Loose("WF004", each), -1) for each in _details(found)]
    for number, node in enumerate(found["nodes"]):
        wrong += [(Loose(code, message, name), number) for code, message, name in _node(node, number)]
    wrong += [(Loose("WF004", each), -1) for each in _links(found["connections"])]
    return wrong


def _details(found: Document) -> list[str]:
    wrong = []
    if not 1 <= len(found["name"].strip()) <= LONGEST_NAME:
        wrong.append(f"the name of a workflow has 1 to {LONGEST_NAME} characters")
    tags = [each.get("name") if isinstance(each, dict) else each for each in found.get("tags") or []]
    if not all(isinstance(each, str) and each for each in tags):
        wrong.append("`tags` is a list of names")
    error = (found.get("settings") or {}).get("errorWorkflow")
    if error is not None and not isinstance(error, str):
        wrong.append(f"`settings.errorWorkflow` is {_kind(error)}, not a text")
    return wrong


def _node(node: Any, number: int) -> list[tuple[str, str, str | None]]:
    if not isinstance(node, dict):
        return [("WF004", f"nodes[{number}] is {_kind(node)}, not an object", None)]
    name = node["name"] if isinstance(node.get("name"), str) and node["name"] else None
    called = repr(name) if name else f"nodes[{number}]"
    wrong = []
    for key, kinds in (("name", str), ("type", str), ("typeVersion", (int, float)), ("position", list)):
        value = node.get(key)
        if value is None or value == "":
            wrong.append(("WF005", f"{called} has no {key}", name))
        elif not isinstance(value, kinds) or isinstance(value, bool):
            wrong.append(("WF004", f"{key} of {called} is {_kind(value)}", name))
    position = node.get("position")
    if isinstance(position, list) and not (len(position) == 2 and all(map(_is_place, position))):
        wrong.append(("WF004", f"position of {called} is not two numbers", name))
    for key in ("parameters", "credentials"):
        if node.get(key) is not None and not isinstance(node[key], dict):
            wrong.append(("WF004", f"{key} of {called} is {_kind(node[key])}, not an object", name))
    given = node.get("credentials")
    if isinstance(given, dict):
        bad = [k for k, v in given.items() if not (isinstance(v, dict) and isinstance(v.get("name"), str))]
        wrong += [("WF004", f"credential {kind} of {called} has no name", name) for kind in bad]
    return wrong


def _links(connections: Document) -> list[str]:
    """Each is a list of outputs, each of these a list of links, or null."""
    wrong = []
    for source, kinds in connections.items():
        fine = isinstance(kinds, dict) and all(
            isinstance(outputs, list)
            and all(each is None or (isinstance(each, list) and all(map(_is_link, each))) for each in outputs)
            for outputs in kinds.values()
        )
        if not fine:
            wrong.append(f"the connections of {source[:80]!r} are not lists of links to nodes")
    return wrong


def _is_link(link: Any) -> bool:
    return isinstance(link, dict) and isinstance(link.get("node"), str)


def _is_place(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


WORDS: dict[Any, str] = {
    str: "a text",
    list: "a list",
    dict: "an object",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def _kind(value: Any) -> str:
    return "missing" if value is None else WORDS.get(type(value), "something else")
