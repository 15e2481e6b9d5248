"""
The units of docs/deployment.md are ones that systemd takes.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, read

UNITS = [block for block in read(ROOT / "docs" / "deployment.md").blocks if block.title.endswith(".service")]
ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.title)
@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not on this machine")
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Block, tmp_path: Path) -> None:
    """
    With a program that exists in place of the installed one, and a user that every machine has.
    """
    text = unit.text.replace("/opt/masterops/.venv/bin/ops", "/bin/true").replace("=masterops\n", "=root\n")
    file = tmp_path / unit.title
    file.write_text(text.replace("StateDirectory=root", "StateDirectory=masterops"))

    done = subprocess.run([ANALYZE or "", "verify", str(file)], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_there_are_units_for_the_platform_and_for_a_worker() -> None:
    """
    Each runs the command that it is for.
    """
    started = {unit.title: line for unit in UNITS for line in unit.text.splitlines() if "ExecStart=" in line}

    assert {"masterops.service", "masterops-work.service"} == set(started)
    assert started["masterops.service"].endswith("ops up")
    assert started["masterops-work.service"].endswith("ops work")
