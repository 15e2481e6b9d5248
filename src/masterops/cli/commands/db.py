"""
`ops db`: the database.
"""

from __future__ import annotations

import os
import subprocess
from typing import Any

import click
import msgspec

from masterops import errors
from masterops.app import Database
from masterops.cli.output import emit, output_option, say, write
from masterops.cli.progress import progress
from masterops.cli.session import Session, acting, pass_session, shipped
from masterops.cli.values import Column, count, megabytes, text
from masterops.db import (
    TableQuery,
    bundled,
    clean_up,
    connect,
    lint,
    migrate,
    run,
    safe_url,
    seed,
    sizes,
    status,
)
from masterops.db.programs import psql_environment, psql_program

MIGRATIONS = (
    Column("version", "version"),
    Column("name", "name"),
    Column("state", "state"),
)
SIZES = (
    Column("table_name", "table"),
    Column("size_bytes", "size", show=megabytes, right=True),
    Column("rows_estimate", "rows, about", show=count, right=True),
    Column("partitions", "partitions", show=count, right=True),
    Column("oldest", "from"),
    Column("newest", "to"),
)
FLAWS = (Column("object", "object"), Column("problem", "what is wrong"))
DELETED = (Column("rows_of", "table"), Column("rows", "rows", show=count, right=True))


@click.group()
def db() -> None:
    """
    Query, migrate and reach the database.
    """


@db.command()
@click.argument("table")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="COL=VAL",
    help="= != > >= < <= ~ (contains); may be given again.",
)
@click.option("--columns", "columns", multiple=True, metavar="A,B", help="Only these columns, in this order.")
@click.option("--order", metavar="COL", help="Sort by this column.")
@click.option("--desc", is_flag=True, help="The greatest first.")
@click.option("--limit", type=int, default=50, help="At most so many rows.  [default: 50]")
@output_option()
@pass_session
@acting
async def query(
    session: Session,
    table: str,
    filters: tuple[str, ...],
    columns: tuple[str, ...],
    order: str | None,
    desc: bool,
    limit: int,
    output: str,
) -> None:
    """
    Read rows of TABLE, a table or a view. Nothing can be changed by it.

    Example:

    \b
        ops db query integration_logs --filter level=error --order created_at --desc --limit 5
        ops db query api_metrics --filter 'duration_ms>500' --columns service,endpoint,duration_ms
        ops db:query businesses --output json
    """
    asked = TableQuery.parse(
        table, filters=filters, columns=columns, order=order, descending=desc, limit=limit
    )
    async with session.app() as app:
        await shipped(app)
        async with app.pool.connection() as connection:
            found = await run(connection, asked)
    emit(
        found.rows, [Column(name, name, show=_cell) for name in found.columns], output, empty="No row passes."
    )


def _cell(value: Any) -> str:
    """A value in a table; long ones are for --output json."""
    shown = text(value)
    return shown if len(shown) <= 80 else shown[:79] + "…"


@db.command(name="migrate")
@click.option("--dry-run", is_flag=True, help="Show what would be applied and change nothing.")
@output_option()
@pass_session
@acting
async def migrate_command(session: Session, dry_run: bool, output: str) -> None:
    """
    Bring the database up to date. Each migration is one transaction; a failed one changes nothing.

    Example:

    \b
        ops db migrate --dry-run
        ops db migrate
    """
    database = Database(session.settings, as_it_is=True)
    async with database:
        done = await migrate(database.url, bundled(), dry_run=dry_run)
    state = "would be applied" if dry_run else "applied"
    rows = [{"version": each.version, "name": each.name, "state": state} for each in done]
    emit(rows, MIGRATIONS, output, empty="The database is up to date.")


@db.command(name="status")
@output_option()
@pass_session
@acting
async def status_command(session: Session, output: str) -> int:
    """
    Which migrations are applied and which are missing. Exits with 1 if one is missing.

    Example:

    \b
        ops db status
    """
    database = Database(session.settings, as_it_is=True)
    async with database:
        connection = await connect(database.url)
        async with connection:
            found = await status(connection, bundled())
    say(f"{safe_url(database.url)}{'  (embedded)' if database.embedded else ''}")
    rows = [{"version": each.version, "name": each.name, "state": "applied"} for each in found.applied]
    rows += [{"version": each.version, "name": each.name, "state": "missing"} for each in found.pending]
    emit(rows, MIGRATIONS, output)
    return 1 if found.pending else 0


