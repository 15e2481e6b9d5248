"""
A reader who does what the pages say gets what they show.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, read
from tests.docs.terminal import Terminal, fits, steps

HOW_TOS = sorted((ROOT / "docs" / "how-to").glob("*.md"))
Open = Callable[..., Terminal]


@pytest.fixture
def terminal() -> Iterator[Open]:
    """
    Opens a terminal in a folder with a short name: sockets have short paths.
    """
    opened: list[Terminal] = []
    with tempfile.TemporaryDirectory(prefix="reader-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the embedded server runs as another user where we are root

        def opening(**environment: str) -> Terminal:
            opened.append(Terminal(Path(folder), environment))
            return opened[0]

        try:
            yield opening
        finally:
            for each in opened:
                each.close()


@pytest.mark.slow
def test_the_readme_works_as_it_says(terminal: Open) -> None:
    """
    From nothing: the embedded server, demo mode, a fault, what is said of it.
    """
    terminal().play(read(ROOT / "README.md"))


@pytest.mark.slow
def test_the_tutorial_works_as_it_says(terminal: Open) -> None:
    """
    A stranger's hour, in the time that the machine needs for it.
    """
    terminal().play(read(ROOT / "docs" / "tutorial.md"))


@pytest.mark.slow
def test_the_tutorial_s_second_half_works_as_it_says(terminal: Open) -> None:
    """
    A connector that passes its suite as it is made, and a migration.
    """
    terminal().play(read(ROOT / "docs" / "tutorial-connector.md"))


@pytest.mark.slow
@pytest.mark.parametrize("path", HOW_TOS, ids=lambda path: path.stem)
def test_a_how_to_works_as_it_says(path: Path, terminal: Open, database: str) -> None:
    """
    Each by itself, with a fresh home and database.
    """
    terminal(DATABASE_URL=database, PATH=f"{sys.prefix}/bin:/usr/bin:/bin").play(read(path))


def test_ci_runs_what_the_readme_calls_the_tests() -> None:
    """
    `make test` is not run by a test, which would run itself; it is what CI does.
    """
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()


@pytest.mark.parametrize(
    ("page", "printed", "right"),
    [
        ("up  12 ms", "up   1,034.5 ms", True),
        ("it took 3 s", "it took 2 min", True),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("a\n...", "a", True),
        ("down: ... (HTTP 500)", "down: internal error (HTTP 500)", True),
        ("3 up, 1 down", "4 up, 0 down", False),
        ("a\nb", "a\nc\nb", False),
        ("a", "a\nb", False),
    ],
)
def test_only_times_may_differ(page: str, printed: str, right: bool) -> None:
    """
    What a page shows is compared but for what no two runs have in common.
    """
    assert right == fits(page, printed)


def test_a_block_is_commands_and_what_they_print() -> None:
    """
    A command may go on in the next line, and its comment may say how it ends.
    """
    text = "$ one \\\n> two\nprinted\n\n$ three  # exits with 1: it is down\n"

    found = steps(Block(ROOT / "README.md", 10, "console", "", text))

    assert [("one \\\ntwo", 0, "printed"), ("three  # exits with 1: it is down", 1, "")] == [
        (step.command, step.code, step.printed) for step in found
    ]
    assert [10, 14] == [step.line for step in found]
