"""
A connector that is installed beside Master-Ops works wherever those inside it do; a broken one is one clear error.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from masterops.new import Choices
from tests.new.place import installed, made, run

pytestmark = pytest.mark.slow

Ops = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ops(tmp_path: Path, database: str) -> Ops:
    """
    `ops` as a process that finds an installed connector for parcelpost.
    """
    folder = made(Choices("parcelpost", "https://api.example.com/v1", auth="basic", paging="page"), tmp_path)
    path = f"{installed(tmp_path, 'parcelpost', 'masterops_parcelpost')}:{folder / 'src'}"
    home = str(tmp_path / "home")
    return lambda *words: run(
        tmp_path, "masterops", *words, path=path, MASTEROPS_HOME=home, DATABASE_URL=database
    )


def test_it_has_a_demo_twin_health_budgets_and_capabilities(ops: Ops) -> None:
    """
    Nothing but the package's being there was configured.
    """
    tried = ops("test-integration", "parcelpost", "--business", "teelixir", "--write", "-o", "json")
    health = ops("health-check", "-o", "json")
    budget = ops("budget", "-o", "json")

    assert 0 == tried.returncode, tried.stderr
    assert ["ok"] * 3 == [row["state"] for row in json.loads(tried.stdout)]
    assert 4 == [row["service"] for row in json.loads(health.stdout)].count("parcelpost")
    assert "parcelpost/teelixir" in budget.stdout


def test_its_settings_are_checked_like_any_others(ops: Ops, tmp_path: Path) -> None:
    """
    Declared with what every connection has, and a slip is told with its line.
    """
    (tmp_path / "masterops.toml").write_text(
        '[connections."parcelpost/group"]\ncalls_per_minute = 9\nenabled = false\n'
    )
    shown = ops("config", "show", "-o", "json")
    (tmp_path / "masterops.toml").write_text('[connections."parcelpost/group"]\ncalls_per_minutes = 9\n')
    slip = ops("config", "show")

    values = {row["key"]: row["value"] for row in json.loads(shown.stdout)}
    assert 9 == values['connections."parcelpost/group".calls_per_minute']
    assert values['connections."parcelpost/group".enabled'] is False
    assert 2 == slip.returncode
    assert "masterops.toml:2" in slip.stderr
    assert "Traceback" not in slip.stderr


def test_a_connector_that_fails_costs_nobody_else_anything(ops: Ops, tmp_path: Path) -> None:
    """
    Its own connections are told with the reason, and the others are looked at.
    """
    source = tmp_path / "masterops-parcelpost" / "src" / "masterops_parcelpost"
    (source / "connector.py").write_text("1 / 0")

    done = ops("health-check", "--business", "teelixir", "-o", "json")

    states = {row["service"]: row for row in json.loads(done.stdout)}
    assert "up" == states["hubspot"]["state"]
    assert "up" != states["parcelpost"]["state"]
    assert "ZeroDivisionError" in str(states["parcelpost"])


BROKEN = {
    "no such package": ("parcelpost", {}),
    "a fault when imported": ("parcelpost", {"settings.py": "1 / 0"}),
    "nothing in it": ("parcelpost", {"settings.py": ""}),
    "a name of ours": ("hubspot", {"settings.py": "SETTINGS = ()"}),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_one_is_one_clear_error(tmp_path: Path, case: str) -> None:
    """
    With the package's name, and no traceback.
    """
    service, files = BROKEN[case]
    site = installed(tmp_path, service, "broken_parcels")
    for name, text in files.items():
        (site / "broken_parcels").mkdir(exist_ok=True)
        (site / "broken_parcels" / "__init__.py").touch()
        (site / "broken_parcels" / name).write_text(text)

    done = run(tmp_path, "masterops", "config", "show", path=str(site), MASTEROPS_HOME=str(tmp_path / "home"))

    assert (2, 1) == (done.returncode, done.stderr.count("error:"))
    assert "CFG020" in done.stderr
    assert "broken_parcels" in done.stderr
    assert "Traceback" not in done.stderr
