"""
`ops down`: nothing of ours keeps running.
"""

from __future__ import annotations

import contextlib
import os
import signal

import click

from masterops.app import demo
from masterops.cli.output import say
from masterops.cli.session import Session, acting, pass_session
from masterops.config import Settings
from masterops.db import Embedded


@click.command()
@click.option("--force", is_flag=True, help="Stop the server even while other processes use it.")
@pass_session
@acting
async def down(session: Session, force: bool) -> None:
    """
    Stop an embedded PostgreSQL and a sandbox that were left running. Data is kept.

    Example:

    \b
        ops down
    """
    settings = session.settings
    stopped = [name for name, done in (("sandbox", await _stop_sandbox(settings)),) if done]
    if settings.database.url is None and Embedded(settings.home).stop(force=force):
        stopped.append("embedded PostgreSQL")
    say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


async def _stop_sandbox(settings: Settings) -> bool:
    """Only the process that answers as a sandbox is stopped: a number in a file may be anybody's by now."""
    place = demo.find(settings.home)
    if place is None:
        return False
    pid = await demo.answers(place.url)
    demo.withdraw(settings.home, place.pid)
    if pid != place.pid:
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGTERM)
        return True
    return False
