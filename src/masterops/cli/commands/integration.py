"""
`ops test-integration`: does a connector do what it promises, at this account?
"""

from __future__ import annotations

import asyncio
from itertools import zip_longest
from typing import Any

import click

from masterops import errors
from masterops.cli import look
from masterops.cli.output import emit, output_option, say
from masterops.cli.progress import progress
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, milliseconds
from masterops.config import find_business, find_service
from masterops.connectors import Capability
from masterops.core import clock

COLUMNS = (
    Column("connection", "connection", in_table=False),
    Column("capability", "capability"),
    Column("state", "result", show=look.state),
    Column("duration_ms", "took", show=milliseconds, right=True),
    Column("detail", "detail"),
    Column("code", "code", in_table=False),
)


@click.command()
@click.argument("service")
@click.option("--business", help="Which business's account, by slug or name; needed where there are several.")
@click.option("--write", is_flag=True, help="Also try what writes, with records that are removed again.")
@output_option()
@pass_session
@acting
async def test_integration(
    session: Session, service: str, business: str | None, write: bool, output: str
) -> int:
    """
    Try each capability of SERVICE's connector and time it. Exits with 1 if one fails.

    A real account is only read unless --write is given; the demo's twins are always tried whole.

    Example:

    \b
        ops test-integration hubspot --business teelixir
    """
    settings = session.settings
    name = find_service(settings, service)
    slug = find_business(settings, business).slug if business else None
    async with session.app() as app:
        await app.register()
        connection = await choose(app, name, slug)
        connector = app.connector(connection)
        say(f"{connection.id}{'  (demo: a local twin)' if app.demo else ''}")
        capabilities = connector.capabilities()
        rows = []
        with progress(len(capabilities), capabilities[0].name) as step:
            for capability, after in zip_longest(capabilities, capabilities[1:]):
                tried = await _try(capability, allowed=write or app.demo is not None)
                rows.append({"connection": connection.id, **tried})
                step(after.name if after else "")
    emit(rows, COLUMNS, output)
    return 1 if any(row["state"] == "failed" for row in rows) else 0


async def choose(app: Any, service: str, business: str | None) -> Any:
    """The connection that is meant; in demo mode, where every business has one, the first will do."""
    connections = await app.connections()
    first = next((each for each in connections if each.service == service), None)
    if business is None and app.demo is not None and first is not None:
        return first
    return app.pick(connections, service, business)


async def _try(capability: Capability, *, allowed: bool) -> dict[str, Any]:
    if capability.writes and not allowed:
        return {
            "capability": capability.name,
            "state": "skipped",
            "detail": "it writes: give --write to try it",
        }
    if capability.lacking:
        return {"capability": capability.name, "state": "skipped", "detail": capability.lacking}
    start = clock.ticks()
    facts: dict[str, Any]
    try:
        async with asyncio.timeout(120):
            facts = {"state": "ok", "detail": await capability.run()}
    except errors.MasterOpsError as error:
        facts = {"state": "failed", "detail": error.message, "code": error.code}
    except TimeoutError:
        facts = {"state": "failed", "detail": "not done after 120 s", "code": errors.Timeout.code}
    return {"capability": capability.name, "duration_ms": (clock.ticks() - start) * 1000, **facts}
