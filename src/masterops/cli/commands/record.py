"""
`ops record`: what an account answers, kept as fixtures in which everything personal is made up.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from masterops import errors
from masterops.cli import look
from masterops.cli.commands.integration import choose
from masterops.cli.output import emit, output_option, say
from masterops.cli.progress import progress
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column
from masterops.config import Connection, Secret, find_business, find_service
from masterops.connectors import Capability
from masterops.core.spelling import unknown

if TYPE_CHECKING:
    from masterops.app import App
    from masterops.cassettes import Scrubber

COLUMNS = (
    Column("connection", "connection", in_table=False),
    Column("capability", "capability"),
    Column("state", "result", show=look.state),
    Column("calls", "calls", right=True),
    Column("file", "file"),
    Column("detail", "detail"),
    Column("code", "code", in_table=False),
)


@click.command()
@click.argument("connection")
@click.option("--capability", "-c", "names", multiple=True, help="Only this one; may be given again.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the files go.  [default: cassettes/SERVICE]",
)
@click.option("--dry-run", is_flag=True, help="Show what would be run and written, and ask nothing.")
@output_option()
@pass_session
@acting
async def record(
    session: Session, connection: str, names: tuple[str, ...], folder: Path | None, dry_run: bool, output: str
) -> int:
    """
    Record what CONNECTION (hubspot/teelixir) answers to each capability that only reads, for tests.

    Names, addresses, numbers, ids, tokens and all free text are replaced by others of the same shape before
    anything is written, the same by the same. Look at the files all the same before you share them.
    `masterops.testing.replay` serves them. Exits with 1 if a capability fails; the others are kept.

    Example:

    \b
        ops record hubspot/teelixir --capability contacts.list --dry-run
        ops record hubspot/teelixir --to tests/cassettes
    """
    service, _, owner = connection.partition("/")
    name = find_service(session.settings, service)
    known = owner and owner != "group"
    slug = find_business(session.settings, owner).slug if known else None
    async with session.app() as app:
        chosen = await choose(app, name, slug)
        wanted = _reading(app.connector(chosen).capabilities(), names)
        place = folder or Path("cassettes") / name
        if dry_run:
            rows = [_planned(each, place) for each in wanted]
        else:
            rows = await _recorded(app, chosen, [each.name for each in wanted], place)
    emit([{"connection": chosen.id, **row} for row in rows], COLUMNS, output)
    if not dry_run:
        say("Look at the files before you share them.")
    return 1 if any(row["state"] == "failed" for row in rows) else 0


def _reading(capabilities: Sequence[Capability], names: Sequence[str]) -> list[Capability]:
    """Those that are wanted, and only read. Raises UnknownName or UsageError."""
    known = {each.name: each for each in capabilities}
    for name in names:
        if name not in known:
            raise unknown("capability", name, known)
        if known[name].writes:
            what = f"{name} writes, and only what reads is recorded"
            raise errors.UsageError(what=what, hint=f"`ops test-integration` with --write tries {name}.")
    return [each for each in capabilities if not each.writes and (not names or each.name in names)]


def _planned(capability: Capability, place: Path) -> dict[str, Any]:
    file = place / f"{capability.name}.json"
    detail = "would be written anew" if file.exists() else "would be written"
    return {"capability": capability.name, "state": "skipped", "file": str(file), "detail": detail}


async def _recorded(
    app: App, connection: Connection, wanted: Sequence[str], place: Path
) -> list[dict[str, Any]]:
    """Each capability by a connector that knows nothing yet, so that its file needs no other."""
    from masterops.cassettes import Scrubber

    hidden = [value.reveal() for value in connection.values.values() if isinstance(value, Secret)]
    # What names the account in its own paths is nobody's business either.
    named = [str(value) for name, value in connection.values.items() if name.endswith(("_ref", "_id"))]
    scrubber = Scrubber(secrets.token_bytes(32), secrets=[*hidden, *named])
    rows = []
    with progress(len(wanted), wanted[0]) as step:
        for name, after in zip_longest(wanted, wanted[1:], fillvalue=""):
            (each,) = [one for one in app.connector(connection).capabilities() if one.name == name]
            rows.append(await _one(connection.service, each, scrubber, hidden, place))
            step(after)
    return rows


async def _one(
    service: str, capability: Capability, scrubber: Scrubber, hidden: Sequence[str], place: Path
) -> dict[str, Any]:
    from masterops.cassettes import record as recorded
    from masterops.cassettes import write

    row: dict[str, Any] = {"capability": capability.name}
    try:
        cassette, said = await recorded(service, capability.name, capability.run, scrubber, secrets=hidden)
    except errors.RemoteError as error:
        return {**row, "state": "failed", "detail": error.message, "code": error.code}
    file = write(place, cassette)
    return {**row, "state": "ok", "calls": len(cassette.exchanges), "file": str(file), "detail": said}
