"""
Lists of tables in the file, `[[checks]]`: each is read by its keys; what is wrong names file, line and key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from masterops.config.keys import Setting
from masterops.config.kinds import Unfit, quoted, type_name
from masterops.config.reading import Source
from masterops.config.references import Written, follow, plain
from masterops.config.secret import Secret
from masterops.core.spelling import nearest
from masterops.errors import ConfigKey, ConfigReference, ConfigType


class Item:
    """
    One table of a list.
    """

    def __init__(self, source: Source, name: str, index: int, values: dict[str, Any]) -> None:
        self._source = source
        self._path = (name, index)
        self.values = values

    def where(self, *path: str | int) -> str:
        """The file and line of a key of it."""
        return self._source.document.where(*self._path, *path)

    def key(self, *path: str | int) -> str:
        """`checks[2].url`: the name of a key of it, counted from 1 as people do."""
        name, index = self._path
        return ".".join([f"{name}[{index + 1}]", *map(str, path)])

    def check_names(self, known: Iterable[str]) -> None:
        """Let it hold only `known`. Raises ConfigKey with the nearest right spelling."""
        names = tuple(known)
        for each in self.values:
            if each not in names:
                guess = nearest(each, names)
                hint = (f"Did you mean `{guess}`? " if guess else "") + f"Keys here: {', '.join(names)}."
                raise ConfigKey(where=self.where(each), key=self.key(each), hint=hint)

    def value(self, setting: Setting) -> Any:
        """The value of a key, checked, or its default. Raises ConfigType."""
        if setting.key not in self.values:
            if setting.required:
                raise self.refuse(setting.key, f"there: {setting.help}", "left out")
            return setting.default
        try:
            return setting.kind.read(self.values[setting.key])
        except Unfit as unfit:
            raise self.refuse(setting.key, unfit.expected, unfit.got) from None

    def refuse(self, key: str | int, expected: str, got: str, *more: str | int, hint: str = "") -> ConfigType:
        """The error for a value that a key cannot have."""
        facts = {"hint": hint} if hint else {}
        return ConfigType(
            where=self.where(key, *more), key=self.key(key, *more), expected=expected, got=got, **facts
        )

    def secret(self, text: str, *path: str, inline: bool) -> Secret:
        """A value that may be given by reference. Raises ConfigReference where that leads nowhere."""
        document = self._source.document
        written = Written(self.key(*path), text, self.where(*path), document.folder)
        if not written.is_reference:
            return Secret(plain(written, allowed=inline))
        value = follow(written, self._source.environment)
        if value is None:
            raise ConfigReference(where=written.where, key=written.key, reference=text, reason="is not set")
        return Secret(value)


def items(source: Source, name: str) -> Iterator[Item]:
    """The tables of a list, in the file's order. Raises ConfigType for what is no list of tables."""
    found = source.document.data.get(name, [])
    where = source.document.where(name)
    expected = f"a list of tables: `[[{name}]]`"
    if not isinstance(found, list):
        raise ConfigType(where=where, key=name, expected=expected, got=type_name(found))
    for index, table in enumerate(found):
        if not isinstance(table, dict):
            raise ConfigType(
                where=where, key=name, expected=expected, got=f"a list with {quoted(table)} in it"
            )
        yield Item(source, name, index, table)
