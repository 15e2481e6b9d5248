"""
`ops dev`: the local stack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from masterops import errors
from masterops.cli import look
from masterops.cli.output import emit, output_option, say, write
from masterops.cli.session import Session, pass_session
from masterops.cli.values import Column, moment
from masterops.devstack import Backend, Stack
from masterops.devstack.ports import of

F = TypeVar("F", bound=Callable[..., Any])


def _since(value: Any) -> str:
    """A moment, or Compose's own words."""
    return value if isinstance(value, str) else moment(value)


COLUMNS = (
    Column("service", "service"),
    Column("state", "state", show=look.state),
    Column("url", "where"),
    Column("since", "since", show=_since, spare=1),
    Column("pid", "pid", right=True, spare=2),
)
PLAN = (
    Column("service", "service"),
    Column("port", "port", right=True),
    Column("what", "what answers there"),
)
NOTHING = "Nothing of the local stack runs. `ops dev up` starts it."
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")


@click.group()
def dev() -> None:
    """
    The local stack: databases, n8n, Redis and Master-Ops itself, all on 127.0.0.1.

    With Docker it is the stack of docker-compose.yml; without, Master-Ops on its embedded PostgreSQL with
    twins of the services; with --native a real n8n in queue mode and Redis beside that. docs/local-stack.md
    has the ports, the secrets, and what is proved of it.

    Example:

    \b
        ops dev up
        ops dev status
        ops dev down
    """


@dev.command()
@click.option("--docker", "asked", flag_value="docker", help="In Docker Compose; the default where it is.")
@click.option("--native", "asked", flag_value="native", help="A real n8n and Redis, without Docker.")
@click.option("--embedded", "asked", flag_value="embedded", help="Master-Ops and twins, without Docker.")
@click.option("--port", "given", multiple=True, metavar="NAME=NUMBER", help="Another port; may be repeated.")
@click.option("--own-database", is_flag=True, help="Although the settings name one, which is not touched.")
@dry_run_option
@pass_session
def up(
    session: Session, asked: str | None, given: tuple[str, ...], own_database: bool, dry_run: bool
) -> None:
    """
    Start the stack, and be done when all of it is ready. What runs already is left alone.

    Secrets are made the first time and kept in a file that only you can read. It never uses a database that
    the settings name, and refuses to start beside one unless --own-database says so.

    Example:

    \b
        ops dev up
        ops dev up --native --port n8n=15678
    """
    stack = _stack(session)
    choice = stack.plan(cast("Backend | None", asked))
    if choice.note:
        say(choice.note)
    if dry_run:
        numbers = stack.ports(choice.backend, given)
        emit(
            [{"service": p.name, "port": numbers[p.name], "what": p.what} for p in of(choice.backend)],
            PLAN,
            "table",
        )
        return
    stack.up(choice, given, own_database=own_database)
    emit(stack.status(), COLUMNS, "table")
    if choice.backend != "docker":
        say("Ready. Commands for it: ops dev run attention")


@dev.command()
@dry_run_option
@pass_session
def down(session: Session, dry_run: bool) -> None:
    """
    Stop the stack, and whatever was left of one that was killed. Data stay.

    Example:

    \b
        ops dev down
    """
    stack = _stack(session)
    if dry_run:
        emit([row for row in stack.status() if row["state"] != "down"], COLUMNS, "table", empty=NOTHING)
        return
    stopped = stack.down()
    say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@dev.command()
@output_option()
@pass_session
def status(session: Session, output: str) -> int:
    """
    What runs, since when and where. Exit code 1 when something that should run does not.

    Example:

    \b
        ops dev status
        ops dev status --output json
    """
    rows = _stack(session).status()
    emit(rows, COLUMNS, output, empty=NOTHING)
    return 0 if all(row["state"] in ("up", "done") for row in rows) else 1


@dev.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@dry_run_option
@pass_session
def reset(session: Session, yes: bool, dry_run: bool) -> None:
    """
    Stop the stack and remove its data: databases, n8n's workflows and credentials, logs, secrets.

    Only what `ops dev` has made is removed. It asks first.

    Example:

    \b
        ops dev reset --yes
    """
    stack = _stack(session)
    what = f"everything in {stack.folder}"
    if (composed := stack.kept) is not None:
        what += f", the containers and volumes of {composed.file}, and {composed.variables}"
    if not stack.folder.exists():
        say("There is nothing to remove.")
        return
    if dry_run:
        write(f"Would remove {what}.\n")
        return
    if not yes:
        _ask(f"Remove {what}?")
    stack.reset()
    say("Removed. `ops dev up` starts with a new one.")


@dev.command()
@click.argument("service", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is said from now on, until Ctrl-C.")
@click.option(
    "-n", "--lines", type=click.IntRange(0, 100_000), default=50, help="Of each service.  [default: 50]"
)
@pass_session
def logs(session: Session, service: str | None, follow: bool, lines: int) -> int:
    """
    What the services say; of SERVICE alone, or of all.

    Example:

    \b
        ops dev logs
        ops dev logs n8n --follow
    """
    stack = _stack(session)
    if (composed := stack.composed) is not None:
        return composed.logs(service, lines, follow=follow)
    nothing = True
    for name, line in stack.logs(service, lines, follow=follow):
        write(f"{line}\n" if service else f"{name:<10} | {line}\n")
        nothing = False
    if nothing:
        say("Nothing has been said yet.")
    return 0


@dev.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
@pass_session
def run(session: Session, words: tuple[str, ...]) -> int:
    """
    Run a command of ops on the stack, with its settings and database instead of yours.

    Not for a stack in Docker: there it is `docker compose exec ops ops COMMAND`.

    Example:

    \b
        ops dev run attention
        ops dev run workflows --output json
    """
    return _stack(session).run(words)


def _stack(session: Session) -> Stack:
    return Stack(session.settings, say, Path.cwd())


def _ask(question: str) -> None:
    """Raises UsageError where nobody can answer, Abort when the answer is no."""
    if not sys.stdin.isatty():
        raise errors.UsageError(what="There is nobody to ask whether the data may go.", hint="Give --yes.")
    click.confirm(question, abort=True, err=True)
