"""
Lists of tables in the file, `[[checks]]`, `[[alerts.rules]]`: each is read by its keys; what is wrong names
file, line and key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from masterops.config.kinds import Unfit, quoted, type_name
from masterops.config.reading import Source
from masterops.config.references import Written, follow, plain
from masterops.config.secret import Secret
from masterops.config.setting import Setting
from masterops.core.spelling import nearest
from masterops.errors import ConfigKey, ConfigReference, ConfigType


class Entry:
    """
    One table of a list, with its place in the file.
    """

    def __init__(self, source: Source, list_key: str, index: int, values: dict[str, Any]) -> None:
        self._source = source
        self._path: tuple[str | int, ...] = (*list_key.split("."), index)
        self._key = f"{list_key}[{index + 1}]"
        self.values = values

    def where(self, *path: str | int) -> str:
        """The file and line of a key, or of the table that should hold it."""
        return self._source.document.where(*self._path, *path)

    def key(self, *path: str | int) -> str:
        """`checks[2].url`: a key as errors name it, counted from 1 as people do."""
        return ".".join([self._key, *map(str, path)])

    def check_names(self, known: Iterable[str]) -> None:
        """Let it hold only `known`. Raises ConfigKey with the nearest right spelling."""
        names = tuple(known)
        for each in self.values:
            if each not in names:
                guess = nearest(each, names)
                hint = (f"Did you mean `{guess}`? " if guess else "") + f"Keys here: {', '.join(names)}."
                raise ConfigKey(where=self.where(each), key=self.key(each), hint=hint)

    def value(self, setting: Setting) -> Any:
        """What was written, checked, else the default. Raises ConfigType."""
        if setting.name not in self.values:
            if setting.required:
                raise self.wrong(setting.name, f"there: {setting.help.rstrip('.')}", "left out")
            return setting.default
        try:
            return setting.kind.read(self.values[setting.name])
        except Unfit as unfit:
            raise self.wrong(setting.name, unfit.expected, unfit.got) from None

    def wrong(
        self,
        name: str,
        expected: str,
        got: str,
        *more: str | int,
        hint: str = "",
        known: Iterable[str] = (),
    ) -> ConfigType:
        """
        The error for a value that a key cannot have, or for what stands at `more` inside it. The nearest of
        `known` is named.
        """
        if not hint and (guess := nearest(got, known)):
            hint = f"Did you mean `{guess}`?"
        facts = {"hint": hint} if hint else {}
        where, key = self.where(name, *more), self.key(name, *more)
        return ConfigType(where=where, key=key, expected=expected, got=got, **facts)

    def follow(self, text: str, *path: str, inline: bool) -> Secret | None:
        """A value that may be given by reference; None where that leads nowhere. Raises a ConfigError."""
        document = self._source.document
        written = Written(self.key(*path), text, self.where(*path), document.folder)
        if not written.is_reference:
            return Secret(plain(written, allowed=inline))
        value = follow(written, self._source.environment)
        return None if value is None else Secret(value)

    def secret(self, text: str, *path: str, inline: bool) -> Secret:
        """The same, which must be there. Raises ConfigReference."""
        found = self.follow(text, *path, inline=inline)
        if found is None:
            where, key = self.where(*path), self.key(*path)
            raise ConfigReference(where=where, key=key, reference=text, reason="is not set")
        return found


def entries(source: Source, list_key: str) -> Iterator[Entry]:
    """The tables of a list, in the file's order. Raises ConfigType for what is no list of tables."""
    *sections, name = list_key.split(".")
    found = source.table(*sections).get(name, [])
    where = source.document.where(*sections, name)
    expected = f"a list of tables: `[[{list_key}]]`"
    if not isinstance(found, list):
        raise ConfigType(where=where, key=list_key, expected=expected, got=type_name(found))
    for index, table in enumerate(found):
        if not isinstance(table, dict):
            got = f"a list with {quoted(table)} in it"
            raise ConfigType(where=where, key=list_key, expected=expected, got=got)
        yield Entry(source, list_key, index, table)
