"""
Migrations: applied once, in order, whole or not at all; histories that do not fit are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.db._split import statements
from masterops.db.connect import AsyncConnection, connect, fetch
from masterops.db.migrate import Applied, Migration, bundled, migrate, plan, read, status
from masterops.errors import (
    DatabaseError,
    MigrationChanged,
    MigrationFailed,
    MigrationGap,
    MigrationName,
    MigrationUnknown,
)

FIRST = "20260101000000_first.sql"
SECOND = "20260102000000_second.sql"
THIRD = "20260103000000_third.sql"
HISTORY = "SELECT version, name, statements FROM supabase_migrations.schema_migrations ORDER BY version"
Write = Callable[..., list[Migration]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files into a folder of migrations and reads it."""

    def write(**files: str) -> list[Migration]:
        for name, sql in files.items():
            (tmp_path / name).write_text(sql)
        return read(tmp_path)

    return write


def migration(version: str, sql: str = "SELECT 1") -> Migration:
    """A file that was read."""
    return Migration(version, "name", f"{version}_name.sql", sql, statements(sql))


def applied(version: str, *texts: str) -> Applied:
    """A row of the history."""
    return Applied(version, "name", texts or ("SELECT 1",))


async def tables(connection: AsyncConnection) -> list[str]:
    """The tables of the public schema."""
    rows = await fetch(
        connection, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    return [row["relname"] for row in rows]


async def test_migrations_are_applied_in_order_and_recorded(database: str, write: Write) -> None:
    """
    The second file builds on the first, and the history holds every statement.
    """
    files = write(
        **{SECOND: "ALTER TABLE a ADD b int;", FIRST: "-- why\nCREATE TABLE a (id int);\nSELECT ';';\n"}
    )
    done = await migrate(database, files)
    again = await migrate(database, files)
    async with await connect(database) as connection:
        history = await fetch(connection, HISTORY)
        now = await status(connection, files)

    assert [FIRST, SECOND] == [one.file for one in done]
    assert [] == again
    assert history == [
        {"version": "20260101000000", "name": "first",
         "statements": ["-- why\nCREATE TABLE a (id int)", "SELECT ';'"]},
        {"version": "20260102000000", "name": "second", "statements": ["ALTER TABLE a ADD b int"]},
    ]  # fmt: skip
    assert () == now.pending
    assert ["20260101000000", "20260102000000"] == [row.version for row in now.applied]


async def test_the_history_has_the_shape_that_the_supabase_cli_gives_it(database: str, write: Write) -> None:
    """
    Column by column: name, type, key.
    """
    await migrate(database, write(**{FIRST: "SELECT 1"}))
    async with await connect(database) as connection:
        columns = await fetch(
            connection,
            "SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute"
            " WHERE attrelid = 'supabase_migrations.schema_migrations'::regclass AND attnum > 0"
            " ORDER BY attnum",
        )

    assert [("version", "text", True), ("statements", "text[]", False), ("name", "text", False)] == [
        tuple(column.values()) for column in columns
    ]


async def test_a_dry_run_changes_nothing(database: str, write: Write) -> None:
    """
    Not even the table of the history is made.
    """
    files = write(**{FIRST: "CREATE TABLE a (id int)"})
    planned = await migrate(database, files, dry_run=True)
    async with await connect(database) as connection:
        [there] = await fetch(connection, "SELECT to_regnamespace('supabase_migrations') AS name")
        pending = (await status(connection, files)).pending

    assert [FIRST] == [one.file for one in planned]
    assert [FIRST] == [one.file for one in pending]
    assert there["name"] is None


async def test_a_failing_file_is_rolled_back_whole_and_earlier_ones_stay(database: str, write: Write) -> None:
    """
    The message has file, line and reason; the advice says what was applied before it.
    """
    files = write(
        **{
            FIRST: "CREATE TABLE a (id int);",
            SECOND: "CREATE TABLE b (id int);\n\n-- now it goes wrong\nINSERT INTO b\nVALUES (1, nowhere);\n",
            THIRD: "CREATE TABLE c (id int);",
        }
    )

    with pytest.raises(MigrationFailed) as failed:
        await migrate(database, files)

    async with await connect(database) as connection:
        assert ["a"] == await tables(connection)
        assert ["20260101000000"] == [row["version"] for row in await fetch(connection, HISTORY)]
    assert f"Migration {SECOND} failed at line 5: " in failed.value.message
    assert "nowhere" in failed.value.message
    assert f"kept: {FIRST}" in failed.value.advice


async def test_a_mended_file_is_applied_on_the_next_run(database: str, write: Write) -> None:
    """
    A failure leaves nothing behind that stands in the way.
    """
    with pytest.raises(MigrationFailed):
        await migrate(database, write(**{FIRST: "CREATE TABLE a (id int); SELECT 1 / 0"}))

    done = await migrate(database, write(**{FIRST: "CREATE TABLE a (id int); SELECT 1 / 1"}))

    assert [FIRST] == [one.file for one in done]


LINES = {
    "where the server points": ("SELECT 1;\nSELECT\n  oops;", 3),
    "else the statement's first word": ("SELECT 1;\n\n-- a comment\n\nSELECT 1 / 0;", 5),
    "a string left open": ("SELECT 1;\nSELECT 'open;\n", 2),
    "at the end, for what is checked there": (
        "CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO a VALUES (1, 2);\nSELECT 1;",
        3,
    ),
    "what a transaction cannot hold": ("CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY ON a (id);", 2),
    "COMMIT": ("CREATE TABLE a (id int);\n-- done\nCOMMIT;", 3),
    "BEGIN": ("\nBEGIN;\nCREATE TABLE a (id int);", 2),
    "copying from a client": ("SELECT 1;\nCOPY pg_class FROM stdin;", 2),
}


@pytest.mark.parametrize(("sql", "line"), LINES.values(), ids=LINES.keys())
async def test_a_failure_names_its_line(embedded_database: str, write: Write, sql: str, line: int) -> None:
    """
    In an editor one jumps there.
    """
    with pytest.raises(MigrationFailed) as failed:
        await migrate(embedded_database, write(**{FIRST: sql}))

    async with await connect(embedded_database) as connection:
        assert [] == await tables(connection)
    assert line == failed.value.facts["line"]


async def test_two_at_once_apply_each_file_once(database: str, write: Write) -> None:
    """
    The second waits for the first, and then finds nothing to do.
    """
    files = write(
        **{
            FIRST: "CREATE TABLE a (id int); SELECT pg_sleep(0.1);",
            SECOND: "CREATE TABLE b (id int); SELECT pg_sleep(0.1);",
        }
    )

    done = await asyncio.gather(*(migrate(database, files) for _ in range(4)))

    assert [FIRST, SECOND] == sorted(one.file for some in done for one in some)


async def test_settings_of_one_file_do_not_reach_the_next(database: str, write: Write) -> None:
    """
    Dumps begin by emptying the search path; a connection that is ours afterwards is as before.
    """
    files = write(
        **{
            FIRST: "SET search_path = ''; SET timezone = 'Asia/Tokyo'; CREATE TABLE public.a (id int)",
            SECOND: "CREATE TABLE b AS SELECT * FROM a",
        }
    )
    async with await connect(database) as connection:
        done = await migrate(connection, files)
        [left] = await fetch(connection, "SELECT current_setting('timezone') AS zone, to_regclass('b') AS b")

    assert [FIRST, SECOND] == [one.file for one in done]
    assert {"zone": "UTC", "b": "b"} == left


async def test_many_files_go_through_one_connection(database: str, tmp_path: Path) -> None:
    """
    The driver prepares what it has seen often, and some of ours is more than one statement.
    """
    for number in range(12):
        (tmp_path / f"202601010000{number:02}_n.sql").write_text(
            f"CREATE TABLE t{number} (a text DEFAULT '100%')"
        )

    assert 12 == len(await migrate(database, read(tmp_path)))


async def test_bodies_of_functions_pass_unharmed(database: str, write: Write) -> None:
    """
    Dollars, BEGIN ATOMIC, percent signs and comments reach the server as they are written.
    """
    sql = """
        CREATE FUNCTION one() RETURNS text LANGUAGE plpgsql AS $body$
        BEGIN -- it's fine; really
            RETURN format('%s;%%', 1);
        END $body$;
        CREATE FUNCTION two(x int) RETURNS int BEGIN ATOMIC
            SELECT CASE WHEN x > 1 THEN 2 ELSE 3 END;
        END;
        /* nested /* ; */ ; */ CREATE TABLE "odd; %s name" (id int);
    """
    await migrate(database, write(**{FIRST: sql}))
    async with await connect(database) as connection:
        [row] = await fetch(connection, "SELECT one() AS one, two(5) AS two")
        found = await tables(connection)

    assert {"one": "1;%", "two": 2} == row
    assert ["odd; %s name"] == found


async def test_it_takes_over_from_the_supabase_cli(database: str, write: Write) -> None:
    """
    Its rows differ from ours in how they were cut; an old one has no statements at all.
    """
    files = write(
        **{
            FIRST: "-- why\nCREATE TABLE a (\n  id int\n);\n\nSELECT 1;\n",
            SECOND: "SELECT 2;",
            THIRD: "SELECT 3;",
        }
    )
    async with await connect(database) as connection:
        await connection.execute("CREATE SCHEMA supabase_migrations")
        await connection.execute(
            "CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY)"
        )
        bare = await status(connection, [])
        await connection.execute(
            "INSERT INTO supabase_migrations.schema_migrations VALUES ('20260101000000')"
        )
        old = await status(connection, files)
        await connection.execute("ALTER TABLE supabase_migrations.schema_migrations ADD statements text[]")
        await connection.execute(
            "UPDATE supabase_migrations.schema_migrations SET statements = %s",
            [["-- why\nCREATE TABLE a (\r\n  id int\r\n)", "SELECT 1"]],
        )
        done = await migrate(connection, files)

    assert () == bare.applied
    assert [SECOND, THIRD] == [one.file for one in old.pending]
    assert [SECOND, THIRD] == [one.file for one in done]


async def test_a_file_changed_after_it_was_applied_is_refused(database: str, write: Write) -> None:
    """
    Nothing is applied, not even what is pending.
    """
    await migrate(database, write(**{FIRST: "CREATE TABLE a (id int)"}))

    with pytest.raises(MigrationChanged, match=FIRST):
        await migrate(
            database, write(**{FIRST: "CREATE TABLE a (id bigint)", SECOND: "CREATE TABLE b (id int)"})
        )

    async with await connect(database) as connection:
        assert ["a"] == await tables(connection)


async def test_a_server_that_goes_away_is_not_the_files_fault(database: str, write: Write) -> None:
    """
    The error is about the connection, and trying again helps.
    """
    with pytest.raises(DatabaseError) as failed:
        await migrate(database, write(**{FIRST: "SELECT pg_terminate_backend(pg_backend_pid())"}))

    assert not isinstance(failed.value, MigrationFailed)
    assert "retry" == failed.value.recovery


def test_a_comment_or_space_added_later_is_no_change() -> None:
    """
    The database would be the same.
    """
    assert [] == plan([migration("1", "-- new\nSELECT  1;")], [applied("1", "SELECT 1")])


def test_a_row_without_a_file_is_refused() -> None:
    """
    A newer Master-Ops was here.
    """
    with pytest.raises(MigrationUnknown, match="2"):
        plan([migration("1")], [applied("1"), applied("2")])


def test_a_new_file_older_than_an_applied_one_is_refused() -> None:
    """
    It would run in another order elsewhere.
    """
    with pytest.raises(MigrationGap, match=r"2 \(2_name.sql\) is older than 3"):
        plan([migration("1"), migration("2"), migration("3")], [applied("1"), applied("3")])


@given(st.sets(st.integers(0, 50)), st.integers(0, 50))
def test_what_is_newer_than_everything_applied_is_planned_in_order(numbers: set[int], cut: int) -> None:
    """
    Applied and planned together are all files, each once, the applied ones first.
    """
    versions = [f"{number:014}" for number in sorted(numbers)]
    done = versions[:cut]

    planned = plan([migration(version) for version in reversed(versions)], [applied(v) for v in done])

    assert versions == done + [one.version for one in planned]


NAMES = {
    "no version": "add_things.sql",
    "a short version": "2026_things.sql",
    "no name": "20260101000000_.sql",
    "no underscore": "20260101000000.sql",
    "space": "20260101000000_a b.sql",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_wrong_name_is_refused(write: Write, name: str) -> None:
    """
    A file that is silently passed over is found missing months later.
    """
    with pytest.raises(MigrationName) as refused:
        write(**{name: "SELECT 1"})

    assert name in refused.value.message


def test_two_files_of_one_version_are_refused(write: Write) -> None:
    """
    Two branches made one each on the same second.
    """
    with pytest.raises(MigrationName, match="has the same version"):
        write(**{FIRST: "SELECT 1", FIRST.replace("first", "other"): "SELECT 1"})


def test_other_files_are_none_of_ours(write: Write) -> None:
    """
    A README may lie beside them.
    """
    assert [FIRST] == [one.file for one in write(**{FIRST: "SELECT 1", "README.md": "words"})]


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    """
    An editor on another system saved it.
    """
    (tmp_path / FIRST).write_bytes(b"SELECT 1;\nSELECT '\xe9';")

    with pytest.raises(MigrationFailed, match="line 2: it is not UTF-8"):
        read(tmp_path)


async def test_our_own_migrations_apply_and_apply_again(database: str) -> None:
    """
    On both servers, and the second run changes nothing.
    """
    ours = bundled()

    assert [one.file for one in ours] == [one.file for one in await migrate(database, ours)]
    assert [] == await migrate(database, ours)
