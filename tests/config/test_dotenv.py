"""
Reading `.env`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.config.dotenv import parse
from masterops.errors import ConfigSyntax


@pytest.mark.parametrize(
    ("line", "value"),
    [
        pytest.param("A=b", "b", id="plain"),
        pytest.param("export A=b", "b", id="export"),
        pytest.param("  A=  b  ", "b", id="blanks around"),
        pytest.param("A=b c", "b c", id="blanks inside"),
        pytest.param("A=", "", id="nothing"),
        pytest.param("A=b # c", "b", id="a comment"),
        pytest.param("A=b#c", "b#c", id="no comment without a blank"),
        pytest.param("A=# c", "", id="a comment at once"),
        pytest.param("A=b=c==", "b=c==", id="equals signs"),
        pytest.param("A='b # \\n \"$C\" '", 'b # \\n "$C" ', id="single quotes"),
        pytest.param('A="b\\n\\t\\"\\\\\\$ # " # c', 'b\n\t"\\$ # ', id="double quotes"),
        pytest.param('A="b\\r"', "b\r", id="a carriage return"),
        pytest.param("A=it's", "it's", id="a quote inside"),
        pytest.param("A=$B", "$B", id="nothing is substituted"),
        pytest.param("A=b\r", "b", id="a line end of Windows"),
        pytest.param("\ufeffA=b", "b", id="a byte order mark"),
    ],
)
def test_a_line_is_a_name_and_a_value(line: str, value: str) -> None:
    """
    Quotes, comments and blanks mean what they look like.
    """
    assert {"A": (value, 1)} == parse(line, ".env")


def test_lines_are_counted_and_the_later_of_two_counts() -> None:
    """
    Empty lines and comments are lines.
    """
    entries = parse("# first\n\nA=1\n  # more\nB=2\nA=3\n", ".env")

    assert {"A": ("3", 6), "B": ("2", 5)} == entries


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "it does not begin with NAME="),
        ("A = b", "it does not begin with NAME="),
        ("A: b", "it does not begin with NAME="),
        ("1A=b", "it does not begin with NAME="),
        ("=b", "it does not begin with NAME="),
        ("export A", "it does not begin with NAME="),
        ("A='b", "the quote is not closed on the same line"),
        ('A="b\\"', "the quote is not closed on the same line"),
        ("A='b' c", "there is something after the closing quote"),
    ],
)
def test_a_broken_line_is_an_error_with_its_number(line: str, reason: str) -> None:
    """
    Half of a token is worse than none.
    """
    with pytest.raises(ConfigSyntax) as caught:
        parse(f"# fine\n{line}\n", ".env")

    assert f".env:2: not valid .env: {reason}" == str(caught.value)
    assert "NAME=value" in caught.value.advice


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), st.text(), max_size=4))
def test_every_value_can_be_written_in_double_quotes(values: dict[str, str]) -> None:
    """
    What is escaped on the way in comes out as it was.
    """
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
    quoted = {name: "".join(escapes.get(c, c) for c in value) for name, value in values.items()}
    text = "".join(f'{name}="{value}"\n' for name, value in quoted.items())

    entries = parse(text, ".env")

    assert values == {name: entry.value for name, entry in entries.items()}
