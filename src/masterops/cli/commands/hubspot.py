"""
`ops hubspot properties`: an account's properties, declared in a file.
"""

from __future__ import annotations

import os.path
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from masterops import errors
from masterops.cli import look
from masterops.cli.commands.integration import choose
from masterops.cli.output import emit, output_option, say, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column
from masterops.config import find_business
from masterops.connectors.hubspot import HubSpot, schema_sync
from masterops.connectors.hubspot.schema_sync import Change, Loss, Planned, Step

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_FILE = "hubspot/properties.toml"
DIFFERS = 4  # 1 and 2 are failures already: a file that is broken must not look like one with changes
MARKS = {"create": "+", "change": "~", "delete": "-", "unknown": "?", "blocked": "!"}

PLAN = (
    Column("connection", "connection", in_table=False),
    Column("action", "action", show=lambda action: f"{MARKS.get(action, ' ')} {action}"),
    Column("kind", "object"),
    Column("part", "part", spare=1),
    Column("name", "name"),
    Column("detail", "detail"),
    Column("changes", "changes", in_table=False),
    Column("losses", "losses", in_table=False),
    Column("where", "where", in_table=False),
)
DONE = (
    Column("connection", "connection", in_table=False),
    Column("state", "result", show=look.state),
    Column("action", "action"),
    Column("kind", "object"),
    Column("part", "part", spare=1),
    Column("name", "name"),
    Column("detail", "detail"),
    Column("code", "code", in_table=False),
)


@click.group()
def hubspot() -> None:
    """
    What is particular to HubSpot.
    """


@hubspot.group()
def properties() -> None:
    """
    An account's properties and their groups, declared in a file: see what differs, and make it so.
    """


def shared(command: F) -> F:
    """What both commands take."""
    for option in (
        click.option(
            "--delete",
            is_flag=True,
            help="Also delete properties and options that the file does not name. Their values are lost.",
        ),
        click.option(
            "--business", help="Which business's account, by slug or name; needed where there are several."
        ),
        click.option("--file", "file", default=DEFAULT_FILE, show_default=True, help="The declaration."),
    ):
        command = option(command)
    return command


@properties.command()
@shared
@click.option("--exit-code", is_flag=True, help=f"Exit with {DIFFERS} when there is something to do.")
@output_option()
@pass_session
@acting
async def plan(
    session: Session, file: str, business: str | None, delete: bool, exit_code: bool, output: str
) -> int:
    """
    Show what differs between the declaration and the account. Nothing is changed.

    Exits with 1 when something cannot be as declared.

    Example:

    \b
        ops hubspot properties plan --business teelixir
    """
    declaration = _declared(file)
    async with _account(session, business) as hub:
        planned = await schema_sync.plan(hub, declaration, delete=delete)
        rows = [_row(hub, each) for each in planned]
    shown = rows if output != "table" else [row for row in rows if row["action"] != "leave"]
    emit(shown, PLAN, output)
    say(_summary([each.step for each in planned]))
    if any(each.step.action == "blocked" for each in planned):
        return 1
    return DIFFERS if exit_code and any(each.step.acts for each in planned) else 0


@properties.command()
@shared
@click.option("--yes", is_flag=True, help="Do not ask.")
@output_option()
@pass_session
@acting
async def apply(
    session: Session, file: str, business: str | None, delete: bool, yes: bool, output: str
) -> int:
    """
    Show the plan, ask, and carry it out. Doing it twice is safe: the second time there is nothing to do.

    Exits with 1 when a step failed; each is told, and what failed is tried again the next time.

    Example:

    \b
        ops hubspot properties apply --business teelixir --yes
    """
    declaration = _declared(file)
    async with _account(session, business) as hub:
        planned = await schema_sync.plan(hub, declaration, delete=delete)
        steps = [each.step for each in planned]
        acting = [_row(hub, each) for each in planned if each.step.action != "leave"]
        if acting:
            print(look.table(acting, [column for column in PLAN if column.in_table]), file=sys.stderr, end="")
        say(_summary(steps))
        rows: list[dict[str, Any]] = []
        if any(step.action == "blocked" for step in steps) or _agreed(steps, yes=yes):
            rows = [_done(hub, each) async for each in schema_sync.apply(hub, steps)]
    emit(rows, DONE, output)
    return 1 if any(row["state"] != "ok" for row in rows) else 0


