"""
The line of every key, held against the standard parser.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from masterops.config.locate import lines
from masterops.config.toml import dotted, quote

BARE = st.text("abcXYZ019_-", min_size=1, max_size=5)
ANY = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=5)
# Scalars with everything in them that could be taken for structure. {n} keeps the line count honest.
SCALARS = st.sampled_from(
    [
        "1", "-0.5e3", "0xff", "inf", "true", "1979-05-27", "1979-05-27 07:32:00", "07:32:00",
        "1979-05-27T00:32:00.99-07:00", '"a # b"', '"a \\" b = ] }"', "'c:\\'", "''", '""', '"é"',
        '"""one"""', '"""a\n\n[b]\nc = 1\n"""', "'''a\n'b' = 2\n'''", '"""two quotes """""', '"""\\\n  x"""',
        "'''it's'''", '""""x"""', '"""\\"""  """',
    ]
)  # fmt: skip


def _key(part: str, style: int) -> str:
    """One part of a key in one of the three ways to write it."""
    if style == 0 and dotted(part) == part:
        return part
    if style == 1 and part.isprintable() and "'" not in part:
        return f"'{part}'"
    return "".join(f"\\u{ord(each):04X}" if _is_control(each) else each for each in quote(part))


def _is_control(character: str) -> bool:
    return ord(character) < 32 or character == "\x7f"


class Writer:
    """
    Writes TOML and notes on which line each path came first.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.noted: dict[tuple[str | int, ...], int] = {}

    def put(self, text: str) -> None:
        self.text += text

    def note(self, path: tuple[str | int, ...]) -> None:
        self.noted.setdefault(path, self.text.count("\n") + 1)

    def key(self, table: tuple[str | int, ...], parts: list[str]) -> tuple[str | int, ...]:
        """A dotted key; every table that it opens is noted."""
        for index in range(len(parts)):
            self.note((*table, *parts[: index + 1]))
        self.put(
            self.draw(st.sampled_from([".", " . "])).join(
                _key(p, self.draw(st.integers(0, 2))) for p in parts
            )
        )
        return (*table, *parts)

    def value(self, path: tuple[str | int, ...], depth: int) -> None:
        kind = self.draw(st.sampled_from(["scalar", "scalar", "list", "table"])) if depth else "scalar"
        if kind == "scalar":
            self.put(self.draw(SCALARS))
        elif kind == "list":
            self.items(path, depth)
        else:
            self.pairs(path, depth)

    def items(self, path: tuple[str | int, ...], depth: int) -> None:
        self.put("[")
        for index in range(self.draw(st.integers(0, 3))):
            self.put(", " if index else "")
            self.put(self.draw(st.sampled_from(["", "\n", " # [\n\t"])))
            self.note((*path, index))
            self.value((*path, index), depth - 1)
            self.put(self.draw(st.sampled_from(["", "\n ", " # ]\n"])))
        self.put("]")

    def pairs(self, path: tuple[str | int, ...], depth: int) -> None:
        self.put("{ ")
        for index, name in enumerate(self.draw(st.lists(ANY, max_size=3, unique=True))):
            self.put(", " if index else "")
            inner = self.key(path, [name])
            self.put(" = ")
            self.value(inner, depth - 1)
        self.put(" }")

    def body(self, table: tuple[str | int, ...]) -> None:
        for name in self.draw(st.lists(ANY | BARE, max_size=3, unique=True)):
            deeper = self.draw(st.lists(BARE, max_size=2))
            path = self.key(table, [name, *deeper])
            self.put(self.draw(st.sampled_from([" = ", "=", "\t=\t"])))
            self.value(path, 2)
            self.put(self.draw(st.sampled_from(["\n", " # x = 1\n", "\n\n# [y]\n"])))

    def header(self, name: str, many: bool, times: int) -> None:
        for index in range(times):
            self.put(self.draw(st.sampled_from(["", "  ", "# [z]\n"])))
            self.note((name,))
            path: tuple[str | int, ...] = (name, index) if many else (name,)
            self.note(path)
            style = _key(name, self.draw(st.integers(0, 2)))
            self.put(f"[[{style}]]\n" if many else f"[ {style} ] # c\n")
            self.body(path)
            if many and self.draw(st.booleans()):
                self.note((*path, "\x00sub"))
                self.put(f'[{style}."\\u0000sub"]\n')
                self.body((*path, "\x00sub"))


@st.composite
def documents(draw: st.DrawFn) -> Writer:
    """A TOML text that uses everything the format has, with the line of each path."""
    writer = Writer(draw)
    names = draw(st.lists(ANY.map(lambda each: f"t{each}"), max_size=3, unique=True))
    for name in draw(st.lists(BARE, max_size=3, unique=True)):
        if f"{name}" not in names:
            path = writer.key((), [name])
            writer.put(" = ")
            writer.value(path, 2)
            writer.put("\n")
    for name in names:
        many = draw(st.booleans())
        writer.header(name, many, draw(st.integers(1, 3)) if many else 1)
    return writer


def _paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*path, name)
        yield from _paths(inner, (*path, name))


@given(documents())
def test_every_key_is_on_the_line_where_it_was_written(writer: Writer) -> None:
    """
    The paths are those that the standard parser finds, no more and no fewer, each on its line.
    """
    parsed = tomllib.loads(writer.text)

    found = lines(writer.text)

    assert set(_paths(parsed)) == set(found)
    assert writer.noted == found


@given(st.text())
def test_a_text_that_is_no_toml_is_walked_to_its_end(text: str) -> None:
    """
    It may be called on anything without hanging.
    """
    found = lines(text)

    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


def test_a_table_that_is_named_twice_in_part_is_where_it_is_named_first() -> None:
    """
    The usual configuration, to be read by people.
    """
    text = '[http]\ntimeout_seconds = 1\n\n[connections."hubspot/teelixir"]\n\n[connections.x]\n'

    found = lines(text)

    assert 2 == found["http", "timeout_seconds"]
    assert 4 == found["connections",]
    assert 6 == found["connections", "x"]
