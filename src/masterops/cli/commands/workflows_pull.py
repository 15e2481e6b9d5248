"""
`ops workflows pull`: what n8n holds becomes files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from masterops.cli.commands.workflows_places import all_of, connection_option, dir_option, n8n_of
from masterops.cli.output import emit, output_option
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column
from masterops.config import Connection, find_business, pairs
from masterops.workflows import code, owners
from masterops.workflows.code.document import GROUP
from masterops.workflows.code.pulling import WRITES

PULLED = (
    Column("connection", "connection", in_table=False),
    Column("action", "result"),
    Column("file", "file"),
    Column("name", "workflow", spare=1),
    Column("detail", "detail"),
)


@click.command()
@click.option("--business", help="Only the workflows of this business, by slug or name.")
@dir_option
@connection_option
@click.option("--mask-secrets", is_flag=True, help="Write *** for secrets, in place of no file at all.")
@click.option("--force", is_flag=True, help="Take n8n's side also where the file was edited.")
@click.option("--dry-run", is_flag=True, help="Show what would be written and write nothing.")
@output_option()
@pass_session
@acting
async def pull(
    session: Session,
    business: str | None,
    dir: str,
    connection: str | None,
    mask_secrets: bool,
    force: bool,
    dry_run: bool,
    output: str,
) -> int:
    """
    Write n8n's workflows into files, one each. Pulling again changes nothing.

    What was edited here stays. Exits with 1 when a workflow could not be written: it holds a secret, or was
    changed on both sides.

    Example:

    \b
        ops workflows pull --business teelixir --dry-run
    """
    slug = find_business(session.settings, business).slug if business else None
    folder = code.Folder(Path(dir))
    memory, rows = folder.recall(), []
    async with session.app() as app:
        for each in await all_of(app, connection, slug):
            found = await _pulled(app, session, each, folder, memory, slug, mask=mask_secrets, force=force)
            rows += [{"connection": each.id, **row._asdict()} for row in found]
            if not dry_run:
                _keep_pulled(folder, memory, each.id, found)
    emit(rows, PULLED, output, empty="There is no workflow to pull.")
    return 1 if any(row["action"] in ("secret", "conflict") for row in rows) else 0


async def _pulled(
    app: Any,
    session: Session,
    connection: Connection,
    folder: code.Folder,
    memory: code.Memory,
    slug: str | None,
    *,
    mask: bool,
    force: bool,
) -> list[code.Pulled]:
    live = await code.look(n8n_of(app, connection), credentials=False)
    businesses = [(each.slug, each.name) for each in session.settings.businesses]
    rules = pairs(str(connection.values.get("workflow_businesses") or ""))
    known = owners(businesses, rules, connection.slug)
    folders = {
        id: known.of(id, row.name, [tag.name for tag in row.tags or []]) or GROUP
        for id, row in live.workflows.items()
    }
    mine = {id: each for id, each in live.documents.items() if slug in (None, folders[id])}
    remembered = {
        file: agreed
        for file, agreed in memory.get(connection.id, {}).items()
        if agreed.id in mine or agreed.id not in live.documents
    }
    others = {file for id, files in memory.items() if id != connection.id for file in files}
    held = folder.held()
    found = code.plan_pull(mine, folders, remembered, held, mask=mask, force=force)
    return [each for each in found if each.file not in others or each.file in remembered]


def _keep_pulled(folder: code.Folder, memory: code.Memory, connection: str, found: list[code.Pulled]) -> None:
    known = memory.setdefault(connection, {})
    for each in found:
        if each.document is None:
            continue
        if each.action in WRITES:
            folder.write(each.file, each.document)
            if each.was is not None:
                folder.remove(each.was)
                known.pop(each.was, None)
        known[each.file] = code.Agreed(each.id, code.agreement(each.document, each.file))
    folder.remember(memory)
