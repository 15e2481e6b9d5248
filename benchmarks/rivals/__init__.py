"""
What else reads, writes and limits. Each rival runs in a process of its own, the way its documentation shows.

One that is no development dependency is installed into a virtual environment of its own, below the folder
that MASTEROPS_RIVALS names, or the user's cache: never into the project's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SETUP_SECONDS, RUN_SECONDS = 1200, 900
MISSING = "not installed"


def folder() -> Path:
    """Where the environments are kept."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("MASTEROPS_RIVALS") or Path(cache) / "masterops" / "rivals")


def interpreter(name: str, *packages: str) -> Path | None:
    """The Python of the environment `name`, which has `packages`; None where pip cannot install them."""
    home = folder() / name
    python, mark = home / "bin" / "python", home / "packages"
    wanted = "\n".join(packages)
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        try:
            for command in ([sys.executable, "-m", "venv", str(home)], pip):
                subprocess.run(command, check=True, capture_output=True, timeout=SETUP_SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return None
        mark.write_text(wanted, "utf-8")
    return python


def script(name: str) -> str:
    """The path of a rival's script."""
    return str(HERE / f"{name}.py")


def told(python: Path | str | None, name: str, *arguments: object) -> dict[str, Any] | None:
    """What a script says in the last line that it prints; None where it cannot run."""
    if python is None:
        return None
    command = [str(python), script(name), *map(str, arguments)]
    try:
        ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=RUN_SECONDS)
    except subprocess.CalledProcessError as error:
        print(f"{name}: {error.stderr[-2000:]}", file=sys.stderr)
        return None
    except subprocess.TimeoutExpired:
        return None
    said: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return said
