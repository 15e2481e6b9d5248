"""
Reading one table of a list of tables: `[[channels]]`, `[[alerts.rules]]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from masterops.config.keys import Setting
from masterops.config.kinds import Unfit, type_name
from masterops.config.reading import Source
from masterops.core.spelling import nearest
from masterops.errors import ConfigKey, ConfigType


class Entry:
    """
    One table, with its place in the file.
    """

    def __init__(self, source: Source, list_key: str, index: int, table: Mapping[str, object]) -> None:
        self.source = source
        self.table = table
        self._path: tuple[str | int, ...] = (*list_key.split("."), index)
        self._key = f"{list_key}[{index + 1}]"

    def where(self, *path: str) -> str:
        """The line of a key, or of the table that should hold it."""
        return self.source.document.where(*self._path, *path)

    def key(self, name: str) -> str:
        """A key of this table as errors name it."""
        return f"{self._key}.{name}"

    def check_names(self, known: Iterable[str]) -> None:
        """Let the table hold only `known`. Raises ConfigKey with the nearest right spelling."""
        names = tuple(known)
        for name in self.table:
            if name not in names:
                guess = nearest(name, names)
                hint = f"{f'Did you mean `{guess}`? ' if guess else ''}Keys here: {', '.join(names)}."
                raise ConfigKey(where=self.where(name), key=self.key(name), hint=hint)

    def value(self, setting: Setting) -> Any:
        """What was written, checked, else the default. Raises ConfigType."""
        if setting.name not in self.table:
            if setting.required:
                raise self.wrong(setting.name, setting.help.rstrip("."), "left out")
            return setting.default
        given = self.table[setting.name]
        try:
            return setting.kind.read(given)
        except Unfit as unfit:
            raise self.wrong(setting.name, unfit.expected, unfit.got) from None

    def wrong(self, name: str, expected: str, got: str, known: Iterable[str] = ()) -> ConfigType:
        """The error for a value; `known` are those of which the nearest is named."""
        guess = nearest(got, known)
        facts = {"hint": f"Did you mean `{guess}`?"} if guess else {}
        return ConfigType(where=self.where(name), key=self.key(name), expected=expected, got=got, **facts)


def entries(source: Source, list_key: str) -> Iterator[Entry]:
    """The tables of a list, in the file's order. Raises ConfigType for what is no list of tables."""
    *sections, name = list_key.split(".")
    found = source.table(*sections).get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        where = source.document.where(*sections, name)
        got = "a list of something else" if isinstance(found, list) else type_name(found)
        raise ConfigType(where=where, key=list_key, expected=f"tables, each under [[{list_key}]]", got=got)
    for index, table in enumerate(found):
        yield Entry(source, list_key, index, table)
