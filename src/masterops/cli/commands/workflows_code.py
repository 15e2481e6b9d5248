"""
The commands of `ops workflows` about workflows as files.
"""

from __future__ import annotations

import click

from masterops.cli.commands.workflows_deploy import deploy, diff, rollback
from masterops.cli.commands.workflows_library import shelf
from masterops.cli.commands.workflows_pull import pull
from masterops.cli.commands.workflows_validate import catalogue, validate

COMMANDS: tuple[click.Command, ...] = (pull, validate, catalogue, diff, deploy, rollback, shelf)


def join(group: click.Group) -> None:
    """Make these commands part of `ops workflows`."""
    for command in COMMANDS:
        group.add_command(command)
