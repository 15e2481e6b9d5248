"""
Reading a file of declared properties. What is wrong raises one error that names the file, the line, the key
and what would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from masterops.config import document
from masterops.config.toml import dotted
from masterops.connectors.hubspot.custom import NAME as KIND
from masterops.connectors.hubspot.schema_sync.declared import (
    FIELDS,
    NAME,
    UNIQUE_TYPES,
    Declaration,
    DeclaredGroup,
    DeclaredKind,
    DeclaredOption,
    DeclaredProperty,
)
from masterops.core.spelling import nearest
from masterops.errors import ConfigKey, ConfigType

HINT = "Mend that value; docs/connectors/hubspot.md shows a correct file."
LONGEST_QUOTE = 40

Check = Callable[[Any], bool]


class Key(NamedTuple):
    """
    What may stand at a key: words for an error, and whether a value is it.
    """

    expected: str
    fits: Check
    needed: bool = False


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_order(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -1 <= value < 2**31


def _is_truth(value: object) -> bool:
    return isinstance(value, bool)


TEXT = Key("text", _is_text)
TRUTH = Key("true or false", _is_truth)
ORDER = Key("a whole number from -1", _is_order)

GROUP = {"label": TEXT._replace(needed=True), "order": ORDER}
PROPERTY = {
    "label": TEXT._replace(needed=True),
    "type": Key(f"one of {', '.join(FIELDS)}", FIELDS.__contains__, needed=True),
    "group": Key("the name of a group", lambda value: _is_text(value), needed=True),
    "field": TEXT,
    "description": Key("text", lambda value: isinstance(value, str)),
    "options": Key("a list", lambda value: isinstance(value, list)),
    "order": ORDER,
    "hidden": TRUTH,
    "form": TRUTH,
    "unique": TRUTH,
}
OPTION = {
    "value": TEXT._replace(needed=True),
    "label": TEXT,
    "hidden": TRUTH,
    "description": TEXT,
}
PARTS = ("groups", "properties")

Path_ = tuple[str | int, ...]


def read(file: Path, cwd: Path) -> Declaration:
    """
    What a file declares. Raises ConfigFileMissing, ConfigFileUnusable, ConfigSyntax, ConfigKey, ConfigType.
    """
    return _File(document.read(file, cwd)).declaration()


class _File:
    def __init__(self, given: document.Document) -> None:
        self._given = given

    def declaration(self) -> Declaration:
        kinds: Declaration = {}
        for name, table in self._given.data.items():
            if not KIND.fullmatch(name):
                raise self._unfit((name,), "the name of a kind of objects", name)
            held = self._table((name,), table)
            self._known((name,), held, PARTS)
            groups = [self._group(path, row) for path, row in self._rows(name, held, "groups")]
            properties = [self._property(path, row) for path, row in self._rows(name, held, "properties")]
            kinds[name] = DeclaredKind(tuple(groups), tuple(properties))
        return kinds

    def _rows(self, kind: str, held: Mapping[str, Any], part: str) -> Iterable[tuple[Path_, Any]]:
        for name, row in self._table((kind, part), held.get(part, {})).items():
            if not NAME.fullmatch(name):
                expected = "a name of small letters, digits and _ that starts with a letter"
                raise self._unfit((kind, part, name), expected, name)
            yield (kind, part, name), row

    def _group(self, path: Path_, row: object) -> DeclaredGroup:
        facts = self._facts(path, row, GROUP)
        return DeclaredGroup(str(path[-1]), facts["label"], self._where(path), facts.get("order"))

    def _property(self, path: Path_, row: object) -> DeclaredProperty:
        facts = self._facts(path, row, PROPERTY)
        kind, field = facts["type"], facts.get("field")
        if field is not None and field not in FIELDS[kind]:
            expected = f"one of {', '.join(FIELDS[kind])} (for type {kind})"
            raise self._unfit((*path, "field"), expected, field)
        if facts.get("unique") and kind not in UNIQUE_TYPES:
            raise self._unfit((*path, "unique"), f"false (for type {kind})", True)
        options = self._options(path, facts)
        return DeclaredProperty(name=str(path[-1]), where=self._where(path), **{**facts, "options": options})

    def _options(self, path: Path_, facts: Mapping[str, Any]) -> tuple[DeclaredOption, ...] | None:
        at, given = (*path, "options"), facts.get("options")
        if facts["type"] != "enumeration":
            if given is not None:
                raise self._unfit(at, f"absent (for type {facts['type']})", given)
            return None
        if not given:
            raise self._unfit(at, "a list of options (for type enumeration)", given)
        options = tuple(self._option((*at, place), row) for place, row in enumerate(given))
        seen: set[str] = set()
        for place, option in enumerate(options):
            if option.value in seen:
                raise self._unfit((*at, place), "a value of its own", option.value)
            seen.add(option.value)
        return options

    def _option(self, path: Path_, row: object) -> DeclaredOption:
        """A text alone is value and label."""
        if isinstance(row, str):
            row = {"value": row}
        facts = self._facts(path, row, OPTION)
        return DeclaredOption(**{"label": facts["value"], **facts})

    def _facts(self, path: Path_, row: object, keys: Mapping[str, Key]) -> dict[str, Any]:
        table = self._table(path, row)
        self._known(path, table, keys)
        for name, key in keys.items():
            if name not in table and key.needed:
                raise self._unfit((*path, name), key.expected, None)
            if name in table and not key.fits(table[name]):
                raise self._unfit((*path, name), key.expected, table[name])
        return dict(table)

    def _table(self, path: Path_, value: object) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._unfit(path, "a table", value)
        return value

    def _known(self, path: Path_, table: Mapping[str, Any], names: Iterable[str]) -> None:
        listed = list(names)
        for name in table:
            if name not in listed:
                guess = nearest(name, listed)
                hint = f"Keys here: {', '.join(listed)}."
                hint = f"Did you mean `{guess}`? {hint}" if guess else hint
                raise ConfigKey(where=self._where((*path, name)), key=_key((*path, name)), hint=hint)

    def _unfit(self, path: Path_, expected: str, got: object) -> ConfigType:
        return ConfigType(
            where=self._where(path), key=_key(path), expected=expected, got=_quoted(got), hint=HINT
        )

    def _where(self, path: Path_) -> str:
        return self._given.where(*path)


def _key(path: Path_) -> str:
    return dotted(*(str(part) for part in path))


def _quoted(value: object) -> str:
    if value is None:
        return "absent"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = str(value)
    return repr(text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "...")
