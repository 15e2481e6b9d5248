"""
What is made is written whole or not at all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from masterops import errors
from masterops.new import Made, write


def test_all_files_are_written_with_their_folders(tmp_path: Path) -> None:
    """
    And one that is changed has its new text.
    """
    (tmp_path / "list.py").write_text("old")

    write([Made(tmp_path / "a" / "b" / "new.py", "new"), Made(tmp_path / "list.py", "newer", "old")])

    assert "new" == (tmp_path / "a" / "b" / "new.py").read_text()
    assert "newer" == (tmp_path / "list.py").read_text()


@pytest.mark.parametrize("before", [None, "another"], ids=["is there", "was changed meanwhile"])
def test_nothing_is_overwritten(tmp_path: Path, before: str | None) -> None:
    """
    Nor is anything else written then.
    """
    (tmp_path / "b.py").write_text("mine")

    with pytest.raises(errors.NotOverwritten):
        write([Made(tmp_path / "a.py", "new"), Made(tmp_path / "b.py", "theirs", before)])

    assert ["b.py"] == [each.name for each in tmp_path.iterdir()]
    assert "mine" == (tmp_path / "b.py").read_text()


def test_a_failure_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    """
    What was written is taken back, what was changed is as before.
    """
    (tmp_path / "list.py").write_text("old")
    (tmp_path / "file").write_text("no folder")
    made = [
        Made(tmp_path / "list.py", "new", "old"),
        Made(tmp_path / "folder" / "a.py", "a"),
        Made(tmp_path / "file" / "b.py", "b"),
    ]

    with pytest.raises(errors.NotWritten):
        write(made)

    assert {"list.py", "file"} == {each.name for each in tmp_path.iterdir()}
    assert "old" == (tmp_path / "list.py").read_text()
