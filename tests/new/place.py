"""
A made connector in a folder of its own, and the tools that judge it, as processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from masterops.new import Choices, outside, write

ROOT = Path(__file__).parents[2]
OURS = ("MASTEROPS_", "HUBSPOT_", "N8N_", "SUPABASE_", "UNLEASHED_", "DATABASE_", "LOG_LEVEL")


def made(choices: Choices, folder: Path) -> Path:
    """The folder of a connector's package."""
    files = outside(choices, folder)
    write(files)
    return next(each.path.parent for each in files if each.path.name == "pyproject.toml")


def run(folder: Path, *words: str, path: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """A module of this environment, run in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment = {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", **variables}
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def complaints(folder: Path, *words: str, path: str = "") -> str:
    """What a tool has against the code; empty when nothing."""
    done = run(folder, *words, path=path)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def installed(folder: Path, service: str, package: str) -> Path:
    """A folder that, on the path, makes a package look installed, as pip leaves it."""
    info = folder / "site" / f"{package}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[masterops.connectors]\n{service} = {package}\n")
    return info.parent
