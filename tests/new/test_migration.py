"""
A new migration: applied as it is made, it is one that the linter has nothing against.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from masterops import errors
from masterops.db import Pool, lint
from masterops.new import migration

NOW = datetime(2026, 11, 26, tzinfo=UTC)


async def test_a_new_migration_passes_the_linter(tmp_path: Path, database: str) -> None:
    """
    Its table is closed, described, and read as it says.
    """
    made = migration("Remember which parcels were sent.", tmp_path, NOW)
    with psycopg.connect(database) as connection:
        connection.execute(made.text.encode())
        table = "SELECT count(*) FROM ops.remember_which_parcels_were_sent"
        count = connection.execute(table).fetchone()
    async with Pool(database) as pool:
        flaws = await lint(pool)

    assert (0,) == count
    assert [] == flaws
    assert "20261126000100_remember_which_parcels_were_sent.sql" == made.path.name
    assert made.text.startswith("-- Remember which parcels were sent.\n--\n-- Why ")


@pytest.mark.parametrize("text", ["", "...", "x" * 201, "äöü"])
def test_a_text_without_words_is_refused(tmp_path: Path, text: str) -> None:
    """
    It is the file's name.
    """
    with pytest.raises(errors.BadValue):
        migration(text, tmp_path, NOW)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """
    Migrations belong where the others are.
    """
    with pytest.raises(errors.NotASource):
        migration("Something", tmp_path / "nowhere", NOW)
