"""
Faults as values and in their file, and which request a fault meets.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from masterops import errors
from masterops.sandbox import faults
from masterops.sandbox.faultbook import Faultbook
from masterops.sandbox.faults import Fault

HERE = "hubspot/teelixir"


def struck(book: Faultbook, connection: str) -> Fault | None:
    """The fault that meets the next request, counted."""
    fault = book.drawn(connection)
    if fault is not None:
        book.met(connection)
    return fault


def test_a_fault_that_was_saved_is_loaded(tmp_path: Path) -> None:
    """
    Each connection has its own; None removes one, clear removes all.
    """
    storm, slow = Fault(storm=True, times=3), Fault(latency_ms=250)
    faults.save_fault(tmp_path / "new", HERE, storm)
    faults.save_fault(tmp_path / "new", "hubspot/red-hill-fresh", slow)
    both = faults.load_faults(tmp_path / "new")
    faults.save_fault(tmp_path / "new", HERE, None)
    one = faults.load_faults(tmp_path / "new")
    faults.clear_faults(tmp_path / "new")

    assert {HERE: storm, "hubspot/red-hill-fresh": slow} == both
    assert {"hubspot/red-hill-fresh": slow} == one
    assert {} == faults.load_faults(tmp_path / "new")


def test_without_a_file_there_are_no_faults(tmp_path: Path) -> None:
    """
    Nor without the directory.
    """
    assert {} == faults.load_faults(tmp_path / "never-made")


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    """
    Twenty faults set at once are twenty faults.
    """
    names = [f"hubspot/shop-{i}" for i in range(20)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda name: faults.save_fault(tmp_path, name, Fault(hang=True)), names))

    assert set(names) == set(faults.load_faults(tmp_path))


@pytest.mark.parametrize(
    ("fields", "kind", "part"),
    [
        pytest.param({"statu": 503}, errors.UnknownName, "status", id="misspelt"),
        pytest.param({"status": "many"}, errors.BadValue, "status", id="wrong type"),
        pytest.param({"status": 200}, errors.BadValue, "400 to 599", id="no failure"),
        pytest.param({"status": 503, "ratio": 0}, errors.BadValue, "part of 1", id="never"),
        pytest.param({"status": 503, "ratio": 1.5}, errors.BadValue, "part of 1", id="more than always"),
        pytest.param({"status": 503, "times": 0}, errors.BadValue, "1 or more", id="no times"),
        pytest.param({"latency_ms": -1}, errors.BadValue, "milliseconds", id="back in time"),
        pytest.param({"jitter_ms": 10**9}, errors.BadValue, "milliseconds", id="for ever"),
        pytest.param({"hang": True, "cut": True}, errors.BadValue, "only one", id="two effects"),
        pytest.param({}, errors.BadValue, "does nothing", id="nothing"),
        pytest.param({"hang": True, "retry_after": 3}, errors.BadValue, "status or storm", id="misplaced"),
    ],
)
def test_a_wrong_fault_is_refused_and_says_how_to_mend_it(
    fields: dict[str, Any], kind: type[errors.UsageError], part: str
) -> None:
    """
    A misspelt name gets the right one.
    """
    with pytest.raises(kind) as caught:
        faults.parse(fields)

    assert part in f"{caught.value.message} {caught.value.advice}"


@pytest.mark.parametrize(
    ("connection", "kind"),
    [
        pytest.param("teelixir", errors.BadValue, id="no service"),
        pytest.param("hubspto/teelixir", errors.UnknownName, id="misspelt service"),
        pytest.param("hubspot/Tee Lixir", errors.BadValue, id="no slug"),
    ],
)
def test_a_wrong_connection_is_refused(
    tmp_path: Path, connection: str, kind: type[errors.UsageError]
) -> None:
    """
    Nothing is written.
    """
    with pytest.raises(kind):
        faults.save_fault(tmp_path, connection, Fault(hang=True))

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text", ["{", '{"hubspot/teelixir": {"fault": {"status": 1}, "set_at": "2026-11-02T00:00:00Z"}}']
)
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    """
    The error has the path and what is wrong.
    """
    (tmp_path / "faults.json").write_text(text)

    with pytest.raises(errors.SandboxState) as caught:
        faults.load_faults(tmp_path)

    assert str(tmp_path / "faults.json") in caught.value.message


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """
    A file stands where the directory should be.
    """
    (tmp_path / "state").write_text("")

    with pytest.raises(errors.SandboxState):
        faults.save_fault(tmp_path / "state", HERE, Fault(hang=True))


def test_times_counts_the_requests_it_met(tmp_path: Path) -> None:
    """
    Then the fault is over, in the file too; setting it again counts from the start.
    """
    fault = Fault(status=503, times=2)
    faults.save_fault(tmp_path, HERE, fault)
    book = Faultbook(tmp_path, seed=1)
    first = struck(book, HERE)
    left = book.now()[HERE].times
    faults.save_fault(tmp_path, HERE, fault)
    rest = [struck(book, HERE) for _ in range(3)]

    assert (fault, 1) == (first, left)
    assert [fault, fault, None] == rest
    assert {} == faults.load_faults(tmp_path)


def test_ratio_spares_some_requests_and_is_the_same_for_the_same_seed() -> None:
    """
    About a fifth of a thousand.
    """

    def met(seed: int) -> list[bool]:
        book = Faultbook(None, seed)
        book.set(HERE, Fault(status=500, ratio=0.2))
        return [struck(book, HERE) is not None for _ in range(1000)]

    assert met(1) == met(1)
    assert met(1) != met(2)
    assert 150 < sum(met(1)) < 250


def test_a_running_book_sees_the_file_change(tmp_path: Path) -> None:
    """
    Set and removed by another process; a broken file leaves things as they were and says so.
    """
    book = Faultbook(tmp_path, seed=1)
    before = struck(book, HERE)
    faults.save_fault(tmp_path, HERE, Fault(expired=True))
    during = struck(book, HERE)
    (tmp_path / "faults.json").write_text("{")
    broken = struck(book, HERE)
    trouble = book.trouble
    (tmp_path / "faults.json").unlink()

    assert (None, Fault(expired=True), Fault(expired=True)) == (before, during, broken)
    assert str(tmp_path) in str(trouble)
    assert (None, None) == (struck(book, HERE), book.trouble)
