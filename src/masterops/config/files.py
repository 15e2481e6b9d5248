"""
Which files are read and where they are; reading them with one clear error.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from masterops.errors import ConfigFileMissing, ConfigFileUnusable, ConfigSyntax

FILE_NAME = "masterops.toml"
FILE_VARIABLE = "MASTEROPS_CONFIG"
HOME_VARIABLE = "MASTEROPS_HOME"


def home_directory(environ: Mapping[str, str]) -> Path:
    """The folder for what the program keeps: MASTEROPS_HOME, or what the system suggests for data."""
    if named := environ.get(HOME_VARIABLE, "").strip():
        return Path(named).expanduser().absolute()
    if shared := environ.get("XDG_DATA_HOME", "").strip():
        return Path(shared).expanduser().absolute() / "masterops"
    user = Path(environ.get("HOME", "").strip() or "~").expanduser()
    if sys.platform == "darwin":
        return user / "Library" / "Application Support" / "masterops"
    return user / ".local" / "share" / "masterops"


def find_file(config: Path | None, environ: Mapping[str, str], cwd: Path, home: Path) -> Path | None:
    """
    The configuration file, or None to run without one.

    One that was named must be there. Raises ConfigFileMissing.
    """
    named = config or Path(environ.get(FILE_VARIABLE, "").strip())
    if named != Path():
        path = cwd / named.expanduser()
        if not path.exists():
            raise ConfigFileMissing(path=path)
        return path
    return next((path for path in (cwd / FILE_NAME, home / FILE_NAME) if path.exists()), None)


def read_text(path: Path, cwd: Path) -> str:
    """A file's text. Raises ConfigFileUnusable, or ConfigSyntax when it is not UTF-8."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigFileUnusable(path=display(path, cwd), action="read", reason=reason) from None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"{display(path, cwd)}:{line}"
        language = "TOML" if path.suffix == ".toml" else path.name
        raise ConfigSyntax(where=where, language=language, reason="it is not UTF-8") from None


def display(path: Path, cwd: Path) -> str:
    """A path as people write it: short when it is below the current folder."""
    return str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)