@properties.command()
@click.argument("kinds", nargs=-1, metavar="[OBJECT]...")
@click.option("--business", help="Which business's account, by slug or name; needed where there are several.")
@pass_session
@acting
async def show(session: Session, kinds: tuple[str, ...], business: str | None) -> None:
    """
    Print the account's own properties as a declaration: a file to begin with.

    Without OBJECT those of contacts, companies and deals.

    Example:

    \b
        ops hubspot properties show contacts tickets --business teelixir > hubspot/properties.toml
    """
    async with _account(session, business) as hub:
        texts = [schema_sync.text(kind, await schema_sync.held(hub, kind)) for kind in kinds or hub.watched]
    write("\n".join(filter(None, texts)))


def _declared(file: str) -> schema_sync.Declaration:
    """Raises ConfigError for a file that is not there or not right."""
    cwd = Path.cwd()
    if not os.path.lexists(cwd / file):
        hint = "Write one as docs/connectors/hubspot.md shows, or name it with --file."
        raise errors.ConfigFileMissing(path=file, hint=hint)
    return schema_sync.read(cwd / file, cwd)


@asynccontextmanager
async def _account(session: Session, business: str | None) -> AsyncIterator[HubSpot]:
    slug = find_business(session.settings, business).slug if business else None
    async with session.app() as app:
        await app.register()
        connection = await choose(app, HubSpot.service, slug)
        say(f"{connection.id}{'  (demo: a local twin)' if app.demo else ''}")
        connector = app.connector(connection)
        assert isinstance(connector, HubSpot)
        yield connector


def _agreed(steps: Sequence[Step], *, yes: bool) -> bool:
    """Whether to go on. Raises BadValue where nobody can be asked."""
    if not any(step.acts for step in steps):
        return False
    if yes:
        return True
    if not sys.stdin.isatty():
        raise errors.BadValue(
            value="apply",
            kind="command without a terminal",
            reason="nobody can be asked.",
            hint="Look at `ops hubspot properties plan`, then give --yes.",
        )
    return click.confirm("Carry this out?", err=True)


def _row(hub: HubSpot, planned: Planned) -> dict[str, Any]:
    step = planned.step
    words = [*map(_change_in_words, step.changes), *map(_loss_in_words, planned.losses)]
    return {
        "connection": hub.connection,
        "action": step.action,
        "kind": step.kind,
        "part": step.part,
        "name": step.name,
        "detail": "; ".join(words + ([step.note] if step.note else [])),
        "changes": [{"key": each.key, "before": each.before, "after": each.after} for each in step.changes],
        "losses": [{"option": each.option, "records": each.records} for each in planned.losses],
        "where": step.where or None,
    }


def _done(hub: HubSpot, done: schema_sync.Done) -> dict[str, Any]:
    step = done.step
    facts = {"action": step.action, "kind": step.kind, "part": step.part, "name": step.name}
    return {
        "connection": hub.connection,
        "state": done.state,
        "detail": done.detail,
        "code": done.code,
        **facts,
    }


def _change_in_words(change: Change) -> str:
    if change.before is None:
        return f"{change.key} {_value(change.after)}"
    if change.key != "options":
        return f"{change.key} {_value(change.before)} -> {_value(change.after)}"
    added = [f"+{each}" for each in change.after if each not in change.before]
    removed = [f"-{each}" for each in change.before if each not in change.after]
    return f"options {', '.join(added + removed) or 'in another order'}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _loss_in_words(loss: Loss) -> str:
    what = "their value" if loss.option is None else f"the value {loss.option}"
    return f"{loss.records:,} record{'' if loss.records == 1 else 's'} would lose {what}"


def _summary(steps: Sequence[Step]) -> str:
    counts = {action: sum(step.action == action for step in steps) for action in (*MARKS, "leave")}
    words = {
        "create": "to create",
        "change": "to change",
        "delete": "to delete",
        "leave": "as declared",
        "unknown": "not in the file",
        "blocked": "that cannot be",
    }
    said = [f"{counts[action]} {words[action]}" for action in words if counts[action]]
    return (", ".join(said) or "Nothing is declared") + "."
