"""
Cutting SQL into statements, by PostgreSQL's own lexical rules.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.db._split import Kind, essence, pieces, statements, tokens

CASES = {
    "two statements": ("a; b;", ["a", "b"]),
    "the last needs no semicolon": ("a; b", ["a", "b"]),
    "empty ones are left out": (";; a ;; -- nothing\n;", ["a"]),
    "nothing": (" \n", []),
    "only comments": ("-- one\n/* two; */", []),
    "a string": ("SELECT ';'; b", ["SELECT ';'", "b"]),
    "a doubled quote": ("SELECT 'it''s; so'; b", ["SELECT 'it''s; so'", "b"]),
    "a backslash is no escape in a plain string": (r"SELECT '\'; b", [r"SELECT '\'", "b"]),
    "but in an E string it is": (r"SELECT E'\';'; b", [r"SELECT E'\';'", "b"]),
    "a word that ends in e is no E string": (r"SELECT CASE'\'; b", [r"SELECT CASE'\'", "b"]),
    "a quoted name": ('SELECT "a;""b"; c', ['SELECT "a;""b"', "c"]),
    "a comment of one line": ("a -- not; here\n+ b; c", ["a -- not; here\n+ b", "c"]),
    "comments nest": ("a /* x /* ; */ ; */ b; c", ["a /* x /* ; */ ; */ b", "c"]),
    "a body in dollars": ("DO $$ a; b; $$; c", ["DO $$ a; b; $$", "c"]),
    "with a tag": ("DO $x$ a; $$ ; $y$; $x$; c", ["DO $x$ a; $$ ; $y$; $x$", "c"]),
    "a dollar inside a name quotes nothing": ("SELECT a$b$c; d$b$", ["SELECT a$b$c", "d$b$"]),
    "parameters are no tags": ("SELECT $1; SELECT $1", ["SELECT $1", "SELECT $1"]),
    "brackets": (
        "CREATE RULE r AS ON UPDATE TO t DO ALSO (a; b); c",
        ["CREATE RULE r AS ON UPDATE TO t DO ALSO (a; b)", "c"],
    ),
    "BEGIN ATOMIC": (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN x THEN 1 END; SELECT 2; END; c",
        ["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN x THEN 1 END; SELECT 2; END", "c"],
    ),
    "BEGIN alone": ("BEGIN; a; END; b", ["BEGIN", "a", "END", "b"]),
    "a string left open takes the rest": ("a; 'b; c", ["a", "'b; c"]),
    "so does a comment": ("a; b /* c; d", ["a", "b /* c; d"]),
    "a carriage return ends a comment": ("-- a\rb; c", ["-- a\rb", "c"]),
    "an odd space is a letter": ("SELECT a\u00a0$b$; c$b$", ["SELECT a\u00a0$b$", "c$b$"]),
    "letters of every language": ("SELECT ü$x$; 'ß;' ; é", ["SELECT ü$x$", "'ß;'", "é"]),
}


@pytest.mark.parametrize(("sql", "expected"), CASES.values(), ids=CASES.keys())
def test_statements_end_where_postgresql_ends_them(sql: str, expected: list[str]) -> None:
    """
    A semicolon inside anything ends nothing.
    """
    assert expected == [statement.text for statement in statements(sql)]


SCRAPS = st.sampled_from(
    ["'", '"', "$$", "$t$", ";", "--", "\n", "/*", "*/", "\\", "E'", "(", ")", "BEGIN ", "ATOMIC ", "CASE ",
     "END ", " ", "a", "1", "$1", "ü", "e", "\u2003", "\r"]
)  # fmt: skip
SCRAPBOOK = st.lists(SCRAPS, max_size=40).map("".join)


@given(SCRAPBOOK | st.text())
def test_the_pieces_put_together_are_the_text(sql: str) -> None:
    """
    Whatever the text, nothing is lost and nothing added.
    """
    assert sql == "".join(pieces(sql))
    assert sql == "".join(sql[start:end] for _, start, end in tokens(sql))


quoted = st.one_of(
    st.text().map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.text().map(lambda text: "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"),
    st.text(min_size=1).map(lambda text: '"' + text.replace('"', '""') + '"'),
    st.text().filter(lambda text: "$q$" not in text + "$").map(lambda text: f"$q${text}$q$"),
    st.text().filter(lambda text: "*/" not in text and "/*" not in text + "/" and text[-1:] not in ("/", "*"))
    .map(lambda text: f"a /*{text} */"),
)  # fmt: skip


@given(st.lists(quoted, min_size=1, max_size=6))
def test_nothing_is_ever_cut_inside_quotes(parts: list[str]) -> None:
    """
    However many semicolons a string, a name, a body or a comment holds.
    """
    cut = pieces(";".join(f"SELECT {part} " for part in parts))

    assert [f"SELECT {part} " for part in parts] == [piece.removesuffix(";") for piece in cut]


@given(SCRAPBOOK)
def test_each_statement_knows_its_line(sql: str) -> None:
    """
    The line is where its text begins in the file.
    """
    lines = sql.split("\n")
    for statement in statements(sql):
        assert statement.text.split("\n")[0] in lines[statement.line - 1]
        assert statement.line <= statement.first_line() <= len(lines)


SAME = {
    "space": ("SELECT  1 ;\n\n SELECT 2", "SELECT 1; SELECT 2;"),
    "comments": ("-- why\nSELECT /* one */ 1;", "SELECT 1"),
    "ends of lines": ("SELECT 1;\r\nSELECT '\r\n';", "SELECT 1;\nSELECT '\n'"),
    "empty statements": (";SELECT 1;;", "SELECT 1"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_what_the_server_does_not_mind_is_not_of_the_essence(one: str, other: str) -> None:
    """
    Another tool may cut and trim in its own way.
    """
    assert essence(one) == essence(other)


DIFFERENT = {
    "another number": ("SELECT 1", "SELECT 2"),
    "space inside a string": ("SELECT 'a b'", "SELECT 'a  b'"),
    "a comment's sign inside a string": ("SELECT '-- a'", "SELECT '-- b'"),
    "space that parts two words": ("SELECT ab", "SELECT a b"),
    "a semicolon": ("a b", "a; b"),
}


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_what_the_server_minds_is_of_the_essence(one: str, other: str) -> None:
    """
    A change that does something else is seen.
    """
    assert essence(one) != essence(other)


@given(SCRAPBOOK)
def test_the_essence_of_the_essence_is_the_same(sql: str) -> None:
    """
    What is left holds nothing more that could be left out.
    """
    assert essence(sql) == essence(essence(sql))


def test_the_pieces_of_a_file_have_kinds() -> None:
    """
    Words are told from what is quoted.
    """
    found = [kind for kind, _, _ in tokens("a 'b' --c")]

    assert [Kind.WORD, Kind.SPACE, Kind.QUOTED, Kind.SPACE, Kind.COMMENT] == found
