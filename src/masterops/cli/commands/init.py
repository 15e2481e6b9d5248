"""
`ops init`: a first configuration file.
"""

from __future__ import annotations

from pathlib import Path

import click

from masterops.cli.output import say, write
from masterops.config import template, write_template


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("masterops.toml"))
@click.option("--force", is_flag=True, help="Replace a file that exists; the old one is kept beside it.")
@click.option("--print", "print_only", is_flag=True, help="Print the file instead of writing it.")
def init(path: Path, force: bool, print_only: bool) -> None:
    """
    Write a commented masterops.toml with the four businesses, ready to be filled in.

    Example:

    \b
        ops init
        ops init /etc/masterops.toml --force
    """
    if print_only:
        write(template())
        return
    result = write_template(path, force=force)
    if result.backup is not None:
        say(f"The old file is now {result.backup}")
    say(f"Wrote {result.path}. Set the tokens it names in the environment or in .env, then run `ops doctor`.")
