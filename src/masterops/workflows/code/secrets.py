"""
Secrets that stand inside a workflow where a credential should be. Pure.

What an expression fetches when the workflow runs is none: of `Bearer {{ $json.token }}` only `Bearer` is
looked at. In code the name before a value says little (`token = item.token`): a quoted text must follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from masterops.logs import REDACTED, redact
from masterops.logs.named import NAME
from masterops.logs.shapes import hide

EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
CODE = re.compile(r"(?:code|query|script|expression|html|jsonOutput)$", re.IGNORECASE)
QUOTED = re.compile(
    rf"(?P<keep>{NAME}[\"']?\s{{0,4}}[:=]\s{{0,4}})(?P<quote>[\"'`])[^\"'`\s$]{{8,}}(?P=quote)", re.IGNORECASE
)
Path = tuple[str | int, ...]


class Found(NamedTuple):
    """
    Where a secret stands, and the text without it.
    """

    path: Path
    masked: str

    @property
    def where(self) -> str:
        """`headers.parameters[0].value`."""
        return said(self.path)


def said(path: Path) -> str:
    """A path as a person writes it."""
    words = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return words.removeprefix(".")


def secrets(parameters: Any) -> list[Found]:
    """Every secret in the parameters of a node."""
    return list(_walk(parameters, ()))


def masked(parameters: Any) -> Any:
    """The same parameters with `***` for each secret."""
    held = {each.path: each.masked for each in secrets(parameters)}
    return _with(parameters, (), held) if held else parameters


def _walk(value: Any, path: Path) -> Iterator[Found]:
    if isinstance(value, str):
        yield from _judged({"text": value}, {"text": path})
    elif isinstance(value, Mapping):
        texts = {name: each for name, each in value.items() if isinstance(each, str)}
        yield from _judged(texts, {name: (*path, name) for name in texts})
        for name, each in value.items():
            if not isinstance(each, str):
                yield from _walk(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _walk(each, (*path, number))


def _judged(texts: Mapping[str, str], paths: Mapping[str, Path]) -> Iterator[Found]:
    """The texts of one object together: a name may stand beside its value."""
    literal = {name: _literal(each) for name, each in texts.items() if not CODE.search(name)}
    shown = redact(literal)
    for name, given in texts.items():
        if name in literal:
            if shown[name].count(REDACTED) > literal[name].count(REDACTED):
                yield Found(paths[name], REDACTED if literal[name] != given else shown[name])
        else:
            hidden = QUOTED.sub(lambda m: f"{m['keep']}{m['quote']}{REDACTED}{m['quote']}", hide(given))
            if hidden != given:
                yield Found(paths[name], hidden)


def _literal(text: str) -> str:
    return EXPRESSION.sub("", text[1:]).strip() if text.startswith("=") else text


def _with(value: Any, path: Path, held: Mapping[Path, str]) -> Any:
    if path in held:
        return held[path]
    if isinstance(value, dict):
        return {name: _with(each, (*path, name), held) for name, each in value.items()}
    if isinstance(value, list):
        return [_with(each, (*path, number), held) for number, each in enumerate(value)]
    return value
