"""
`ops work`: one more worker.
"""

from __future__ import annotations

import click

from masterops.cli.commands.up import stop_on_signals, working
from masterops.cli.output import say
from masterops.cli.session import Session, acting, pass_session


@click.command()
@pass_session
@acting
async def work(session: Session) -> None:
    """
    Work off jobs beside `ops up`, on this machine or another with the same database. Ctrl-C stops it.

    Schedules fire once however many workers run, and a killed worker's job is taken over by another.

    Example:

    \b
        ops work
    """
    async with session.app(migrating=True) as app:
        await app.engine.prepare()
        await app.register()
        stop = stop_on_signals()
        say("Working. Ctrl-C stops.")
        async with working(app, stop):
            await stop.wait()
    say("Stopped.")
