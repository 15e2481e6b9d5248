"""
The migrations that there are, those that the database has, and what follows from the two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

from psycopg.sql import SQL

from masterops.db import _split
from masterops.db._split import Statement
from masterops.db.connect import AsyncConnection, fetch
from masterops.errors import (
    DatabaseError,
    MigrationChanged,
    MigrationFailed,
    MigrationGap,
    MigrationName,
    MigrationUnknown,
)

NAME = re.compile(r"([0-9]{14})_(\w[\w.-]*)\.sql", re.ASCII)
# One number for every Master-Ops that migrates this database ("mops" in ASCII).
LOCK = "SELECT pg_advisory_xact_lock(1836019827)"
# Column by column as the Supabase CLI's versions have added them, for tables made by an old one.
PREPARE = """
    CREATE SCHEMA IF NOT EXISTS supabase_migrations;
    CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations (
        version text NOT NULL PRIMARY KEY, statements text[], name text
    );
    ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS statements text[];
    ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS name text;
"""
HISTORY = SQL(
    "SELECT version, to_jsonb(m) -> 'name' AS name, to_jsonb(m) -> 'statements' AS statements"
    " FROM supabase_migrations.schema_migrations AS m ORDER BY version"
)


@dataclass(frozen=True, slots=True)
class Migration:
    """
    One file.
    """

    version: str
    name: str
    file: str
    sql: str = field(repr=False)
    statements: tuple[Statement, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Applied:
    """
    One row of the history; a row made by hand may lack the statements.
    """

    version: str
    name: str | None
    statements: tuple[str, ...] | None = field(repr=False)


def bundled() -> list[Migration]:
    """The migrations of this Master-Ops: packed beside the code, or in the repository we run from."""
    packed = files("masterops.db") / "_migrations"
    if packed.is_dir():
        return read(packed)
    checkout = Path(__file__).resolve().parents[3] / "supabase" / "migrations"
    if checkout.is_dir():
        return read(checkout)
    raise DatabaseError(
        reason="this installation has no migrations", hint="Install masterops again: files of it are missing."
    )


def read(folder: Traversable) -> list[Migration]:
    """The migrations in a folder, oldest first; files that are not SQL are none of ours."""
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    migrations = [_read_file(folder / name) for name in found]
    for before, after in pairwise(migrations):
        if before.version == after.version:
            raise MigrationName(file=after.file, reason=f"{before.file} has the same version")
    return migrations


def _read_file(file: Traversable) -> Migration:
    match = NAME.fullmatch(file.name)
    if match is None:
        raise MigrationName(file=file.name, reason="14 digits, an underscore and a name are wanted")
    content = file.read_bytes()
    try:
        sql = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise MigrationFailed(file=file.name, line=line, reason="it is not UTF-8") from None
    return Migration(match[1], match[2], file.name, sql, _split.statements(sql))


def plan(local: Sequence[Migration], applied: Sequence[Applied]) -> list[Migration]:
    """
    What to apply, oldest first.

    Refused are histories that no longer fit: rows we have no file for, files changed after they were
    applied, and new files that are older than an applied one.
    """
    files_by_version = {migration.version: migration for migration in local}
    for row in applied:
        migration = files_by_version.get(row.version)
        if migration is None:
            raise MigrationUnknown(version=row.version)
        if not _same(migration, row):
            raise MigrationChanged(version=row.version, file=migration.file)
    versions = {row.version for row in applied}
    newest = max(versions, default="")
    pending = sorted((m for m in local if m.version not in versions), key=lambda m: m.version)
    if pending and pending[0].version < newest:
        raise MigrationGap(version=pending[0].version, file=pending[0].file, newest=newest)
    return pending


def _same(migration: Migration, row: Applied) -> bool:
    """
    Whether the file still says what was applied.

    We compare what matters to the server: the Supabase CLI cuts its statements a little differently.
    A row without statements (`supabase migration repair` of old) says nothing, so it is believed.
    """
    if row.statements is None:
        return True
    if row.statements == tuple(statement.text for statement in migration.statements):
        return True
    # A statement may end in a comment of one line: the semicolon goes on a line of its own.
    return _split.essence("\n;\n".join(row.statements)) == _split.essence(migration.sql)


async def history(connection: AsyncConnection) -> list[Applied]:
    """What the database says was applied, oldest first; nothing when it was never migrated."""
    [there] = await fetch(connection, "SELECT to_regclass('supabase_migrations.schema_migrations') AS name")
    if there["name"] is None:
        return []
    rows = await fetch(connection, HISTORY)
    return [Applied(row["version"], row["name"], _tuple(row["statements"])) for row in rows]


def _tuple(statements: list[str] | None) -> tuple[str, ...] | None:
    return None if statements is None else tuple(statements)