@db.command()
@output_option()
@pass_session
@acting
async def size(session: Session, output: str) -> None:
    """
    How much disk each table takes, with its indexes and partitions.

    Example:

    \b
        ops db size
    """
    async with session.app() as app:
        rows = [msgspec.structs.asdict(each) for each in await sizes(app.pool)]
    emit(rows, SIZES, output)


@db.command(name="lint")
@output_option()
@pass_session
@acting
async def lint_command(session: Session, output: str) -> int:
    """
    Whether every table, view and function has its access rules and comment. Exits with 1 if one has not.

    Example:

    \b
        ops db lint
    """
    async with session.app() as app:
        rows = [msgspec.structs.asdict(each) for each in await lint(app.pool)]
    emit(rows, FLAWS, output, empty="All is well.")
    return 1 if rows else 0


@db.command()
@click.option("--dry-run", is_flag=True, help="Show what would go and delete nothing.")
@output_option()
@pass_session
@acting
async def retention(session: Session, dry_run: bool, output: str) -> None:
    """
    Forget rows older than the settings of [retention] allow, by dropping whole partitions.

    `ops up` does it every night.

    Example:

    \b
        ops db retention --dry-run
    """
    async with session.app() as app:
        settings = session.settings
        done = await clean_up(
            app.pool, retention=settings.retention, businesses=settings.log_days, dry_run=dry_run
        )
    emit([{"rows_of": name, "rows": count} for name, count in done.rows.items()], DELETED, output)
    would = "Would drop" if dry_run else "Dropped"
    say(f"{would} {len(done.partitions)} partition(s), {megabytes(done.freed_bytes)} of disk.")


@db.command(name="seed")
@click.option(
    "--rows", type=click.IntRange(100, 100_000_000), default=100_000, help="How many.  [default: 100000]"
)
@click.option("--days", type=click.IntRange(1, 365), default=30, help="Over how many days.  [default: 30]")
@click.option(
    "--seed", "number", type=int, default=1, help="The same number makes the same rows.  [default: 1]"
)
@click.option("--yes", is_flag=True, help="Also into a database that is not the demo's.")
@output_option()
@pass_session
@acting
async def seed_command(session: Session, rows: int, days: int, number: int, yes: bool, output: str) -> None:
    """
    Fill the database with made-up history, to try the platform on.

    Example:

    \b
        ops db seed --rows 1000000 --days 30
    """
    settings = session.settings
    if not yes and not (settings.demo and settings.database.url is None):
        hint = "Made-up rows cannot be told from real ones afterwards. If that is what you want, give --yes."
        raise errors.UsageError(what="This database is not the demo's", hint=hint)
    async with session.app() as app:
        with progress(rows, "rows") as step:
            async with app.pool.connection() as connection:
                written = await seed(connection, rows=rows, days=days, seed=number, progress=step.to)
    emit([{"rows_of": table, "rows": count} for table, count in written.items()], DELETED, output)


@db.command()
@pass_session
@acting
async def url(session: Session) -> None:
    """
    Print the database's URL, password masked. The embedded server answers while something uses it.

    Example:

    \b
        ops db url
    """
    database = Database(session.settings, as_it_is=True)
    async with database:
        write(safe_url(database.url) + "\n")


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@pass_session
@acting
async def psql(session: Session, arguments: tuple[str, ...]) -> int:
    """
    Open psql at the database; what follows is passed on to it.

    Example:

    \b
        ops db psql
        ops db psql -c 'SELECT * FROM businesses_needing_attention'
    """
    program = psql_program()
    if program is None:
        raise errors.UsageError(what="There is no psql on this machine", hint="Install a PostgreSQL client.")
    database = Database(session.settings, as_it_is=True)
    async with database:
        environment = {**os.environ, **psql_environment(database.url)}
        # It has the terminal to itself, and there is nothing else to do meanwhile.
        return subprocess.run([str(program), *arguments], env=environment).returncode  # noqa: ASYNC221
