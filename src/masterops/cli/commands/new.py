"""
`ops new`: beginnings of connectors and migrations.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from masterops.cli.output import emit, output_option, say
from masterops.cli.values import Column
from masterops.new import (
    AUTHS,
    PAGINGS,
    Choices,
    Made,
    checked_header,
    checked_name,
    checked_rate,
    checked_url,
)

FILES = (
    Column("action", "action"),
    Column("path", "file"),
    Column("lines", "lines", show=str, right=True),
)


@click.group()
def new() -> None:
    """
    Make the beginning of something new: a connector with its twin and tests, a migration.
    """


@new.command()
@click.argument("name")
@click.option("--base-url", default="https://api.example.com", show_default=True, help="Where its API is.")
@click.option(
    "--auth",
    type=click.Choice(AUTHS),
    default="bearer",
    show_default=True,
    help="How it knows its callers: a bearer token, a key in a header, user and password.",
)
@click.option("--header", default="X-Api-Key", show_default=True, help="Of --auth header: its name.")
@click.option(
    "--paging",
    type=click.Choice(PAGINGS),
    default="cursor",
    show_default=True,
    help="How it pages: a cursor in the body, numbers, records passed over, the header Link.",
)
@click.option("--page-size", type=click.IntRange(1, 10_000), default=100, show_default=True,
              help="The most records that it gives at once.")  # fmt: skip
@click.option("--rate", default="300/minute", show_default=True, help="The most calls a second or a minute.")
@click.option(
    "--inside", is_flag=True, help="Into this checkout of Master-Ops, in place of a package of its own."
)
@click.option(
    "--into", type=click.Path(path_type=Path), default=".", help="The folder to make it in.  [default: .]"
)
@click.option("--dry-run", is_flag=True, help="List the files and write nothing.")
@output_option()
def connector(
    name: str,
    base_url: str,
    auth: str,
    header: str,
    paging: str,
    page_size: int,
    rate: str,
    inside: bool,
    into: Path,
    dry_run: bool,
    output: str,
) -> None:
    """
    Make a connector for the service NAME: settings, two resources, a twin, and the standard suite for it.

    It passes its tests as it is made. What has to be looked up at the vendor is marked `Vendor:` in the code
    and listed on its page. Nothing that is there is overwritten.

    Example:

    \b
        ops new connector parcelpost --auth header --paging page --rate 10/second
        pip install -e './masterops-parcelpost[dev]'
        ops test-integration parcelpost --business teelixir
    """
    from masterops.connectors import CONNECTORS
    from masterops.new import inside as made_inside
    from masterops.new import outside as made_outside

    calls, unit = checked_rate(rate)
    choices = Choices(
        name=checked_name(name, CONNECTORS),
        base_url=checked_url(base_url),
        auth=auth,
        header=checked_header(header),
        paging=paging,
        page_size=page_size,
        calls=calls,
        unit=unit,
    )
    made = made_inside(choices, into) if inside else made_outside(choices, into)
    _kept(made, dry_run=dry_run, output=output)
    if not dry_run:
        say(_after(choices, made, inside=inside))


@new.command()
@click.argument("text")
@click.option("--into", type=click.Path(path_type=Path), default="supabase/migrations", show_default=True,
              help="The folder of the migrations.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say which file it would be and write nothing.")
@output_option()
def migration(text: str, into: Path, dry_run: bool, output: str) -> None:
    """
    Make a migration that does what TEXT says, with the next number.

    It has the header, and a table with its access to begin with. `ops db lint` checks what becomes of it.

    Example:

    \b
        ops new migration "Remember which parcels were sent"
    """
    from masterops.core import clock
    from masterops.new import migration as made_migration

    _kept([made_migration(text, into, clock.now())], dry_run=dry_run, output=output)


def _kept(made: Sequence[Made], *, dry_run: bool, output: str) -> None:
    """Write the files, or only see whether they could be, and print them."""
    from masterops.new import write
    from masterops.new.files import check

    (check if dry_run else write)(made)
    rows = [
        {
            "action": "create" if each.before is None else "change",
            "path": str(each.path),
            "lines": each.text.count("\n"),
        }
        for each in sorted(made, key=lambda each: str(each.path))
    ]
    emit(rows, FILES, output)


def _after(choices: Choices, made: Sequence[Made], *, inside: bool) -> str:
    """What to do next."""
    if inside:
        name = choices.name
        return f"Made. Next: `pytest -k {name}`, then docs/connectors/{name}.md, then `make docs`."
    root = next(each.path.parent for each in made if each.path.name == "pyproject.toml")
    return f"Made. Next: `pip install -e '{root}[dev]'`, `pytest {root}`, and the facts of {root}/README.md."
