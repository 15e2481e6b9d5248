"""
The command line in this process, with a home, a database and a sandbox of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from masterops.cli.main import run
from masterops.logs import default_pipeline, set_default_pipeline
from masterops.testing.commands import Result

__all__ = ["Cli", "Result"]


class Cli:
    """
    `cli("logs", "-n", "5")` is `ops logs -n 5`.
    """

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self.folder = folder
        self.home = folder / "home"

    def __call__(self, *words: str) -> Result:
        self._capsys.readouterr()
        code = run(list(words))
        out, err = self._capsys.readouterr()
        pipeline = default_pipeline()
        if pipeline is not None:
            pipeline.close()
        set_default_pipeline(None)
        assert "Traceback" not in err
        return Result(code, out, err)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """
    A new user: nothing configured, nothing running.
    """
    for name in list(os.environ):
        if name.startswith(("MASTEROPS_", "HUBSPOT_", "N8N_", "SUPABASE_", "DATABASE_", "LOG_LEVEL")):
            monkeypatch.delenv(name)
    set_default_pipeline(None)  # another test's spool lies in another home
    monkeypatch.setenv("MASTEROPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
    return Cli(capsys, tmp_path)


@pytest.fixture
def cli(bare: Cli, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """
    The same with a migrated database.
    """
    monkeypatch.setenv("DATABASE_URL", database)
    yield bare
