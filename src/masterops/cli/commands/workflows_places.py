"""
Which n8n and which folder a command about workflow files means.
"""

from __future__ import annotations

from typing import Any

import click

from masterops import errors
from masterops.config import Connection
from masterops.connectors.n8n import N8n
from masterops.core.spelling import unknown
from masterops.workflows import code
from masterops.workflows.code.files import DEFAULT_FOLDER, owner_of

dir_option = click.option(
    "--dir", "dir", default=DEFAULT_FOLDER, show_default=True, help="The folder of workflow files."
)
connection_option = click.option("--connection", help="Which n8n, as in n8n/teelixir.")
paths_argument = click.argument("paths", nargs=-1, metavar="[PATHS]...")


async def all_of(app: Any, connection: str | None, business: str | None) -> list[Connection]:
    """The n8n that are meant: one that is named, that of a business and the group's, or all."""
    await app.register()
    found = [each for each in await app.connections() if each.service == N8n.service]
    if not found:
        hint = "docs/connectors/n8n.md says how one is connected; in demo mode, MASTEROPS_SANDBOX_N8N=true."
        raise errors.BadValue(kind="service", value="n8n", reason="none is configured.", hint=hint)
    if connection is not None:
        return [named(found, connection)]
    wanted = [each for each in found if business is None or each.slug in (None, business)]
    if not wanted:
        raise unknown("connection", f"n8n/{business or 'group'}", [each.id for each in found])
    return wanted


def named(found: list[Connection], id: str) -> Connection:
    """The one of that id. Raises UnknownName."""
    for each in found:
        if each.id == id:
            return each
    raise unknown("connection", id, [each.id for each in found])


async def by_connection(
    app: Any, documents: dict[str, code.Document], memory: code.Memory, connection: str | None
) -> list[tuple[Connection, dict[str, code.Document]]]:
    """Which n8n each file belongs to: the one named, the one remembered, its folder's, the group's."""
    found = await all_of(app, connection, None)
    sorted_out: dict[str, dict[str, code.Document]] = {}
    for file, document in documents.items():
        known = [id for id in owner_of(memory, file) if any(each.id == id for each in found)]
        folder = file.partition("/")[0]
        wanted = [*known, f"n8n/{folder}", "n8n/group"]
        ids = [each.id for each in found]
        id = next((each for each in wanted if each in ids), ids[0] if len(ids) == 1 else None)
        if id is None:
            raise errors.BadValue(
                kind="file", value=file, reason="it cannot be told to which n8n it belongs.",
                hint=f"Give --connection: {', '.join(ids)}.",
            )  # fmt: skip
        sorted_out.setdefault(id, {})[file] = document
    return [(each, sorted_out[each.id]) for each in found if each.id in sorted_out]


def n8n_of(app: Any, connection: Connection) -> N8n:
    """Its connector."""
    connector = app.connector(connection)
    assert isinstance(connector, N8n)
    return connector
