"""
`ops workflows library`: workflows to begin with.
"""

from __future__ import annotations

from pathlib import Path

import click

from masterops import errors
from masterops.cli.commands.workflows_places import dir_option
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, pass_session
from masterops.cli.values import Column
from masterops.config import find_business
from masterops.workflows import code
from masterops.workflows.code import library
from masterops.workflows.code.pulling import slug

TEMPLATES = (Column("name", "name"), Column("values", "values"), Column("about", "what it does"))


@click.group(name="library", invoke_without_command=True)
@output_option()
@click.pass_context
def shelf(ctx: click.Context, output: str) -> None:
    """
    Workflows to begin with.

    Example:

    \b
        ops workflows library
    """
    if ctx.invoked_subcommand is None:
        rows = [
            {"name": each.name, "values": ", ".join(each.values), "about": each.about}
            for each in library.templates()
        ]
        emit(rows, TEMPLATES, output)


@shelf.command()
@click.argument("name")
@click.option("--business", required=True, help="Whose it will be, by slug or name.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="A value for a placeholder.")
@dir_option
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--dry-run", is_flag=True, help="Say which file and write nothing.")
@pass_session
def add(
    session: Session,
    name: str,
    business: str,
    values: tuple[str, ...],
    dir: str,
    force: bool,
    dry_run: bool,
) -> None:
    """
    Write the workflow NAME of the library into a file.

    Example:

    \b
        ops workflows library add order --business teelixir --set CURRENCY=NZD
    """
    owner = find_business(session.settings, business)
    given = {}
    for each in values:
        key, equals, value = each.partition("=")
        if not equals:
            raise errors.BadValue(kind="value", value=each, reason="write NAME=VALUE.")
        given[key] = value
    document = library.filled(library.template(name), owner.slug, owner.name, given)
    folder, file = code.Folder(Path(dir)), f"{owner.slug}/{slug(document['name'])}.json"
    if (folder.root / file).exists() and not force:
        hint = "Give --force to write over it."
        raise errors.BadValue(kind="file", value=str(folder.root / file), reason="it is there.", hint=hint)
    if not dry_run:
        folder.write(file, document)
    say(f"{'Would write' if dry_run else 'Wrote'} {folder.root / file}.")
