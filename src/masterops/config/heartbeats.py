"""
The heartbeats that the file declares: `[[heartbeats]]`, a list of tables.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from masterops.config.check_model import subject_of
from masterops.config.keys import HEARTBEAT
from masterops.config.kinds import quoted, type_name
from masterops.config.model import Business, Heartbeat, Origin
from masterops.config.reading import Source, checked
from masterops.config.references import Written, follow, plain
from masterops.config.secret import Secret
from masterops.config.setting import GROUP, Setting
from masterops.config.toml import dotted
from masterops.core.spelling import nearest
from masterops.errors import ConfigKey, ConfigType

TABLE = "heartbeats"
TOKEN = r"[A-Za-z0-9_-]{16,128}"
NAMES = tuple(each.name for each in HEARTBEAT)


def read_heartbeats(
    source: Source, businesses: tuple[Business, ...], known: Collection[str] = (), *, inline: bool
) -> tuple[tuple[Heartbeat, ...], dict[str, Origin]]:
    """
    Those of the file in its order, and where their values stand; `known` are the checks and connections that
    one may depend on. Raises a ConfigError, but not for a variable unset.
    """
    owners = (GROUP, *(each.slug for each in businesses))
    origins: dict[str, Origin] = {}
    read = tuple(
        _Reader(source, index, inline, origins).heartbeat(owners, known) for index in range(_count(source))
    )
    _check_differ(source, read)
    return read, origins


def _count(source: Source) -> int:
    found = source.document.data.get(TABLE, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        got = type_name(found) if not isinstance(found, list) else "a list of something else"
        hint = "Write each as [[heartbeats]] with its keys below."
        raise ConfigType(
            where=source.document.where(TABLE), key=TABLE, expected="a list of tables", got=got, hint=hint
        )
    return len(found)


class _Reader:
    """
    Reads one table of the list.
    """

    def __init__(self, source: Source, index: int, inline: bool, origins: dict[str, Origin]) -> None:
        self._source = source
        self._index = index
        self._inline = inline
        self._origins = origins
        tables: Any = source.document.data[TABLE]  # a list of tables, as was checked
        self._table: Mapping[str, object] = tables[index]
        self._shown = quoted(self._table.get("name", f"number {index + 1}")).strip("'")

    def heartbeat(self, owners: tuple[str, ...], known: Collection[str]) -> Heartbeat:
        for name in self._table:
            if name not in NAMES:
                guess = nearest(name, NAMES)
                hint = f"{f'Did you mean `{guess}`? ' if guess else ''}Keys here: {', '.join(NAMES)}."
                raise ConfigKey(where=self._where(name), key=self._key(name), hint=hint)
        values: dict[str, Any] = {each.name: self._value(each) for each in HEARTBEAT}
        if (values["every"] is None) == (values["cron"] is None):
            got = "neither" if values["every"] is None else "both"
            raise self._wrong("every", "given, or `cron` in its place", got)
        if values["business"] not in owners:
            hint = f"Known: {', '.join(owners)}."
            raise self._wrong("business", "a business's slug or `group`", quoted(values["business"]), hint)
        for name in values["depends_on"] or ():
            if name not in known:
                guess = nearest(name, known)
                expected = "the name of a check, or a connection such as hubspot/teelixir"
                hint = f"Did you mean `{guess}`?" if guess else ""
                raise self._wrong("depends_on", expected, quoted(name), hint)
        values["depends_on"] = tuple(map(subject_of, values["depends_on"] or ()))
        return Heartbeat(**values)

    def _value(self, setting: Setting) -> object:
        name = setting.name
        if name not in self._table:
            if setting.required:
                raise self._wrong(name, "given", "left out")
            return setting.default
        where, key = self._where(name), self._key(name)
        value = checked(setting.kind.read, self._table[name], where, key)
        if setting.secret:
            return self._token(Written(key, str(value), where, self._source.document.folder))
        self._origins[key] = Origin(where)
        return value

    def _token(self, written: Written) -> Secret | None:
        if written.is_reference:
            self._origins[written.key] = Origin(written.where, written.text)
            text = follow(written, self._source.environment)
        else:
            text = plain(written, allowed=self._inline)
        if text is not None and not re.fullmatch(TOKEN, text):
            expected = "16 to 128 letters, digits, - and _"
            raise ConfigType(where=written.where, key=written.key, expected=expected, got="something else")
        return Secret(text) if text is not None else None

    def _wrong(self, name: str, expected: str, got: str, hint: str = "") -> ConfigType:
        more = {"hint": hint} if hint else {}
        return ConfigType(where=self._where(name), key=self._key(name), expected=expected, got=got, **more)

    def _key(self, name: str) -> str:
        return dotted(TABLE, self._shown, name)

    def _where(self, name: str) -> str:
        document = self._source.document
        for path in ((TABLE, self._index, name), (TABLE, self._index), (TABLE,)):
            if path in document.lines:
                return f"{document.shown}:{document.lines[path]}"
        return document.shown


def _check_differ(source: Source, heartbeats: tuple[Heartbeat, ...]) -> None:
    """One name or token for two would be one row in the database."""
    for name in ("name", "token"):
        seen: dict[object, int] = {}
        for index, each in enumerate(heartbeats):
            value = getattr(each, name)
            first = seen.setdefault(value, index)
            if value is not None and first != index:
                where = source.document.lines.get((TABLE, index, name), 0)
                raise ConfigType(
                    where=f"{source.document.shown}:{where}",
                    key=dotted(TABLE, each.name, name),
                    expected=f"a {name} of its own",
                    got=f"the {name} of heartbeat number {first + 1}",
                )
