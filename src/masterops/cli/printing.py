"""
The pages of docs/ that the program prints about itself.

    python -m masterops.cli.printing docs            writes them
    python -m masterops.cli.printing docs --check    says which are not what the program prints

The page of the database needs a migrated one: it is written with an embedded server of its own, and
checked by tests/docs, which have one already.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from masterops import errors
from masterops.cli.main import COMMANDS, ops
from masterops.cli.references import event_page, python_page, schema_page, web_page
from masterops.config import reference_markdown
from masterops.db import Embedded, bundled, migrate

WIDTH = 100
NOTE = "<!-- Printed by `make docs`; change the program, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """Every printed page by its file name."""
    return {
        "cli.md": NOTE + commands(),
        "config.md": NOTE + reference_markdown(),
        "errors.md": NOTE + error_page(),
        "events.md": NOTE + event_page(),
        "python-api.md": NOTE + python_page(),
        "web-api.md": NOTE + web_page(),
    }


def database_page() -> str:
    """The page of the database, from a server that lives as long as it takes."""
    with tempfile.TemporaryDirectory(prefix="masterops-") as folder:
        Path(folder).chmod(0o755)  # the server is another user where we are root
        with Embedded(Path(folder)).running() as url:
            asyncio.run(migrate(url, bundled()))
            return NOTE + asyncio.run(schema_page(url))


def commands() -> str:
    """The help of every command, as `--help` prints it."""
    parts = ["# Commands\n", "Every command's help, as `ops COMMAND --help` prints it.\n"]
    root = ops.make_context("ops", [], resilient_parsing=True, terminal_width=WIDTH, max_content_width=WIDTH)
    parts.append(_block(ops.get_help(root)))
    for name in COMMANDS:
        command = ops.get_command(root, name)
        assert command is not None
        parts += _command(command, root, name)
    return "\n".join(parts)


def _command(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, parent=parent, max_content_width=WIDTH, terminal_width=WIDTH
    )
    yield f"## {context.command_path}\n"
    yield _block(command.get_help(context))
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            member = command.get_command(context, inner)
            assert member is not None
            yield from _command(member, context, inner)


def _block(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"```text\n{lines}\n```\n"


def error_page() -> str:
    """The tree of errors, each with code, category, recovery, exit code and what to do."""
    parts = [
        "# Errors\n",
        "Every error prints one sentence, a hint and a code. The code never changes its meaning.",
        "The fault of a failed call lies with us (what we sent, how often), the configuration, the network",
        "or the service.\n",
        "| code | error | category | recovery | fault | exit | message | what to do |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in sorted(_kinds(errors.MasterOpsError), key=lambda each: each.code):
        message = _cell(" ".join((inspect.getdoc(kind) or "").split()))
        blame = getattr(kind, "blame", "")
        about = f"{kind.category} | {kind.recovery} | {blame} | {kind.exit_code}"
        parts.append(f"| {kind.code} | {kind.__name__} | {about} | {message} | {_cell(kind.hint)} |")
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _kinds(root: type[errors.MasterOpsError]) -> Iterator[type[errors.MasterOpsError]]:
    yield root
    for child in root.__subclasses__():
        yield from _kinds(child)


def main(argv: list[str]) -> int:
    """Write the pages into a folder, or check that they are fresh."""
    folder, check = Path(argv[0]), "--check" in argv
    printed = pages() if check else {**pages(), "schema.md": database_page()}
    stale = [name for name, text in printed.items() if _read(folder / name) != text]
    if check:
        for name in stale:
            print(f"{folder / name} is not what the program prints: run `make docs`", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (folder / name).write_text(printed[name], "utf-8")
    return 0


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
