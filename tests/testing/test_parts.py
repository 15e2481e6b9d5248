"""
The parts behind the fixtures: a server of one's own, what is made equal in a snapshot.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from masterops import errors
from masterops.testing.databases import Databases, databases
from masterops.testing.snapshots import Snapshots, normal


def names(url: str) -> set[str]:
    """The databases of a server."""
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_a_server_of_one_s_own_is_used_and_left_as_it_was(
    masterops_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    MASTEROPS_TEST_SERVER names it; also what a test has not dropped is gone.
    """
    monkeypatch.setenv("MASTEROPS_TEST_SERVER", masterops_databases.server)
    with databases() as made:
        taken = made.take()
        ours = urlsplit(taken).path[1:].rpartition("_")[0]
        with psycopg.connect(taken) as connection:
            connection.execute("SELECT 1 FROM businesses")
        between = names(made.server)

    assert masterops_databases.server == made.server
    assert {f"{ours}_1", f"{ours}_template"} <= between
    assert not {name for name in names(made.server) if name.startswith(ours)}


def test_a_server_that_is_not_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With the variable that names it.
    """
    monkeypatch.setenv("MASTEROPS_TEST_SERVER", "postgresql://nobody@127.0.0.1:1/postgres")
    with pytest.raises(errors.DatabaseUnreachable) as caught:
        databases().__enter__()

    assert "MASTEROPS_TEST_SERVER" in caught.value.advice


SAME: list[tuple[str, str]] = [
    ("took 132 ms", "took 9,812 ms"),
    ("at 2026-03-01 09:00:00", "at 2027-12-31T23:59:59.123Z"),
    ("id 01978f3a-5b0c-7d2e-8f10-6a1b2c3d4e5f", "id 11111111-2222-7333-8444-555555555555"),
    ("http://127.0.0.1:41234/hubspot", "http://127.0.0.1:9/hubspot"),
    ("a      b", "a  b"),
    ("▁▂▃ 3", "███████ 3"),
    ("──────────", "────"),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=[one for one, _ in SAME])
def test_what_differs_from_run_to_run_is_equal(one: str, other: str) -> None:
    """
    As it is printed.
    """
    assert normal(one) == normal(other)


DIFFERENT = [("2 businesses", "3 businesses"), ("● ok", "✖ failed"), ("hubspot/a", "hubspot/b")]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=[one for one, _ in DIFFERENT])
def test_what_matters_stays_different(one: str, other: str) -> None:
    """
    Numbers without a unit, words, names.
    """
    assert normal(one) != normal(other)


def test_folders_are_equal(tmp_path: Path) -> None:
    """
    Wherever the test has its own.
    """
    assert "in <folder>/home\n" == normal(f"in {tmp_path}/home", folder=tmp_path)


def test_a_snapshot_s_name_is_a_file_s_name(tmp_path: Path) -> None:
    """
    Nothing is written elsewhere.
    """
    with pytest.raises(ValueError, match="cannot be a snapshot's name"):
        Snapshots(tmp_path, update=True).compare("../up", "text")

    assert [] == list(tmp_path.iterdir())
