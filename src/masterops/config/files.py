"""
Which files are read and where they are; reading them with one clear error.
"""

from __future__ import annotations

import os.path
import sys
from collections.abc import Mapping
from pathlib import Path

from masterops.errors import ConfigError, ConfigFileMissing, ConfigFileUnusable, ConfigSyntax

FILE_NAME = "masterops.toml"
FILE_VARIABLE = "MASTEROPS_CONFIG"
HOME_VARIABLE = "MASTEROPS_HOME"


def home_directory(environ: Mapping[str, str]) -> Path:
    """
    The folder for what the program keeps: MASTEROPS_HOME, or where the system wants data.

    Raises ConfigError for a user who has no home, which a container's often has not.
    """
    if named := environ.get(HOME_VARIABLE, "").strip():
        return _expanded(named)
    if shared := environ.get("XDG_DATA_HOME", "").strip():
        return _expanded(shared) / "masterops"
    user = _expanded(environ.get("HOME", "").strip() or "~")
    if sys.platform == "darwin":
        return user / "Library" / "Application Support" / "masterops"
    return user / ".local" / "share" / "masterops"


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        what = f"there is no home folder for {text}"
        raise ConfigError(what=what, where=HOME_VARIABLE, hint=f"Set {HOME_VARIABLE} to a folder.") from None


def current_folder() -> Path:
    """The current folder. Raises ConfigFileUnusable when it has been deleted."""
    try:
        return Path.cwd()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigFileUnusable(path="the current folder", action="used", reason=reason) from None


def find_file(config: Path | None, environ: Mapping[str, str], cwd: Path, home: Path) -> Path | None:
    """The configuration file: the one that is named, or the first that is there; None to run without."""
    named = str(config) if config else environ.get(FILE_VARIABLE, "").strip()
    if named:
        return cwd / _expanded(named) if named.startswith("~") else cwd / named
    # os.path, because pathlib raises for a folder that may not be searched.
    # A link that leads nowhere counts as there: it is read, and the reader says what is wrong with it.
    return next((path for path in (cwd / FILE_NAME, home / FILE_NAME) if os.path.lexists(path)), None)


def read_text(path: Path, cwd: Path) -> str:
    """A file's text. Raises ConfigFileMissing, ConfigFileUnusable, or ConfigSyntax when it is not UTF-8."""
    shown = display(path, cwd)
    try:
        if path.is_fifo() and not path.is_relative_to("/dev"):  # the shell's own pipes are there
            raise ConfigFileUnusable(path=shown, action="read", reason="it is a pipe, not a file")
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigFileMissing(path=shown) from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigFileUnusable(path=shown, action="read", reason=reason) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        language = "TOML" if path.suffix == ".toml" else path.name
        raise ConfigSyntax(where=f"{shown}:{line}", language=language, reason="it is not UTF-8") from None


def display(path: Path, cwd: Path) -> str:
    """A path as people write it: short when it is below the current folder."""
    return str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)
