"""
`ops run`: scripts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from masterops import errors
from masterops.app.scripts import Script, find, roots, scripts
from masterops.cli import look
from masterops.cli.output import emit, output_option
from masterops.cli.session import Session, pass_session, shipped
from masterops.cli.values import Column, milliseconds, moment

LISTED = (Column("name", "script"), Column("summary", "what it does"), Column("path", "file", in_table=False))
RUNS = (
    Column("started_at", "started", show=moment),
    Column("script", "script"),
    Column("state", "result", show=look.state),
    Column("exit_code", "exit", right=True, spare=2),
    Column("duration_ms", "took", show=milliseconds, right=True),
    Column("arguments", "arguments", show=" ".join, spare=1),
    Column("error", "error", spare=3),
    Column("run", "trace", in_table=False),
)
HELP = {"-h", "--help"}
VALUED = {"--limit", "--output", "-o"}


class Run(click.Command):
    """
    What stands behind the script's name is the script's; with --list and --history it is ours.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, having looked whose the options are."""
        ctx.allow_interspersed_args = bool({"--list", "--history"} & set(_leading(args)))
        return super().parse_args(ctx, args)


def _leading(words: Sequence[str]) -> list[str]:
    """The options before the script's name."""
    found: list[str] = []
    for word in words:
        if not word.startswith("-") and not (found and found[-1] in VALUED):
            break
        found.append(word)
    return found


@click.command(cls=Run, context_settings={"ignore_unknown_options": True})
@click.argument("script", required=False)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[ARGS]...")
@click.option("--list", "listing", is_flag=True, help="List the scripts that there are.")
@click.option("--history", is_flag=True, help="Show past runs: of SCRIPT, or of all.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="Of --history.")
@click.option("--wait", is_flag=True, help="Wait for a run of the same script to end.")
@click.option("--dry-run", is_flag=True, help="Hand --dry-run to the script: it changes nothing.")
@output_option()
@pass_session
def run(
    session: Session,
    script: str | None,
    words: tuple[str, ...],
    listing: bool,
    history: bool,
    limit: int,
    wait: bool,
    dry_run: bool,
    output: str,
) -> int:
    """
    Run SCRIPT with its own ARGS: a file, or a name such as duplicates or analysis/duplicates.

    Names are looked for in ./scripts, then among those that come with Master-Ops. Only one run of a script
    goes on at a time. Each is logged: start, end, how long, with which result. What stands behind SCRIPT is
    the script's own; `ops run SCRIPT --help` is its manual.

    Exits with the script's own code; 130 for Ctrl-C.

    Example:

    \b
        ops run --list
        ops run duplicates --by email -o json
        ops run --history duplicates
    """
    places = roots(Path.cwd())
    stray = [word for word in (script, *words) if word and (word.startswith("-") or listing or word in words)]
    if (listing or history) and stray:
        raise errors.UsageError(what=f"There is nothing to do with {' '.join(stray)} here")
    if listing:
        emit([_listed(each) for each in scripts(places)], LISTED, output, empty="There is no script.")
        return 0
    found = find(script, places) if script else None
    if history:
        emit(asyncio.run(_history(session, found, limit)), RUNS, output, empty="No script has run yet.")
        return 0
    if found is None:
        hint = "`ops run --list` shows the scripts that there are."
        raise errors.UsageError(what="Which script? It is missing", hint=hint)
    return _run(session, found, words, wait=wait, dry_run=dry_run)


def _run(session: Session, script: Script, words: Sequence[str], *, wait: bool, dry_run: bool) -> int:
    from masterops.app.running import execute, run_script

    if HELP & set(words):
        return execute(script, words)  # a manual needs no database
    given = [*words, *(["--dry-run"] if dry_run and "--dry-run" not in words else [])]
    return run_script(session.settings, script, given, wait=wait)


async def _history(session: Session, script: Script | None, limit: int) -> list[dict[str, Any]]:
    from masterops.app.script_runs import script_runs

    async with session.app() as app:
        await shipped(app)
        runs = await script_runs(app.pool, script.name if script else None, limit)
    return [msgspec.structs.asdict(each) for each in runs]


def _listed(script: Script) -> dict[str, str]:
    return {"name": script.name, "summary": script.summary(), "path": str(script.path)}
