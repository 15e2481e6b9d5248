"""
`ops web`: HTTP alone.
"""

from __future__ import annotations

import dataclasses

import click

from masterops.cli.commands.up import stop_on_signals
from masterops.cli.output import say
from masterops.cli.session import Session, acting, pass_session
from masterops.heartbeats import declare


@click.command()
@click.option("--host", help="Where to listen, instead of `web.host`.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The port, instead of `web.port`; 0 picks a free one."
)
@pass_session
@acting
async def web(session: Session, host: str | None, port: int | None) -> None:
    """
    Serve HTTP without working off jobs: pings of heartbeats, /healthz, /readyz, /status.json.

    `ops up` serves as well; this is for a process of its own. Heartbeats are judged by `ops up` and
    `ops work`. Ctrl-C stops it when the requests in hand are answered.

    Example:

    \b
        ops web
        ops web --host 0.0.0.0 --port 8080
    """
    from masterops.web import address, bind, serving

    settings = session.settings
    here = settings.web
    here = dataclasses.replace(here, host=host or here.host, port=here.port if port is None else port)
    bound = bind(here)
    try:
        async with session.app(migrating=True) as app:
            await declare(app.pool, settings.heartbeats)
            stop = stop_on_signals()
            async with serving(app, bound):
                say(f"Serving at {address(settings, bound)}. Ctrl-C stops.")
                await stop.wait()
    finally:
        bound.close()
    say("Stopped.")
