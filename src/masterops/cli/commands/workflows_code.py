"""
`ops workflows pull, validate, catalogue, diff, deploy, rollback, library`: n8n's workflows as files.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from masterops import errors
from masterops.cli import look
from masterops.cli.commands.workflows_library import shelf
from masterops.cli.commands.workflows_places import all_of, by_connection, dir_option, n8n_of, named
from masterops.cli.output import emit, emit_object, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, uuid_of
from masterops.config import Connection, find_business, pairs
from masterops.workflows import code, owners
from masterops.workflows.code import catalogue as catalogues
from masterops.workflows.code import journal, reports
from masterops.workflows.code.document import GROUP
from masterops.workflows.code.planning import brief
from masterops.workflows.code.pulling import WRITES

CATALOGUE = ".catalogue.json"

PULLED = (
    Column("connection", "connection", in_table=False),
    Column("action", "result"),
    Column("file", "file"),
    Column("name", "workflow", spare=1),
    Column("detail", "detail"),
)
PROBLEMS = (
    Column("severity", "severity", show=look.state),
    Column("code", "code"),
    Column("file", "file"),
    Column("line", "line", right=True),
    Column("node", "node", in_table=False),
    Column("message", "problem"),
    Column("fix", "fix", spare=1),
)
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

connection_option = click.option("--connection", help="Which n8n, as in n8n/teelixir.")
paths_argument = click.argument("paths", nargs=-1, metavar="[PATHS]...")


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


@click.command()
@paths_argument
@dir_option
@click.option("--live", is_flag=True, help="Also ask n8n which credentials and workflows are there.")
@connection_option
@click.option("--catalogue", help=f"A catalogue of nodes; else {CATALOGUE} in the folder, else ours.")
@output_option("table", "json", "csv", "sarif", "junit")
@pass_session
@acting
async def validate(
    session: Session,
    paths: tuple[str, ...],
    dir: str,
    live: bool,
    connection: str | None,
    catalogue: str | None,
    output: str,
) -> int:
    """
    Check files without asking anybody. Exits with 1 on errors, not on warnings.

    Each problem has a code that keeps its meaning, a line where that can be told, and how to mend it.

    Example:

    \b
        ops workflows validate workflows/teelixir
        ops workflows validate --output sarif > workflows.sarif
    """
    folder = code.Folder(Path(dir))
    given = folder.find(paths)
    there: dict[str, Any] = {}
    if live:
        async with session.app() as app:
            held = [await code.look(n8n_of(app, each)) for each in await all_of(app, connection, None)]
        there = {
            "credentials": {key for each in held for key in each.credentials},
            "workflows": {name for each in held for name in each.ids},
        }
    checked = code.validate(given, _catalogue(folder, catalogue), **there)
    rows = [{**each._asdict(), "severity": each.severity, "fix": each.fix} for each in checked.problems]
    if output == "sarif":
        emit_object(reports.sarif(checked.problems))
    elif output == "junit":
        write(reports.junit(list(given), checked.problems))
    else:
        emit(rows, PROBLEMS, output)
        wrong = len(checked.errors)
        say(f"{len(given)} file(s): {wrong} error(s), {len(rows) - wrong} warning(s).")
    return 1 if checked.errors else 0


@click.command()
@click.option("--from", "source", required=True, help="Folder of an installed n8n (with node_modules).")
@dir_option
@click.option("--dry-run", is_flag=True, help="Say what is there and write nothing.")
def catalogue(source: str, dir: str, dry_run: bool) -> None:
    """
    Make a catalogue of every node that an installed n8n has, which `validate` then uses.

    Example:

    \b
        ops workflows catalogue --from /usr/lib/node_modules/n8n
    """
    made = catalogues.made(Path(source))
    path = Path(dir) / CATALOGUE
    if not dry_run:
        code.Folder(Path(dir)).put(CATALOGUE, catalogues.text(made))
    say(f"{made.source}: {len(made.types)} types of nodes{'' if dry_run else f', in {path}'}.")


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
    documents = _sound(folder, paths)
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
    memory, documents, rows = folder.recall(), _sound(folder, paths), list[dict[str, Any]]()
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
    words = {"create": "delete", "update": "restore"}
    rows = [
        {
            "connection": each.id,
            "action": words[entry.action],
            "file": entry.file,
            "name": entry.workflow_name,
            "active": (entry.before_json or {}).get("active"),
            "deployment": str(id),
        }
        for entry in undone
    ]
    emit(rows, STEPS, output, empty="There is nothing left to undo.")
    return 0


COMMANDS: tuple[click.Command, ...] = (pull, validate, catalogue, diff, deploy, rollback, shelf)


def join(group: click.Group) -> None:
    """Make these commands part of `ops workflows`."""
    for command in COMMANDS:
        group.add_command(command)


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


def _sound(folder: code.Folder, paths: tuple[str, ...]) -> dict[str, code.Document]:
    """The files' workflows. Raises WorkflowsInvalid when any has an error."""
    checked = code.validate(folder.find(paths), _catalogue(folder, None))
    if checked.errors:
        first = checked.errors[0]
        where = f"{first.file}:{first.line}" if first.line else first.file
        raise errors.WorkflowsInvalid(
            count=len(checked.errors), reason=f"{where}: {first.code} {first.message}"
        )
    return checked.documents


def _unlike(live: code.Live, memory: code.Memory, file: str, document: code.Document) -> list[dict[str, Any]]:
    agreed = memory.get(live.connection, {}).get(file)
    named = live.named(document["name"])
    id = agreed.id if agreed and agreed.id in live.documents else (named[0] if len(named) == 1 else None)
    wanted = code.tagged(document, file)
    if id is None:
        return [{"change": "added", "what": "workflow", "where": document["name"]}]
    return [each._asdict() for each in code.differences(live.documents[id], wanted)]


def _catalogue(folder: code.Folder, named: str | None) -> code.Catalogue:
    path = Path(named) if named else folder.root / CATALOGUE
    return catalogues.load(path) if named or path.exists() else catalogues.ours()


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
