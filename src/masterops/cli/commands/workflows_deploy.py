"""
`ops workflows diff, deploy, rollback`: files and an n8n come together.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from masterops import errors
from masterops.cli.commands.workflows_places import (
    all_of,
    by_connection,
    connection_option,
    dir_option,
    n8n_of,
    named,
    paths_argument,
)
from masterops.cli.commands.workflows_validate import sound
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, uuid_of
from masterops.workflows import code
from masterops.workflows.code import journal
from masterops.workflows.code.planning import brief
from masterops.workflows.code.rollback import WAYS

DIFFERENCES = (
    Column("connection", "connection", in_table=False),
    Column("file", "file"),
    Column("change", "change"),
    Column("what", "what"),
    Column("where", "where"),
    Column("before", "in n8n"),
    Column("after", "in the file"),
)
STEPS = (
    Column("connection", "connection", in_table=False),
    Column("action", "action"),
    Column("file", "file"),
    Column("name", "workflow", spare=1),
    Column("active", "active"),
    Column("detail", "differences"),
    Column("deployment", "deployment", in_table=False),
)


@click.command()
@paths_argument
@dir_option
@connection_option
@output_option()
@pass_session
@acting
async def diff(
    session: Session, paths: tuple[str, ...], dir: str, connection: str | None, output: str
) -> int:
    """
    How n8n differs from the files. Exits with 1 when it does.

    Example:

    \b
        ops workflows diff workflows/teelixir
    """
    folder = code.Folder(Path(dir))
    memory, rows = folder.recall(), list[dict[str, Any]]()
    documents = sound(folder, paths)
    async with session.app() as app:
        for each, some in await by_connection(app, documents, memory, connection):
            # As deploying would see it, but for credentials and for what is refused.
            live = await code.look(n8n_of(app, each), credentials=False)
            for file, document in some.items():
                rows += [
                    {"connection": each.id, "file": file, **row}
                    for row in _unlike(live, memory, file, document)
                ]
    emit(rows, DIFFERENCES, output, empty="n8n is as the files say.")
    return 1 if rows else 0


@click.command()
@paths_argument
@dir_option
@connection_option
@click.option("--activate/--no-activate", default=None, help="Switch all on, or off; else as the files say.")
@click.option("--force", is_flag=True, help="Overwrite what somebody changed in n8n meanwhile.")
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@output_option()
@pass_session
@acting
async def deploy(
    session: Session,
    paths: tuple[str, ...],
    dir: str,
    connection: str | None,
    activate: bool | None,
    force: bool,
    dry_run: bool,
    output: str,
) -> int:
    """
    Bring files into n8n. Doing it twice changes nothing the second time.

    Credentials are found by name and type. What somebody changed in n8n since it was last pulled or deployed
    is not overwritten without --force. A deployment that is cut is finished by the next one, or undone by
    `ops workflows rollback`.

    Example:

    \b
        ops workflows deploy workflows/teelixir --dry-run
    """
    folder = code.Folder(Path(dir))
    memory, documents, rows = folder.recall(), sound(folder, paths), list[dict[str, Any]]()
    async with session.app() as app:
        for each, some in await by_connection(app, documents, memory, connection):
            done = await code.deploy(
                n8n_of(app, each), app.pool, app.log, some, memory.get(each.id, {}),
                who=_who(), keep=_keeper(folder, memory, each.id), activate=activate, force=force,
                dry_run=dry_run,
            )  # fmt: skip
            rows += [_step(each.id, step, done.deployment) for step in done.steps]
    emit(rows, STEPS, output)
    acting = sum(row["action"] != "unchanged" for row in rows)
    say(f"{acting} {'to deploy' if dry_run else 'deployed'}, {len(rows) - acting} unchanged.")
    return 0


@click.command()
@click.argument("deployment", required=False)
@dir_option
@connection_option
@click.option("--force", is_flag=True, help="Also where somebody changed a workflow since.")
@click.option("--dry-run", is_flag=True, help="Show what would be undone and change nothing.")
@output_option()
@pass_session
@acting
async def rollback(
    session: Session,
    deployment: str | None,
    dir: str,
    connection: str | None,
    force: bool,
    dry_run: bool,
    output: str,
) -> int:
    """
    Undo DEPLOYMENT, or the newest: what it made is deleted, what it changed is put back.

    The files stay as they are.

    Example:

    \b
        ops workflows rollback --dry-run
    """
    wanted = uuid_of("deployment", deployment) if deployment else None
    folder = code.Folder(Path(dir))
    memory = folder.recall()
    async with session.app() as app:
        id = wanted or await journal.latest(app.pool, connection)
        entries = await journal.steps(app.pool, id) if id else []
        if id is None or not entries:
            raise errors.BadValue(
                kind="deployment", value=deployment or "newest", reason="there is none to undo."
            )
        each = named(await all_of(app, None, None), entries[0].integration_id)
        undone = await code.rollback(
            n8n_of(app, each), app.pool, app.log, id,
            keep=_keeper(folder, memory, each.id), force=force, dry_run=dry_run,
        )  # fmt: skip
    rows = [
        {
            "connection": each.id,
            "action": WAYS[entry.action],
            "file": entry.file,
            "name": entry.workflow_name,
            "active": (entry.before_json or {}).get("active"),
            "deployment": str(id),
        }
        for entry in undone
    ]
    emit(rows, STEPS, output, empty="There is nothing left to undo.")
    return 0


def _unlike(live: code.Live, memory: code.Memory, file: str, document: code.Document) -> list[dict[str, Any]]:
    agreed = memory.get(live.connection, {}).get(file)
    named = live.named(document["name"])
    id = agreed.id if agreed and agreed.id in live.documents else (named[0] if len(named) == 1 else None)
    wanted = code.tagged(document, file)
    if id is None:
        return [{"change": "added", "what": "workflow", "where": document["name"]}]
    return [each._asdict() for each in code.differences(live.documents[id], wanted)]


def _keeper(
    folder: code.Folder, memory: code.Memory, connection: str
) -> Callable[[str, code.Agreed | None], None]:
    """Remembers at once, so that what was done is known also after a crash."""

    def keep(file: str, agreed: code.Agreed | None) -> None:
        known = memory.setdefault(connection, {})
        if agreed is None:
            known.pop(file, None)
        else:
            known[file] = agreed
        folder.remember(memory)

    return keep


def _step(connection: str, step: Any, deployment: Any) -> dict[str, Any]:
    return {
        "connection": connection,
        "action": step.action,
        "file": step.file,
        "name": step.document["name"],
        "active": step.document["active"],
        "detail": brief(step.differences) or None,
        "deployment": str(deployment) if deployment else None,
    }


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return "unknown"
