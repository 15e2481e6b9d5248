"""
The Markdown pages of the project, as much of them as the tests need: fences, headings, links, code in a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^( *)(`{3,})(\w*) *(.*)$")
TITLE = re.compile(r'title="([^"]*)"')
HEADING = re.compile(r"^#{1,6} +(.*?) *$")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()]*\))?)\)")
IMAGE = re.compile(r'\b(?:src|srcset|href)="([^"]+)"')
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """
    A fenced block: its language, its title where it has one, and the line on which its text begins.
    """

    page: Path
    line: int
    language: str
    title: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for whoever has to mend it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Page:
    """
    A page: its blocks, and its other lines with their numbers.
    """

    path: Path
    blocks: tuple[Block, ...]
    prose: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        """Its path inside the project."""
        return str(self.path.relative_to(ROOT))

    def links(self) -> Iterator[tuple[int, str]]:
        """Every target of a link or picture, with its line."""
        bare = INLINE.sub(lambda match: "\n" * match[0].count("\n"), self._text)
        for pattern in (LINK, IMAGE):
            for match in pattern.finditer(bare):
                yield self._line(bare, match.start()), match[1]

    def code(self) -> Iterator[tuple[int, str]]:
        """Everything that is written as code inside a line; it may go on in the next one."""
        text = self._text
        for match in INLINE.finditer(text):
            yield self._line(text, match.start()), " ".join(match[1].split())

    @property
    def _text(self) -> str:
        return "\n".join(line for _, line in self.prose)

    def _line(self, text: str, place: int) -> int:
        return self.prose[text.count("\n", 0, place)][0]

    def anchors(self) -> set[str]:
        """What a link may name behind `#`, as GitHub and the site make it of headings."""
        seen: dict[str, int] = {}
        found = set()
        for _, line in self.prose:
            if heading := HEADING.match(line):
                slug = slug_of(heading[1])
                times = seen.get(slug, 0)
                seen[slug] = times + 1
                found.add(f"{slug}-{times}" if times else slug)
        return found


def slug_of(heading: str) -> str:
    """A heading as an anchor: small letters, no signs, hyphens for spaces."""
    text = LINK.sub(lambda match: match[0].split("](")[0].lstrip("!["), heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


@cache
def read(path: Path) -> Page:
    """The page in a file."""
    blocks: list[Block] = []
    prose: list[tuple[int, str]] = []
    opened: tuple[int, str, str, str] | None = None  # line, indent, ticks, the rest
    inside: list[str] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened, inside = (number + 1, fence[1], fence[2], f"{fence[3]} {fence[4]}"), []
        elif opened is None:
            prose.append((number, line))
        elif line.strip() == opened[2]:
            language, _, rest = opened[3].partition(" ")
            title = TITLE.search(rest)
            text = "".join(f"{each.removeprefix(opened[1])}\n" for each in inside)
            blocks.append(Block(path, opened[0], language, title[1] if title else "", text))
            opened = None
        else:
            inside.append(line)
    assert opened is None, f"{path}:{opened[0]}: the block is not closed"
    return Page(path, tuple(blocks), tuple(prose))


def pages() -> list[Page]:
    """Every page of the project."""
    return [read(path) for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]]
