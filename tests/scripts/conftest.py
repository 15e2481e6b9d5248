"""
One sandbox and one database for all tests of scripts that only look, each command in this process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from masterops.app import demo
from masterops.logs import set_default_pipeline
from masterops.testing.databases import Databases
from tests.cli.conftest import Cli, bare

__all__ = ["bare"]  # a fixture of the command line

SLUGS = ("teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh")
OURS = ("MASTEROPS_", "HUBSPOT_", "N8N_", "SUPABASE_", "UNLEASHED_", "DATABASE_", "LOG_LEVEL")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[demo.Place]:
    """
    The twins in a process of their own.
    """
    words = [word for slug in SLUGS for word in ("--business", slug)]
    command = [sys.executable, "-m", "masterops.sandbox", "--contacts", "40", "--until-stdin-closes", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        place = json.loads(process.stdout.readline())
        yield demo.Place(place["url"], place["pid"])
        process.terminate()


@pytest.fixture(scope="module")
def shared_database(masterops_databases: Databases) -> Iterator[str]:
    """
    A migrated database.
    """
    url = masterops_databases.take()
    yield url
    masterops_databases.drop(url)


@pytest.fixture
def ops(
    sandbox: demo.Place,
    shared_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """
    `ops("run", "smoke")`, in an empty folder.
    """
    for name in [each for each in os.environ if each.startswith(OURS)]:
        monkeypatch.delenv(name)
    set_default_pipeline(None)
    monkeypatch.setenv("MASTEROPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MASTEROPS_SANDBOX_UNLEASHED", "1")
    monkeypatch.setenv("DATABASE_URL", shared_database)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    demo.announce(tmp_path / "home", sandbox)
    return Cli(capsys, tmp_path)


def script(folder: Path, name: str, text: str) -> str:
    """A script in ./scripts; its word."""
    path = folder / "scripts" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path.stem
