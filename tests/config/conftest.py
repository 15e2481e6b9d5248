"""
Loading from texts: a folder with a masterops.toml and a .env, and nothing of this machine's environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from masterops.config import Settings, load


class Loading(Protocol):
    """
    `loading(toml, dotenv, NAME="value")`: the settings that come of these.
    """

    def __call__(self, toml: str | None = None, dotenv: str | None = None, /, **environ: str) -> Settings: ...


@pytest.fixture
def loading(tmp_path: Path) -> Loading:
    """Loads in a folder of its own; both files are left out unless their text is given."""

    def loaded(toml: str | None = None, dotenv: str | None = None, /, **environ: str) -> Settings:
        if toml is not None:
            (tmp_path / "masterops.toml").write_text(toml)
        if dotenv is not None:
            (tmp_path / ".env").write_text(dotenv)
        return load(environ=environ, cwd=tmp_path, home=tmp_path / "home")

    return loaded
