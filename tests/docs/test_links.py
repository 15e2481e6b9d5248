"""
Every link inside the project leads somewhere, and every command that a page names can be run.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

from masterops.cli.main import ops
from masterops.core.spelling import nearest
from tests.docs.pages import ROOT, Page, pages, read, slug_of

PAGES = [pytest.param(page, id=page.name) for page in pages()]
SHELLS = {"console", "sh", "bash", "text", ""}
# Words that stand for something else in a line of help, or that show a form.
PLACEHOLDERS = {"...", "…", "COMMAND"}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_page_and_an_anchor_that_exist(page: Page) -> None:
    """
    A page that was renamed, or a heading, would otherwise be missed by a reader only.
    """
    broken = [
        f"{page.name}:{line}: {target}" for line, target in page.links() if not leads(page.path, target)
    ]

    assert [] == broken


def leads(origin: Path, target: str) -> bool:
    """Whether a target exists; what is outside the project is not asked for."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return True
    path = (origin.parent / unquote(parts.path)).resolve() if parts.path else origin
    if not path.exists() or not path.is_relative_to(ROOT):
        return False
    return not parts.fragment or (path.suffix == ".md" and parts.fragment in read(path).anchors())


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_exists_with_its_options(page: Page) -> None:
    """
    `ops ...` in a line, and in each block that a reader would copy.
    """
    wrong = [
        f"{page.name}:{line}: {words}: {problem}"
        for line, words in commands(page)
        if (problem := problem_with(words))
    ]

    assert [] == wrong


def commands(page: Page) -> Iterator[tuple[int, str]]:
    """Each `ops ...` of a page with its line."""
    for line, code in page.code():
        if code.startswith("ops "):
            yield line, code
    for block in page.blocks:
        if block.language in SHELLS:
            for number, line in enumerate(block.text.splitlines(), block.line):
                bare = line.strip().removeprefix("$ ")
                if bare.startswith("ops "):
                    yield number, bare.partition("  ")[0]
    for number, line in page.prose:
        if line.startswith("    ops "):  # a block without a fence
            yield number, line.strip().partition("  ")[0]


def problem_with(line: str) -> str | None:
    """What is wrong with a command line, or None. What it is given is not tried."""
    words = iter(words_of(line))
    command: click.Command = ops
    context = click.Context(ops, info_name="ops")
    options = options_of(ops)
    for word in words:
        if word.startswith("-") and word not in ("-", "--"):
            name = word.partition("=")[0]
            if name not in options and not passes_on(command):
                return f"{command.name} has no option {name}, {nearest(name, options)}"
            if name in options and options[name] and "=" not in word:
                next(words, None)  # its value
        elif isinstance(command, click.Group) and "|" in word:  # each of these
            return next(
                (
                    f"{command.name} has no command {each}"
                    for each in word.split("|")
                    if member(command, context, each) is None
                ),
                None,
            )
        elif isinstance(command, click.Group):
            inner = member(command, context, word)
            if inner is None:
                if word in PLACEHOLDERS or (command is not ops and command.invoke_without_command):
                    return None
                return f"{command.name} has no command {word}"
            context = click.Context(inner, info_name=word, parent=context)
            command, options = inner, options | options_of(inner)
        elif passes_on(command):
            return None  # the rest is another program's
    return None


def passes_on(command: click.Command) -> bool:
    """Whether it hands what it does not know to another program, as `ops db psql` does."""
    return bool(command.context_settings.get("ignore_unknown_options"))


def member(group: click.Group, context: click.Context, word: str) -> click.Command | None:
    """A command of a group; `db:query` is `db query`."""
    first, _, second = word.partition(":")
    inner = group.get_command(context, first)
    if second and isinstance(inner, click.Group):
        return inner.get_command(context, second)
    return inner


def words_of(line: str) -> list[str]:
    """The words up to a comment, a pipe or the next command."""
    bare = line.split(" #")[0]
    try:
        words = shlex.split(bare)
    except ValueError:  # a quote that a page leaves open
        words = bare.split()
    kept = []
    for word in words[1:]:
        if word in {"|", "||", "&&", ";", ">", "<", "&", "#", "2>&1"}:
            break
        kept.append(word.rstrip(",;:"))
        if word.endswith(";"):
            break
    return kept


def options_of(command: click.Command) -> dict[str, bool]:
    """The names of a command's options, and whether each takes a value."""
    found = {
        name: not (each.is_flag or each.count)
        for each in command.params
        if isinstance(each, click.Option)
        for name in (*each.opts, *each.secondary_opts)
    }
    return {"-h": False, "--help": False, "--debug": False} | found


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("ops logs --errors-only --since 1h", True),
        ("ops db:query businesses -o json | head", True),
        ("ops alerts ack 17 --note 'a key'", True),
        ("ops --config some/where.toml workflows --missed", True),
        ("ops db psql -c 'SELECT 1' --quiet", True),
        ("ops alerts ack|silence|log", True),
        ("ops alerts ack|silent", False),
        ("ops --config some/where.toml workflow", False),
        ("ops logs --error-only", False),
        ("ops log", False),
        ("ops db quarry businesses", False),
        ("ops workflows show 17 --nothing", False),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str, right: bool) -> None:
    """
    The check itself can fail.
    """
    assert right == (problem_with(line) is None)


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Where do I ...", "where-do-i-"),
        ("`ops up` and its parts", "ops-up-and-its-parts"),
        ("[service-down](runbooks/service-down.md)", "service-down"),
    ],
)
def test_an_anchor_is_what_github_makes_of_a_heading(heading: str, anchor: str) -> None:
    """
    Signs go, spaces become hyphens, small letters stay.
    """
    assert anchor == slug_of(heading)
