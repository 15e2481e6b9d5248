"""
A connector that was made is good code and passes the standard suite as it is.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from masterops.new import AUTHS, PAGINGS, Choices, inside, outside, write
from tests.new.place import ROOT, complaints, made

URL = "https://api.example.com/v1"
LONG = "abcdefgh_ijklmnop_qrstuv"
# Every way to log in and every way to page, some with a short name and some with the longest.
COMBINATIONS = [
    Choices("acme", URL, auth="bearer", paging="cursor"),
    Choices(LONG, URL, auth="header", paging="page", calls=10, unit="second"),
    Choices("p2p", URL, auth="basic", paging="offset"),
    Choices("zoo", URL, auth="bearer", paging="link", calls=10, unit="second"),
]


@pytest.mark.parametrize("paging", PAGINGS)
@pytest.mark.parametrize("auth", AUTHS)
def test_every_combination_is_linted_and_formatted(tmp_path: Path, auth: str, paging: str) -> None:
    """
    By the rules that its own pyproject.toml has.
    """
    folder = made(
        Choices("parcelpost" if auth == "header" else LONG, URL, auth=auth, paging=paging), tmp_path
    )

    assert "" == complaints(folder, "ruff", "check", "--no-cache", ".")
    assert "" == complaints(folder, "ruff", "format", "--no-cache", "--check", ".")


def test_it_passes_the_standard_suite_of_paging_and_statuses(tmp_path: Path) -> None:
    """
    A part of the suite, and every capability at its twin; the whole of it is tried below.
    """
    folder = made(Choices("parcelpost", URL, auth="header", paging="link"), tmp_path)
    words = ("-q", "-p", "no:cacheprovider", "-k", "last_page or twin or create_of")

    assert "" == complaints(folder, "pytest", *words)


@pytest.mark.slow
@pytest.mark.parametrize("choices", COMBINATIONS, ids=lambda choices: f"{choices.auth} {choices.paging}")
def test_it_is_typed_and_passes_the_whole_suite(tmp_path: Path, choices: Choices) -> None:
    """
    mypy --strict, and every promise.
    """
    folder = made(choices, tmp_path)

    assert "" == complaints(folder, "mypy", "--cache-dir", str(tmp_path / "cache"))
    assert "" == complaints(folder, "pytest", "-q", "-p", "no:cacheprovider")


@pytest.mark.slow
def test_inside_the_source_it_joins_every_list(tmp_path: Path) -> None:
    """
    The checkout with it is linted, typed, layered and tested as before.
    """
    for name in ("src", "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    write(inside(Choices("parcelpost", URL, auth="basic", paging="link"), tmp_path))
    path = str(tmp_path / "src")

    assert "" == complaints(tmp_path, "ruff", "check", "--no-cache", "src", "tests", path=path)
    assert "" == complaints(tmp_path, "ruff", "format", "--no-cache", "--check", "src", "tests", path=path)
    assert "" == complaints(tmp_path, "mypy", "--cache-dir", str(tmp_path / "cache"), path=path)
    assert "" == complaints(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "tests/connectors", path=path)


def test_inside_the_source_every_list_has_it() -> None:
    """
    Registry, settings, and both of the twins' lists; nothing else is changed.
    """
    files = inside(Choices("parcelpost", URL), ROOT)

    changed = {each.path.name: each.text for each in files if each.before is not None}
    assert {"services.py", "registry.py", "tokens.py", "server.py"} == set(changed)
    assert all("parcelpost" in text for text in changed.values())
    assert {"parcelpost", "connectors", "docs"} >= {
        each.path.parent.name for each in files if each.before is None
    }


def test_what_has_to_be_looked_up_is_marked_and_listed() -> None:
    """
    The page has a row for every module with a mark.
    """
    files = outside(Choices("parcelpost", URL), Path())

    page = next(each.text for each in files if each.path.name == "README.md")
    marked = [each.path.name for each in files if "Vendor:" in each.text and each.path.suffix == ".py"]
    assert {"customers.py", "limits.py", "listing.py", "problems.py"} == set(marked)
    assert all(f"`{name}`" in page for name in marked)
