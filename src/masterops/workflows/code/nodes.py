"""
What is wrong with a node by itself, as far as the catalogue knows its type. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from masterops.core.spelling import nearest
from masterops.workflows.code.catalogue import ALSO_OURS, OURS, Catalogue, Kind, Parameter
from masterops.workflows.code.conditions import is_expression, shown
from masterops.workflows.code.problems import Loose

# What the editor writes into the parameters of any node.
ANYWHERE = frozenset(
    {"options", "additionalFields", "authentication", "resource", "operation", "requestOptions"}
)
EMPTY: tuple[Any, ...] = (None, "", {}, [])
# Without these nothing is done, though n8n itself lets them be empty until they run.
NEEDED = {
    f"{OURS}webhook": ("path",),
    f"{OURS}httpRequest": ("url",),
    f"{OURS}executeCommand": ("command",),
    f"{OURS}scheduleTrigger": ("rule",),
}


def problems(node: Mapping[str, Any], catalogue: Catalogue) -> Iterator[Loose]:
    """By type and version, then by parameters."""
    type, version, name = node["type"], node["typeVersion"], node["name"]
    if type not in catalogue.types:
        yield from _unknown(type, name, catalogue)
        return
    kind = catalogue.kind(type, version)
    if kind is None:
        words = ", ".join(f"{each:g}" for each in catalogue.versions(type))
        yield Loose("WF008", f"{name!r}: {_short(type)} has no version {version:g}; it has {words}", name)
        return
    given = node.get("parameters") or {}
    for word in NEEDED.get(type, ()):
        if given.get(word) in EMPTY and not any(p.name == word and p.required for p in kind.parameters):
            yield Loose("WF009", f"{name!r}: {word} is missing", name)
    if kind.parameters:
        yield from _parameters(name, given, kind, version)


def _unknown(type: str, name: str, catalogue: Catalogue) -> Iterator[Loose]:
    near = catalogue.near(type)
    guess = f"Did you mean {near}?" if near else ""
    if not type.startswith((OURS, ALSO_OURS)):
        yield Loose("WF028", f"{name!r}: {type} is not one of n8n's own nodes", name)
    elif type.removesuffix("Tool") in catalogue.types:
        return  # n8n makes tools of nodes by itself
    elif catalogue.whole or _is_slip(type, catalogue):
        yield Loose("WF007", f"{name!r}: {catalogue.source} has no node {type}", name, guess)


def _is_slip(type: str, catalogue: Catalogue) -> bool:
    """Whether it is so near to a type that we know that it can hardly be one that we do not."""
    return bool(get_close_matches(_short(type), map(_short, catalogue.types), 1, cutoff=0.85))


def _parameters(name: str, given: Mapping[str, Any], kind: Kind, version: float) -> Iterator[Loose]:
    known = {each.name for each in kind.parameters}
    visible: dict[str, list[Parameter]] = {}
    for each in kind.parameters:
        says = shown(each, kind, given, version)
        if says is not False:
            visible.setdefault(each.name, []).append(each)
        if says and each.required and each.default is None and given.get(each.name) in EMPTY:
            yield Loose("WF009", f"{name!r}: {each.name} is missing", name)
    for word, value in given.items():
        if word not in known and word not in ANYWHERE:
            near = nearest(word, list(known))
            hint = f"Did you mean `{near}`?" if near else ""
            yield Loose("WF011", f"{name!r}: the parameter {word} is not known", name, hint)
        elif visible.get(word) and not is_expression(value):
            wrong = [_flaw(each, value) for each in visible[word]]
            if all(wrong):
                yield Loose("WF010", f"{name!r}: {word} {wrong[0]}", name)


def _flaw(parameter: Parameter, value: Any) -> str | None:
    """What is wrong with a value; None when nothing is."""
    kind = parameter.kind
    if parameter.values:
        if any(
            value == each and isinstance(value, bool) == isinstance(each, bool) for each in parameter.values
        ):
            return None
        words = ", ".join(map(str, parameter.values[:12])) + (", ..." if len(parameter.values) > 12 else "")
        return f"is {_cut(value)}, not one of {words}"
    if kind == "boolean" and not isinstance(value, bool):
        return f"is {_cut(value)}, not true or false"
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        return None if isinstance(value, str) and _is_number(value) else f"is {_cut(value)}, not a number"
    if kind in ("collection", "fixedCollection") and not isinstance(value, dict | list):
        return f"is {_cut(value)}, not an object"
    if kind == "string" and isinstance(value, dict):
        return "is an object, not a text"
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _cut(value: Any) -> str:
    """A value as it is told; what it holds may be a secret, a kind of it is not."""
    if isinstance(value, str) and len(value) <= 30 and value.isidentifier():
        return f"`{value}`"
    return {str: "a text", bool: str(value).lower(), dict: "an object", list: "a list"}.get(
        type(value), str(value)[:20]
    )


def _short(type: str) -> str:
    return type.removeprefix(OURS)
