"""
Reading one setting: the environment first, then the file, then the default.

Each value comes with its origin. What is wrong raises one error that names the place, the key and what
would be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from masterops.config.document import Document
from masterops.config.environment import Environment
from masterops.config.keys import SETTINGS
from masterops.config.kinds import Unfit, type_name
from masterops.config.model import Origin
from masterops.config.references import Written
from masterops.config.setting import Setting
from masterops.config.toml import dotted
from masterops.core.spelling import nearest
from masterops.errors import ConfigKey, ConfigType


class Found(NamedTuple):
    """
    A value that somebody wrote, checked; of a secret it is the text as written.
    """

    value: object
    where: str
    folder: Path
    in_file: bool

    def written(self, key: str) -> Written:
        """The same for following a reference."""
        return Written(key, str(self.value), self.where, self.folder)

    @property
    def origin(self) -> Origin:
        """Where it was written."""
        return Origin(self.where)


class Source:
    """
    A file and an environment, asked for settings.
    """

    def __init__(self, document: Document, environment: Environment) -> None:
        self.document = document
        self.environment = environment

    def find(
        self, setting: Setting, key: str, path: tuple[str, ...], variables: Iterable[str]
    ) -> Found | None:
        """What was written for a setting, checked; None when nobody wrote anything. Raises ConfigType."""
        variable = self.environment.find(*variables)
        if variable is not None:
            value = checked(setting.kind.from_text, variable.value, variable.where, key)
            return Found(value, variable.where, variable.folder, in_file=False)
        table = self.table(*path[:-1])
        if path[-1] not in table:
            return None
        where = self.document.where(*path)
        value = checked(setting.kind.read, table[path[-1]], where, key)
        return Found(value, where, self.document.folder, in_file=True)

    def table(self, *path: str) -> Mapping[str, object]:
        """A table of the file; empty where there is none. Raises ConfigType for what is no table."""
        found: object = self.document.data
        for depth, name in enumerate(path, start=1):
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
            if not isinstance(found, Mapping):
                key = dotted(*path[:depth])
                where = self.document.where(*path[:depth])
                raise ConfigType(where=where, key=key, expected="a table", got=type_name(found))
        return found if isinstance(found, Mapping) else {}

    def check_names(self, path: tuple[str, ...], known: Iterable[str]) -> None:
        """Let a table of the file hold only `known`. Raises ConfigKey with the nearest right spelling."""
        names = tuple(known)
        for name in self.table(*path):
            if name not in names:
                where = self.document.where(*path, name)
                raise ConfigKey(where=where, key=dotted(*path, name), hint=_advice(path, name, names))


def checked(read: Callable[[Any], object], value: object, where: str, key: str) -> object:
    """What `read` makes of a value. Raises ConfigType with its place."""
    try:
        return read(value)
    except Unfit as unfit:
        raise ConfigType(where=where, key=key, expected=unfit.expected, got=unfit.got) from None


def _advice(path: tuple[str, ...], name: str, known: tuple[str, ...]) -> str:
    """The nearest key of this table, or the table where the key belongs."""
    listed = f"Keys here: {', '.join(known)}."
    elsewhere = next((each for each in SETTINGS if each.name == name), None)
    if elsewhere is not None and path[:1] not in (("businesses",), ("connections",)):
        section = elsewhere.section
        place = f"under [{section}]" if section else "at the top, before the first [table]"
        return f"`{name}` belongs {place}. {listed}"
    guess = nearest(name, known)
    return f"Did you mean `{guess}`? {listed}" if guess else listed
