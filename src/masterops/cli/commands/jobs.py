"""
`ops jobs`: what waits, runs and failed, and doing it again.
"""

from __future__ import annotations

import asyncio

import click
import msgspec

from masterops import errors
from masterops.app import App
from masterops.cli.output import emit, output_option, say
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column, ago, count, milliseconds
from masterops.core.spelling import unknown
from masterops.engine import Entry, Step, entries, history, overview

COLUMNS = (
    Column("job", "job"),
    Column("id", "id", right=True),
    Column("state", "state"),
    Column("since", "since", show=ago, right=True),
    Column("failures", "failures", show=count, right=True),
    Column("next_at", "next"),
    Column("error", "error", spare=1),
)
STEPS = (
    Column("at", "at"),
    Column("job", "job", in_table=False),
    Column("what", "what"),
    Column("seconds", "took", show=lambda value: milliseconds(None if value is None else value * 1000)),
    Column("error", "error"),
)
JOB_ID = click.IntRange(min=1, max=2**63 - 1)  # as large as the database's
POLL_SECONDS, QUIET_SECONDS = 0.25, 10.0


@click.group()
def jobs() -> None:
    """
    The jobs of `ops up` and `ops work`: what waits, runs and failed; doing one now or again.

    Example:

    \b
        ops jobs list
        ops jobs retry --all-failed --dry-run
    """


@jobs.command("list")
@click.option("--failed", is_flag=True, help="Only jobs that failed for good and are parked.")
@click.option("--running", is_flag=True, help="Only jobs that run now.")
@output_option()
@pass_session
@acting
async def list_(session: Session, failed: bool, running: bool, output: str) -> None:
    """
    Every job: its state and since when, how often it failed, when it is next, its last error.

    Idle jobs have no id; theirs is the time since they last ended.

    Example:

    \b
        ops jobs list
        ops jobs list --failed -o json
    """
    wanted = {name for name, asked in (("failed", failed), ("running", running)) if asked}
    async with session.app() as app:
        rows = await overview(app.pool, app.engine.names)
    shown = [msgspec.structs.asdict(row) for row in rows if not wanted or row.state in wanted]
    emit(shown, COLUMNS, output, empty=f"No job is {' or '.join(sorted(wanted))}.")


@jobs.command()
@click.argument("id", type=JOB_ID)
@output_option()
@pass_session
@acting
async def show(session: Session, id: int, output: str) -> None:
    """
    What happened to the job ID, step by step.

    Runs that went well are remembered for a week, others for a month.

    Example:

    \b
        ops jobs list
        ops jobs show 1
    """
    async with session.app() as app:
        steps = await _steps(app, id)
    emit([msgspec.structs.asdict(step) for step in steps], STEPS, output)


@jobs.command()
@click.argument("name")
@click.option("--wait", is_flag=True, help="Wait for its end; exits with 1 when it failed.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@pass_session
@acting
async def run(session: Session, name: str, wait: bool, dry_run: bool) -> None:
    """
    Put the job NAME into the queue now; a worker (`ops up`, `ops work`) does it.

    Example:

    \b
        ops jobs run rollups --dry-run
    """
    async with session.app() as app:
        if name not in app.engine.names:
            raise unknown("job", name, app.engine.names)
        for each in await entries(app.pool):
            if each.job == name and each.state != "failed":
                raise errors.JobBusy(job=name, state=each.state, id=each.id)
        if dry_run:
            say(f"Would put {name} into the queue.")
            return
        await app.engine.prepare()
        id = await app.engine.enqueue(name, once=f"{name} by hand")
        if id is None:
            raise errors.JobBusy(job=name, state="waiting", id="another's")
        say(f"{name} is in the queue as {id}.")
        if wait:
            await _ended(app, name, id)
            say(f"{name} is done.")


@jobs.command()
@click.argument("id", type=JOB_ID, required=False)
@click.option("--all-failed", is_flag=True, help="Every job that is parked.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@pass_session
@acting
async def retry(session: Session, id: int | None, all_failed: bool, dry_run: bool) -> None:
    """
    Put the failed job ID back into the queue, or every one, with all its tries before it again.

    Example:

    \b
        ops jobs retry --all-failed --dry-run
    """
    if (id is None) != all_failed:
        raise click.UsageError("name either one ID or --all-failed")
    async with session.app() as app:
        chosen = await entries(app.pool, id)
        if id is not None and not chosen:
            await _steps(app, id)  # or it is not known at all
            raise errors.BadValue(kind="job to retry", value=id, reason="it has ended, and is not parked")
        if id is not None and chosen[0].state != "failed":
            raise errors.JobBusy(job=chosen[0].job, state=chosen[0].state, id=id)
        parked = [each for each in chosen if each.state == "failed"]
        if not dry_run and parked:
            await app.engine.retry([each.id for each in parked if each.id is not None])
    for each in parked:
        say(f"{'Would put back' if dry_run else 'Put back'}: {each.job}, {each.id}")
    if not parked:
        say("No job has failed.")


async def _steps(app: App, id: int) -> list[Step]:
    steps = await history(app.pool, id)
    if not steps:
        reason = "no such job is known; `ops jobs list` shows those in the queue"
        raise errors.BadValue(kind="job id", value=id, reason=reason)
    return steps


async def _ended(app: App, name: str, id: int) -> None:
    """Until it is done. Raises JobFailed when it is parked."""
    waited = 0.0
    while found := await entries(app.pool, id):
        if found[0].state == "failed":
            raise errors.JobFailed(
                job=name, reason=_why(found[0]), hint=f"`ops jobs retry {id}` tries again."
            )
        if waited <= QUIET_SECONDS < waited + POLL_SECONDS and found[0].state == "waiting":
            say("No worker has taken it yet: does `ops up` or `ops work` run?")
        waited += POLL_SECONDS
        await asyncio.sleep(POLL_SECONDS)


def _why(entry: Entry) -> str:
    return entry.error or "it did not say why"
