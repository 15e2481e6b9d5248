"""
`ops workflows validate, catalogue`: what is wrong with files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from masterops import errors
from masterops.cli import look
from masterops.cli.commands.workflows_places import (
    all_of,
    connection_option,
    dir_option,
    n8n_of,
    paths_argument,
)
from masterops.cli.output import emit, emit_object, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column
from masterops.workflows import code
from masterops.workflows.code import catalogue as catalogues
from masterops.workflows.code import reports
from masterops.workflows.code.validate import names_in

CATALOGUE = ".catalogue.json"

PROBLEMS = (
    Column("severity", "severity", show=look.state),
    Column("code", "code"),
    Column("file", "file"),
    Column("line", "line", right=True),
    Column("node", "node", in_table=False),
    Column("message", "problem"),
    Column("fix", "fix", spare=1),
)


@click.command()
@paths_argument
@dir_option
@click.option("--live", is_flag=True, help="Also ask n8n which credentials and workflows are there.")
@connection_option
@click.option("--catalogue", help=f"A catalogue of nodes; else {CATALOGUE} in the folder, else ours.")
@output_option("table", "json", "csv", "sarif", "junit")
@pass_session
@acting
async def validate(
    session: Session,
    paths: tuple[str, ...],
    dir: str,
    live: bool,
    connection: str | None,
    catalogue: str | None,
    output: str,
) -> int:
    """
    Check files without asking anybody. Exits with 1 on errors, not on warnings.

    Each problem has a code that keeps its meaning, a line where that can be told, and how to mend it.

    Example:

    \b
        ops workflows validate workflows/teelixir
        ops workflows validate --output sarif > workflows.sarif
    """
    folder = code.Folder(Path(dir))
    given = folder.find(paths)
    there: dict[str, Any] = {}
    if live:
        async with session.app() as app:
            held = [await code.look(n8n_of(app, each)) for each in await all_of(app, connection, None)]
        there = {
            "credentials": {key for each in held for key in each.credentials},
            "workflows": {word for each in held for word in (*each.ids, *each.workflows)},
        }
    checked = code.validate(given, _catalogue(folder, catalogue), beside=names_in(folder.held()), **there)
    rows = [{**each._asdict(), "severity": each.severity, "fix": each.fix} for each in checked.problems]
    if output == "sarif":
        emit_object(reports.sarif(checked.problems))
    elif output == "junit":
        write(reports.junit(list(given), checked.problems))
    else:
        emit(rows, PROBLEMS, output)
        wrong = len(checked.errors)
        say(f"{len(given)} file(s): {wrong} error(s), {len(rows) - wrong} warning(s).")
    return 1 if checked.errors else 0


@click.command()
@click.option("--from", "source", required=True, help="Folder of an installed n8n (with node_modules).")
@dir_option
@click.option("--dry-run", is_flag=True, help="Say what is there and write nothing.")
def catalogue(source: str, dir: str, dry_run: bool) -> None:
    """
    Make a catalogue of every node that an installed n8n has, which `validate` then uses.

    Example:

    \b
        ops workflows catalogue --from /usr/lib/node_modules/n8n
    """
    made = catalogues.made(Path(source))
    path = Path(dir) / CATALOGUE
    if not dry_run:
        code.Folder(Path(dir)).put(CATALOGUE, catalogues.text(made))
    say(f"{made.source}: {len(made.types)} types of nodes{'' if dry_run else f', in {path}'}.")


def sound(folder: code.Folder, paths: tuple[str, ...]) -> dict[str, code.Document]:
    """The files' workflows. Raises WorkflowsInvalid when any has an error."""
    checked = code.validate(folder.find(paths), _catalogue(folder, None), beside=names_in(folder.held()))
    if checked.errors:
        first = checked.errors[0]
        where = f"{first.file}:{first.line}" if first.line else first.file
        raise errors.WorkflowsInvalid(
            count=len(checked.errors), reason=f"{where}: {first.code} {first.message}"
        )
    return checked.documents


def _catalogue(folder: code.Folder, named: str | None) -> code.Catalogue:
    path = Path(named) if named else folder.root / CATALOGUE
    return catalogues.load(path) if named or path.exists() else catalogues.ours()
