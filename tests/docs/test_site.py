"""
The site has every page, and links that fit its folders. `make site` builds it, with Mermaid's own check.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.pages import ROOT, pages, read
from tests.docs.site import diagrams, moved, relinked, site_name

KINDS = ("flowchart ", "sequenceDiagram", "stateDiagram-v2", "classDiagram", "erDiagram")


def listed(entries: list[Any]) -> Iterator[str]:
    """The pages of the navigation."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for inner in entry.values():
                yield from listed(inner)


def test_every_page_is_in_the_navigation_once() -> None:
    """
    A page that nothing lists is found by nobody.
    """
    settings = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))
    named = sorted(listed(settings["project"]["nav"]))
    there = {site_name(page.path) for page in pages()} - {None}

    assert sorted(there) == named  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("page", "target", "there"),
    [
        ("docs/index.md", "../ARCHITECTURE.md", "architecture.md"),
        ("docs/how-to/silence.md", "../health.md#maintenance", "../health.md#maintenance"),
        ("ARCHITECTURE.md", "docs/connectors/writing.md", "connectors/writing.md"),
        ("ROADMAP.md", "ARCHITECTURE.md#invariants", "architecture.md#invariants"),
        ("docs/why.md", "https://example.com/a.md", "https://example.com/a.md"),
        ("docs/why.md", "#dependencies", "#dependencies"),
        ("docs/why.md", "../LICENSE", None),
    ],
)
def test_a_link_leads_to_the_same_page_in_the_site(page: str, target: str, there: str | None) -> None:
    """
    Pages of the root are beside those of docs/ there.
    """
    assert there == moved(read(ROOT / page), target)


def test_only_links_are_changed() -> None:
    """
    Code stays, a picture gets its dark twin, a link over two lines is one, what is not in the site is words.
    """
    page = read(ROOT / "docs" / "index.md")

    assert (
        "`[a](../ROADMAP.md)` [two\nlines](roadmap.md) the licence\n"
        "![x](pictures/a-light.svg#only-light)![x](pictures/a-dark.svg#only-dark)"
    ) == relinked(
        page,
        "`[a](../ROADMAP.md)` [two\nlines](../ROADMAP.md) [the licence](../LICENSE)\n![x](pictures/a-light.svg)",
    )


def test_every_diagram_says_what_it_is() -> None:
    """
    Mermaid reads them in `make site`; here, that there are some and that none is empty.
    """
    found = dict(diagrams())

    assert len(found) >= 10
    assert [] == [
        place for place, text in found.items() if not text.startswith(KINDS) or text.count("\n") < 3
    ]
