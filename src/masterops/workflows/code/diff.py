"""
How two workflows differ, as a person would say it: nodes, parameters by their path, connections. Pure.

Secrets are masked before anything is compared, so that none is ever shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from masterops.logs import redact
from masterops.workflows.code.document import Document, nodes_of
from masterops.workflows.code.graph import links
from masterops.workflows.code.pulling import without_secrets
from masterops.workflows.code.secrets import Path, said

UNSAID = object()


class Difference(NamedTuple):
    """
    One difference: what (`node`, `parameter`, `connection`, `setting`, ...), where, and both sides.
    """

    change: str  # added, removed, changed
    what: str
    where: str
    before: Any = None
    after: Any = None


def differences(before: Document, after: Document, *, active: bool = True) -> list[Difference]:
    """From one to the other; whether they are switched on counts where it is asked for."""
    old, new = without_secrets(before), without_secrets(after)
    found = list(_plain(old, new, ("name", "tags", *(("active",) if active else ()))))
    found += _deep("setting", "", old["settings"], new["settings"])
    found += _nodes(nodes_of(old), nodes_of(new))
    found += _connections(old["connections"], new["connections"])
    return found


def _plain(old: Document, new: Document, names: tuple[str, ...]) -> Iterator[Difference]:
    for name in names:
        if old[name] != new[name]:
            yield Difference("changed", "workflow", name, old[name], new[name])


def _nodes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*old, *new}):
        if name not in old:
            yield Difference("added", "node", name, None, new[name]["type"])
        elif name not in new:
            yield Difference("removed", "node", name, old[name]["type"], None)
        else:
            for key in sorted({*old[name], *new[name]} - {"name"}):
                one, other = old[name].get(key, UNSAID), new[name].get(key, UNSAID)
                if key in ("parameters", "credentials"):
                    yield from _deep("parameter" if key == "parameters" else key, name, one, other)
                elif one != other:
                    yield _difference("node", f"{name}.{key}", one, other)


def _deep(what: str, name: str, old: Any, new: Any) -> Iterator[Difference]:
    for path, one, other in _leaves(old, new, ()):
        yield _difference(what, f"{name}: {said(path)}" if name else said(path), one, other)


def _leaves(old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """The places where they differ, as deep down as both go."""
    if old == new and isinstance(old, bool) == isinstance(new, bool):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            yield from _leaves(old.get(key, UNSAID), new.get(key, UNSAID), (*path, key))
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        for number in range(max(len(old), len(new))):
            one = old[number] if number < len(old) else UNSAID
            other = new[number] if number < len(new) else UNSAID
            yield from _leaves(one, other, (*path, number))
    else:
        yield path, old, new


def _difference(what: str, where: str, one: Any, other: Any) -> Difference:
    change = "added" if one is UNSAID else "removed" if other is UNSAID else "changed"
    return Difference(change, what, where, _shown(one), _shown(other))


def _shown(value: Any) -> Any:
    return None if value is UNSAID else redact(value)


def _connections(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    one, other = set(links(old)), set(links(new))
    for each in sorted(one - other):
        yield Difference("removed", "connection", _link(each))
    for each in sorted(other - one):
        yield Difference("added", "connection", _link(each))


def _link(link: Any) -> str:
    output = "" if link.kind == "main" and link.output == 0 else f" [{link.kind} {link.output}]"
    return f"{link.source}{output} -> {link.target}"
