"""
The wheel holds everything that the platform needs, away from the checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.app.conftest import Installation

CHECKOUT = Path(__file__).parents[2]


def pip(python: str | Path, *words: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    assert 0 == done.returncode, done.stderr


@pytest.mark.slow
def test_the_wheel_runs_in_an_empty_environment(tmp_path: Path, installation: Installation) -> None:
    """
    Built, installed elsewhere, and one cycle run: four businesses, exit code 0.
    """
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(CHECKOUT))
    wheel = next(tmp_path.glob("masterops-*.whl"))
    venv.create(tmp_path / "venv")
    programs = tmp_path / "venv" / "bin"
    pip(sys.executable, "--python", str(programs / "python"), "install", str(wheel))

    names = set(zipfile.ZipFile(wheel).namelist())
    environment = {name: value for name, value in installation.environment.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [programs / "ops", "up", "--once"],
        env={**environment, "PATH": f"{programs}:{os.environ['PATH']}"},
        cwd="/", capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    migrations = {path.name for path in (CHECKOUT / "supabase" / "migrations").glob("*.sql")}
    assert migrations
    assert {f"masterops/db/_migrations/{name}" for name in migrations} <= names
    assert "masterops/reports/questions.sql" in names
    assert "masterops/_scripts/analysis/duplicates.py" in names
    assert "masterops/new/templates/connector/twin.py.txt" in names
    assert 0 == done.returncode, done.stderr
    assert "4 businesses, 4 connections: 4 up" in done.stdout
