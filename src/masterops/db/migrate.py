"""
Migrations in the Supabase CLI's format, so that either tool takes over from the other.

Files are `supabase/migrations/<14 digits>_<name>.sql`. What was applied stands, statement by statement,
in supabase_migrations.schema_migrations. Each file is one transaction together with its row there, so a
file is either applied and recorded or neither.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL

from masterops.db._explain import explain
from masterops.db._history import LOCK, PREPARE, Applied, Migration, bundled, history, plan, read
from masterops.db._split import Statement
from masterops.db.connect import AsyncConnection, connect
from masterops.errors import DatabaseError, DatabaseLost, DatabaseUnreachable, DiskFull, MigrationFailed

__all__ = ["Applied", "Migration", "Status", "bundled", "migrate", "plan", "read", "status"]

# A file before may have left settings behind, in this session or in a pooler's.
RESET = "RESET ALL; SET timezone TO 'UTC'"
RECORD = SQL(
    "INSERT INTO supabase_migrations.schema_migrations (version, name, statements) VALUES (%s, %s, %s)"
)
# Inside one transaction these would tear file and history row apart.
FORBIDDEN = {"BEGIN", "COMMIT", "ROLLBACK", "END", "ABORT", "START"}


@dataclass(frozen=True, slots=True)
class Status:
    """
    What the database has, and what it lacks.
    """

    applied: tuple[Applied, ...]
    pending: tuple[Migration, ...]


async def status(connection: AsyncConnection, migrations: Sequence[Migration] | None = None) -> Status:
    """How the database stands to `migrations` (ours unless given); changes nothing."""
    applied = await history(connection)
    return Status(tuple(applied), tuple(plan(bundled() if migrations is None else migrations, applied)))


async def migrate(
    target: AsyncConnection | str, migrations: Sequence[Migration], *, dry_run: bool = False
) -> list[Migration]:
    """
    Bring the database up to date; answers what was applied, or would be with `dry_run`.

    Two at once are safe: the second waits for the first and then finds nothing to do.
    """
    async with _connected(target) as connection:
        planned = plan(migrations, await history(connection))
        if dry_run:
            return planned
        for migration in planned:
            _refuse_transactions(migration)
        done: list[Migration] = []
        while planned and (applied := await _apply_next(connection, migrations, done)):
            done.append(applied)
        await _run(connection, RESET)
        return done


@asynccontextmanager
async def _connected(target: AsyncConnection | str) -> AsyncIterator[AsyncConnection]:
    if not isinstance(target, str):
        yield target
        return
    connection = await connect(target)
    async with connection:
        yield connection


async def _apply_next(
    connection: AsyncConnection, migrations: Sequence[Migration], done: Sequence[Migration]
) -> Migration | None:
    """
    Apply the oldest pending file, or find that there is none.

    The lock lives as long as the transaction, so it also works through a pooler that gives every
    transaction another session. What is pending is asked again under it: another may have been first.
    """
    at: list[tuple[Migration, Statement]] = []
    try:
        async with connection.transaction():
            for preparation in (RESET, LOCK, PREPARE):
                await _run(connection, preparation)
            pending = plan(migrations, await history(connection))
            if not pending:
                return None
            for statement in pending[0].statements:
                at[:] = [(pending[0], statement)]
                await _run(connection, statement.text)
            await _record(connection, pending[0])
            return pending[0]
    except psycopg.Error as error:
        raise _failed(error, at, done) from error


async def _run(connection: AsyncConnection, sql: str) -> None:
    """Bytes, for the text is a file's; never prepared, for some of it is more than one statement."""
    await connection.execute(sql.encode(), prepare=False)


async def _record(connection: AsyncConnection, migration: Migration) -> None:
    statements = [statement.text for statement in migration.statements]
    await connection.execute(RECORD, [migration.version, migration.name, statements])


def _refuse_transactions(migration: Migration) -> None:
    for statement in migration.statements:
        words = statement.words(2)
        if words[:1] and words[0] in FORBIDDEN:
            reason = f"{words[0]} is not allowed: the file is one transaction already"
            raise MigrationFailed(file=migration.file, line=statement.first_line(), reason=reason)


def _failed(
    error: psycopg.Error, at: Sequence[tuple[Migration, Statement]], done: Sequence[Migration]
) -> DatabaseError:
    known = explain(error, "the server")
    if not at or isinstance(known, DatabaseLost | DatabaseUnreachable | DiskFull):
        return known
    migration, statement = at[0]
    kept = f" Applied before it and kept: {', '.join(m.file for m in done)}." if done else ""
    return MigrationFailed(
        file=migration.file,
        line=_line(error, statement),
        reason=error.diag.message_primary or str(error),
        hint=MigrationFailed.hint + kept,
    )


def _line(error: psycopg.Error, statement: Statement) -> int:
    """Where the server points; it counts characters from the start of the statement."""
    position = error.diag.statement_position
    if position is None:
        return statement.first_line()
    return statement.line + statement.text.count("\n", 0, int(position) - 1)
