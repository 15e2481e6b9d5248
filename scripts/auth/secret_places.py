"""
Where each secret of the configuration is kept, and which somebody else could read: in plain text in the file,
or in a file that every user of the machine may read.

Nothing is printed of a secret. Exits with 1 when one lies open.

Example:
    ops run secret_places
    ops run secret_places -o csv
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import masterops
from masterops.config import Origin, Settings, settings_of
from masterops.scripting import Arguments, columns, run, show

DEFAULT = "default"
COLUMNS = columns("setting", "place", "reference", "problem")


def places(settings: Settings) -> list[dict[str, Any]]:
    """Every secret that has a place, with what is wrong with it."""
    folder = settings.file.parent if settings.file else Path()
    found = {"database.url": settings.origins.get("database.url")}
    for connection in settings.connections:
        for each in settings_of(connection.service):
            if each.secret:
                key = f'connections."{connection.id}".{each.name}'
                found[key] = settings.origins.get(key)
    return [
        {
            "setting": key,
            "place": origin.where,
            "reference": origin.via,
            "problem": problem(origin, settings.file, folder),
        }
        for key, origin in found.items()
        if origin is not None and (origin.via or origin.where != DEFAULT)
    ]


def problem(origin: Origin, file: Path | None, folder: Path) -> str | None:
    """What is wrong with where a secret is kept; None where it is well."""
    if origin.via is None and file is not None and origin.where.startswith(file.name):
        return "in plain text in the configuration"
    if origin.via and origin.via.startswith("file:"):
        return readable(folder / Path(origin.via.removeprefix("file:")).expanduser())
    if ".env" in origin.where or (origin.via and (folder / ".env").is_file()):
        return readable(folder / ".env")
    return None


def readable(path: Path) -> str | None:
    """Whether others may read a file; None where they may not, or where it is not there."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return None
    return f"every user may read {path.name}" if mode & stat.S_IROTH else None


def main() -> int:
    given = Arguments(__doc__).parse()
    with masterops.open_sync() as ops:
        rows = places(ops.settings)
    show(rows, COLUMNS, given.output, empty="No secret is configured.")
    return 1 if any(row["problem"] for row in rows) else 0


if __name__ == "__main__":
    run(main)
