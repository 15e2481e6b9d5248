"""
The plug-in as somebody has it who installed the package: a folder of their own, pytest in a process of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
SHOP = Path(__file__).parents[2] / "docs" / "connectors" / "writing.md"
FIXTURES = re.compile(r"^\| `(masterops_\w+)` \|", re.MULTILINE)


def blocks(page: Path) -> list[str]:
    """The examples in Python of a page."""
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def pytest_of_a_user(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run there, with nothing of this project's configuration."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MASTEROPS_"))
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *words],
        cwd=folder, env=kept, capture_output=True, text=True, timeout=400,
    )  # fmt: skip


@pytest.mark.slow
def test_every_example_of_the_page_works_for_a_user(tmp_path: Path) -> None:
    """
    A file an example; the snapshot is written by the first run and compared by the second.
    """
    for number, block in enumerate(blocks(PAGE)):
        (tmp_path / f"test_{number}.py").write_text(block)
    first = pytest_of_a_user(tmp_path, "--masterops-update-snapshots")
    (tmp_path / "test_own.py").write_text(
        "def test_again(masterops_cli):\n    masterops_cli.snapshot('no-faults', 'sandbox', 'fault', '--help')\n"
        "def test_otherwise(masterops_cli):\n    masterops_cli.snapshot('no-faults', 'sandbox', '--help')\n"
        "def test_new(masterops_cli):\n    masterops_cli.snapshot('never-written', 'sandbox', '--help')\n"
    )
    second = pytest_of_a_user(tmp_path, "test_own.py")

    assert 0 == first.returncode, first.stdout
    assert "passed" in first.stdout and "skipped" not in first.stdout
    assert 1 == second.returncode
    assert "1 passed" in second.stdout and "2 failed" in second.stdout, second.stdout
    assert "no-faults.txt says otherwise" in second.stdout and "+$ ops sandbox --help" in second.stdout
    assert "never-written.txt; `pytest --masterops-update-snapshots` writes it" in second.stdout


def test_the_page_names_every_fixture(tmp_path: Path) -> None:
    """
    As pytest itself lists them, each with its sentence; `masterops_businesses` stands in another's line.
    """
    (tmp_path / "test_none.py").write_text("def test_none(): pass\n")
    listed = pytest_of_a_user(tmp_path, "--fixtures", "-q").stdout
    names = set(re.findall(r"^(masterops_\w+)", listed, re.MULTILINE))

    assert names == {*FIXTURES.findall(PAGE.read_text()), "masterops_businesses"}
    assert "no docstring available" not in "".join(re.findall(r"^masterops_.*\n.*", listed, re.MULTILINE))


def test_a_broken_promise_fails_with_its_name_and_what_was_wrong(tmp_path: Path) -> None:
    """
    The page's connector with a page size that it does not keep to.
    """
    broken = "\n".join(blocks(SHOP)).replace('rows="data"', 'rows="items"')
    (tmp_path / "test_shop.py").write_text(broken)
    done = pytest_of_a_user(tmp_path, "-k", "one_short_page_is_read_whole", "-q")

    assert 1 == done.returncode, done.stdout
    assert "test_one_short_page_is_read_whole" in done.stdout
    assert "MalformedAnswer" in done.stdout
