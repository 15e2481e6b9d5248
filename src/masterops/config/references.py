"""
Following `env:NAME` and `file:PATH` to the secret that they stand for.

A plain secret may stand in the environment, because that is where references lead, and not in the file,
because files are copied, shared and committed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from masterops.config.environment import Environment
from masterops.config.model import UNSET
from masterops.errors import ConfigInlineSecret, ConfigReference, ConfigType

LARGEST_FILE_BYTES = 65536
_NAME = r"[A-Za-z_][A-Za-z0-9_.]*"


class Written(NamedTuple):
    """
    The text of a key, and where it stands.
    """

    key: str
    text: str
    where: str
    folder: Path

    @property
    def is_reference(self) -> bool:
        """Whether it leads somewhere else."""
        return self.text.startswith(("env:", "file:"))

    def refuse(self, reason: str) -> ConfigReference:
        """The error for a reference that leads nowhere."""
        return ConfigReference(where=self.where, key=self.key, reference=self.text, reason=reason)


def follow(written: Written, environment: Environment) -> str | None:
    """
    What the reference leads to; None when it names a variable that is not set.

    Raises ConfigReference for a file that cannot be read and for a value that no secret can have.
    """
    scheme, _, target = written.text.partition(":")
    value = _variable(written, target, environment) if scheme == "env" else _first_line(written, target)
    if value is not None and not value.isprintable():
        raise written.refuse("holds a line break or another control character")
    return value


def follow_now(written: Written, environment: Environment) -> str:
    """Like `follow`, for what cannot wait: a variable that is not set raises ConfigReference too."""
    value = follow(written, environment)
    if value is None:
        raise written.refuse(UNSET)
    return value


def plain(written: Written, *, allowed: bool) -> str:
    """A secret that stands there itself. Raises ConfigInlineSecret where that is not `allowed`."""
    if not allowed:
        raise ConfigInlineSecret(where=written.where, key=written.key)
    if not written.text.isprintable():
        got = "one with a line break or another control character"
        raise ConfigType(where=written.where, key=written.key, expected="a text on one line", got=got)
    return written.text


def _variable(written: Written, name: str, environment: Environment) -> str | None:
    if not re.fullmatch(_NAME, name):
        # Not quoted: who writes a secret behind `env:` must not find it in a log.
        expected = "`env:NAME` with the name of a variable, or `file:PATH`"
        raise ConfigType(
            where=written.where, key=written.key, expected=expected, got="`env:` and something else"
        )
    found = environment.find(name)
    return found.value.strip() if found else None


def _first_line(written: Written, target: str) -> str:
    try:
        with (written.folder / Path(target).expanduser()).open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise written.refuse(f"cannot be read: {error.strerror}") from None
    except (ValueError, RuntimeError):  # not UTF-8, or a path that no system has
        raise written.refuse("cannot be read: it is not a text file") from None
    line = content.strip().partition("\n")[0].strip()
    if not line:
        raise written.refuse("is empty")
    return line
