"""
`ops config`: the effective settings.
"""

from __future__ import annotations

import click

from masterops.cli.output import emit, output_option
from masterops.cli.session import Session, pass_session
from masterops.cli.values import Column
from masterops.config import effective

COLUMNS = (
    Column("key", "setting"),
    Column("value", "value"),
    Column("origin", "from"),
    Column("help", "meaning", in_table=False),
)


@click.group()
def config() -> None:
    """Show the effective settings and where each comes from."""


@config.command()
@output_option()
@pass_session
def show(session: Session, output: str) -> None:
    """
    Print every setting with its value and its origin; secrets are masked.

    Example:

    \b
        ops config show
        ops config show --output json
    """
    rows = [
        {"key": each.key, "value": each.value, "origin": each.origin, "help": each.help}
        for each in effective(session.settings)
    ]
    emit(rows, COLUMNS, output)
