"""
One question to one table: filters, names, types, and the certainty that nothing can be done by it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from masterops.db._filters import NOTHING, parse
from masterops.db.connect import AsyncConnection, connect, connect_sync, fetch
from masterops.db.query import Filter, Operator, Rows, TableQuery, run
from masterops.errors import BadValue, MasterOpsError, QueryFailed, UnknownName

TABLES = """
CREATE TYPE mood AS ENUM ('fine', 'sad');
CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE logs (
    id int PRIMARY KEY, level text, took numeric(6, 2), code varchar(3), at timestamptz, tags text[],
    details jsonb, plain json, feeling mood, share percent, flag char(4)
);
INSERT INTO logs VALUES
    (1, 'info', 1.50, 'abc', '2026-01-01 00:00Z', '{a}', '{"k": 1}', '{}', 'fine', 10, 'on'),
    (2, 'error', 200.25, 'abd', '2026-01-02 00:00Z', '{a,b}', '{"k": 2}', '{}', 'sad', 20, 'off'),
    (3, 'Error', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, '50% of_it', 3, 'xyz', '2026-01-03 00:00Z', '{}', '{}', '{}', 'fine', 30, 'on');
CREATE TABLE secrets (id int, word text);
INSERT INTO secrets VALUES (1, 'never shown');
CREATE VIEW errors AS SELECT id, level FROM logs WHERE lower(level) = 'error';
CREATE TABLE "odd ""100%"" näme" ("a%s" int, "b;--" text, "C" int);
INSERT INTO "odd ""100%"" näme" VALUES (7, 'x', 8);
CREATE SCHEMA ops;
CREATE TABLE ops.links (id int);
CREATE TABLE ops.logs (other int);
CREATE SCHEMA more;
CREATE TABLE ops.twice (id int);
CREATE TABLE more.twice (id int);
CREATE FUNCTION scribble() RETURNS int LANGUAGE sql AS 'INSERT INTO secrets VALUES (2, ''x'') RETURNING 1';
CREATE VIEW scribbling AS SELECT scribble() AS one;
CREATE VIEW sleepy AS SELECT pg_sleep(60)::text AS slept;
CREATE VIEW broken AS SELECT 1 / (id - id) AS impossible FROM logs;
"""


@pytest.fixture(scope="module")
def filled(common_database: str) -> str:
    """The URL of a database with something in it."""
    with connect_sync(common_database) as connection:
        connection.execute(TABLES)
    return common_database


@pytest.fixture
async def connection(filled: str) -> AsyncIterator[AsyncConnection]:
    """A connection to it; what the tests ask changes nothing, which is what they are about."""
    async with await connect(filled) as connection:
        yield connection


async def ask(connection: AsyncConnection, table: str, *filters: str, **rest: object) -> list[object]:
    """The first column of the answer."""
    query = TableQuery.parse(table, filters=filters, **rest)  # type: ignore[arg-type]
    return [next(iter(row.values())) for row in (await run(connection, query)).rows]


FILTERS = {
    "nothing": ([], [1, 2, 3, 4]),
    "equal": (["level=error"], [2]),
    "not equal, rows without a value included": (["took!=1.5"], [2, 3, 4]),
    "greater": (["took>3"], [2]),
    "greater or equal": (["took>=3"], [2, 4]),
    "less": (["took<3"], [1]),
    "less or equal": (["took<=3"], [1, 4]),
    "numbers as numbers, not as text": (["took>20"], [2]),
    "contains, in either case": (["level~ERR"], [2, 3]),
    "contains, for what is no text": (["took~200"], [2]),
    "a percent sign is only itself": (["level~0%"], [4]),
    "so is an underscore": (["level~f_i"], [4]),
    "no value": (["took=null"], [3]),
    "a value": (["took!=NULL"], [1, 2, 4]),
    "several": (["id>1", "id<4", "level~error"], [2, 3]),
    "times": (["at>2026-01-01 12:00"], [2, 4]),
    "arrays": (["tags={a,b}"], [2]),
    "objects": (['details={"k":1}'], [1]),
    "choices": (["feeling=fine"], [1, 4]),
    "a value longer than the column finds nothing": (["code=abcdef"], []),
    "nor is it cut for fixed lengths": (["flag=on"], [1, 4]),
    "more digits than the column has are not rounded": (["took=1.501"], []),
    "space around": ([" level  =  error "], [2]),
    "an empty value": (["level="], []),
}


@pytest.mark.parametrize(("filters", "expected"), FILTERS.values(), ids=FILTERS.keys())
async def test_filters_keep_what_they_say(
    connection: AsyncConnection, filters: list[str], expected: list[int]
) -> None:
    """
    Values are compared as the column's type does it.
    """
    assert expected == await ask(connection, "logs", *filters, order="id")


async def test_columns_order_and_limit(connection: AsyncConnection) -> None:
    """
    Columns come as asked for; rows without a value come last, whichever way.
    """
    query = TableQuery.parse("logs", columns=["took,id", "id"], order="took", descending=True, limit=2)
    answer = await run(connection, query)
    up = await ask(connection, "logs", columns=["id"], order="took")
    down = await ask(connection, "logs", columns=["id"], order="took", descending=True)

    assert ("took", "id") == answer.columns
    assert [2, 4] == [row["id"] for row in answer.rows]
    assert ([1, 4, 2, 3], [2, 4, 1, 3]) == (up, down)


async def test_an_empty_answer_still_has_its_columns(connection: AsyncConnection) -> None:
    """
    A table without rows prints a header.
    """
    assert Rows(("id",), []) == await run(connection, TableQuery.parse("ops.links"))


async def test_tables_are_found_in_public_first_and_else_where_they_are(connection: AsyncConnection) -> None:
    """
    A name with its schema says which; views are tables too.
    """
    assert 4 == len(await ask(connection, "logs"))
    assert [] == await ask(connection, "ops.logs")
    assert [] == await ask(connection, "links")
    assert [2, 3] == await ask(connection, "errors", order="id")


async def test_odd_names_are_no_danger(connection: AsyncConnection) -> None:
    """
    Quotes, percent signs, semicolons and capitals are part of a name like any other.
    """
    table = 'odd "100%" näme'
    answer = await run(connection, TableQuery.parse(table, filters=["a%s=7", "b;--=x", "C=8"], order="a%s"))

    assert [{"a%s": 7, "b;--": "x", "C": 8}] == answer.rows
    assert [7] == await ask(connection, table)


async def test_an_unknown_table_is_answered_with_the_nearest_and_all(connection: AsyncConnection) -> None:
    """
    What is PostgreSQL's own is not offered.
    """
    with pytest.raises(UnknownName) as refused:
        await ask(connection, "Logz")

    assert "There is no table or view named 'Logz'." == refused.value.message
    assert refused.value.advice.startswith("Did you mean 'logs'? Known: broken, errors, logs, ")
    assert "ops.links" in refused.value.advice
    assert "pg_" not in refused.value.advice


async def test_a_name_that_two_schemas_have_wants_its_schema(connection: AsyncConnection) -> None:
    """
    Guessing would answer from the wrong one half of the time.
    """
    with pytest.raises(UnknownName) as refused:
        await ask(connection, "twice")

    assert "Known: more.twice, ops.twice." == refused.value.advice


@pytest.mark.parametrize(
    "table", ["pg_catalog.pg_authid", "pg_shadow", "information_schema.tables", "PUBLIC.logs"]
)
async def test_the_servers_own_tables_cannot_be_asked(connection: AsyncConnection, table: str) -> None:
    """
    Some of them hold passwords.
    """
    with pytest.raises(UnknownName):
        await ask(connection, table)


COLUMNS = {
    "in a filter": {"filters": ["levle=x"]},
    "in the columns": {"columns": ["id", "levle"]},
    "in the order": {"order": "levle"},
}


@pytest.mark.parametrize("asked", COLUMNS.values(), ids=COLUMNS.keys())
async def test_an_unknown_column_is_answered_with_the_nearest(
    connection: AsyncConnection, asked: dict[str, list[str]]
) -> None:
    """
    Wherever it stands.
    """
    with pytest.raises(UnknownName) as refused:
        await run(connection, TableQuery.parse("logs", **asked))  # type: ignore[arg-type]

    assert "There is no column named 'levle' in logs." == refused.value.message
    assert refused.value.advice.startswith("Did you mean 'level'? Known: id, level, ")


WRONG = {
    "a word for a number": ("id=many", "integer (column id of logs)"),
    "a day that is none": ("at>2026-02-31", "timestamp with time zone (column at of logs)"),
    "an unknown choice": ("feeling=angry", "mood (column feeling of logs)"),
    "outside a domain": ("share=101", "percent (column share of logs)"),
    "too large": ("id=99999999999", "integer (column id of logs)"),
    "no json": ("details={", "jsonb (column details of logs)"),
}


@pytest.mark.parametrize(("text", "kind"), WRONG.values(), ids=WRONG.keys())
async def test_a_value_of_the_wrong_type_is_named_with_its_column(
    connection: AsyncConnection, text: str, kind: str
) -> None:
    """
    Among several filters the guilty one is found, and the connection goes on working.
    """
    with pytest.raises(BadValue) as refused:
        await ask(connection, "logs", "id>0", text)

    assert kind == refused.value.facts["kind"]
    assert [1] == await ask(connection, "logs", "id=1")


async def test_what_the_server_refuses_is_one_sentence(connection: AsyncConnection) -> None:
    """
    A type that cannot be compared, and a view that is broken.
    """
    with pytest.raises(QueryFailed, match="operator does not exist: json = json"):
        await ask(connection, "logs", "plain={}")
    with pytest.raises(QueryFailed, match="division by zero"):
        await ask(connection, "broken")


async def test_a_view_that_writes_is_stopped_by_the_server(connection: AsyncConnection) -> None:
    """
    Read-only is enforced by the transaction, not by looking at the text.
    """
    with pytest.raises(QueryFailed, match="read-only transaction"):
        await ask(connection, "scribbling")

    assert [1] == await ask(connection, "secrets")
    await fetch(connection, "UPDATE secrets SET id = 1")  # and the connection can write again


async def test_a_query_that_takes_too_long_is_ended(connection: AsyncConnection) -> None:
    """
    The limit is a setting of the transaction, so a view cannot outlast it and nobody inherits it.
    """
    with pytest.raises(QueryFailed, match="took longer than 1 s"):
        await run(connection, TableQuery.parse("sleepy"), seconds=1)

    [left] = await fetch(connection, "SELECT current_setting('statement_timeout') AS limit")
    assert "0" == left["limit"]


async def test_only_what_the_user_may_read_is_there(connection: AsyncConnection) -> None:
    """
    Rights are the database's; what one may not read is not even named.
    """
    await connection.execute("CREATE ROLE reader_of_logs")
    try:
        await connection.execute("GRANT SELECT (id, level) ON logs TO reader_of_logs")
        await connection.execute("SET ROLE reader_of_logs")
        answer = await run(connection, TableQuery.parse("logs", limit=1))
        with pytest.raises(UnknownName) as table:
            await ask(connection, "secrets")
        with pytest.raises(UnknownName) as column:
            await ask(connection, "logs", "took=1")
    finally:
        await connection.execute("RESET ROLE")
        await connection.execute("DROP OWNED BY reader_of_logs; DROP ROLE reader_of_logs")

    assert ("id", "level") == answer.columns
    assert "Known: logs." == table.value.advice
    assert "Known: id, level." in column.value.advice


UNREADABLE = {
    "no operator": ("level", BadValue),
    "no column": ("=error", BadValue),
    "nothing": ("", BadValue),
    "a word for an operator": ("level like x", BadValue),
    "two equal signs": ("level==error", UnknownName),
    "SQL's other not equal": ("level<>error", UnknownName),
    "a zero character": ("level=\0", BadValue),
    "half a character": ("level=\udcff", BadValue),
}


@pytest.mark.parametrize(("text", "expected"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_filter_that_cannot_be_read_lists_the_operators(text: str, expected: type[MasterOpsError]) -> None:
    """
    Nothing is guessed: a filter that is passed over shows rows that were not asked for.
    """
    with pytest.raises(expected) as refused:
        parse(text)

    assert "!=" in refused.value.advice or "cannot store" in refused.value.message


@pytest.mark.parametrize("limit", [0, -1, 100_001])
def test_a_limit_has_its_bounds(limit: int) -> None:
    """
    A whole table of logs does not fit into a terminal.
    """
    with pytest.raises(BadValue, match="between 1 and 100,000"):
        TableQuery.parse("logs", limit=limit)


plain = st.text(st.characters(codec="utf-8", exclude_characters="\0")).map(str.strip)


@given(
    column=plain.filter(lambda text: text and not set(text) & set("=!<>~")),
    operator=st.sampled_from(Operator),
    value=plain.filter(lambda text: text.lower() != NOTHING),
)
def test_a_filter_means_its_three_parts(column: str, operator: Operator, value: str) -> None:
    """
    Whatever the value, with a space before it.
    """
    assert Filter(column, operator, value) == parse(f"{column}{operator} {value}")


nasty = st.one_of(
    plain,
    st.sampled_from(
        ["'; DROP TABLE secrets; --", '"; DROP TABLE secrets; --', "1); DELETE FROM secrets; --", "%s",
         "%(a)s", "{}", "' OR '1'='1", "id) OR (true", "$1", "\\", "/*", "secrets.word",
         "logs; SELECT word FROM secrets",
         "(SELECT word FROM secrets)", "pg_sleep(9)", "E'\\'", "$$", "id::text", "null", "ops.logs"]
    ),
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.just("logs") | nasty, column=st.just("level") | nasty, value=nasty, order=st.none() | nasty)
async def test_nothing_that_is_typed_is_ever_executed(
    filled: str, table: str, column: str, value: str, order: str | None
) -> None:
    """
    Each attempt ends with rows or an error of ours; what was there stays, and nothing else is shown.
    """
    async with await connect(filled) as connection:
        shown: object = ""
        try:
            query = TableQuery.parse(
                table, filters=[f"{column}= {value}"], columns=[column], order=order or None
            )
            shown = (await run(connection, query)).rows
        except MasterOpsError as error:
            assert isinstance(error, UnknownName | BadValue | QueryFailed)
        kept = await fetch(connection, "SELECT word FROM secrets")

    assert [{"word": "never shown"}] == kept
    assert "never shown" not in str(shown)
