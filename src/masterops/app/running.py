"""
One run of a script: alone of its name, recorded, in this process.

The lock is PostgreSQL's and lasts as long as a transaction of ours: a process that dies gives it back.
"""

from __future__ import annotations

import contextlib
import runpy
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from uuid import UUID

from masterops import errors
from masterops.app.app import App, open_app
from masterops.app.blocking import Portal
from masterops.app.public import lend
from masterops.app.scripts import Script
from masterops.config import Settings
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.logs import Logger, bind

STARTED, ENDED = "script.started", "script.ended"
KEY = "hashtextextended('ops.script ' || %s, 0)"
TRY = f"SELECT pg_try_advisory_xact_lock({KEY}) AS mine"
WAIT = f"SELECT pg_advisory_xact_lock({KEY})"
# A script may take hours, in which this transaction does nothing.
UNBOUND = "SET LOCAL idle_in_transaction_session_timeout = 0"
INTERRUPTED = 130


def run_script(settings: Settings, script: Script, words: Sequence[str], *, wait: bool = False) -> int:
    """
    Run a script to its end; its exit code. With `wait` one that runs already is waited for.

    Raises ScriptRunning, ScriptFailed, or what the script raised of our errors.
    """
    with (
        Portal() as portal,
        portal.wrap(open_app(settings, source="script")) as app,
        portal.wrap(alone(app, script.name, wait=wait)),
        lend(app, portal),
    ):
        return _recorded(app.log.child(operation=script.name), script, words)


def execute(script: Script, words: Sequence[str]) -> int:
    """Run the file as `python FILE WORDS` would; its exit code."""
    before = sys.argv, sys.path[:]
    sys.argv = [str(script.path), *words]
    sys.path.insert(0, str(script.path.parent))
    try:
        runpy.run_path(str(script.path), run_name="__main__")
    except SystemExit as end:
        return _code(end)
    finally:
        sys.argv, sys.path[:] = before
    return 0


@contextlib.asynccontextmanager
async def alone(app: App, name: str, *, wait: bool) -> AsyncIterator[None]:
    """As long as the block no other process runs a script of this name. Raises ScriptRunning."""
    ended = False
    try:
        async with app.pool.connection() as connection, connection.transaction():
            await connection.execute(UNBOUND)
            if wait:
                await connection.execute(WAIT, [name])
            else:
                row = await (await connection.execute(TRY, [name])).fetchone()
                if row is None or not row["mine"]:
                    raise errors.ScriptRunning(script=name)
            yield
            ended = True
    except errors.DatabaseError:
        if not ended:
            raise
        # The server went away meanwhile, and the lock with it; the script has come to its end all the same.


def _recorded(log: Logger, script: Script, words: Sequence[str]) -> int:
    run = uuid7()
    with bind(trace_id=str(run)):
        log.info(STARTED, script=script.name, arguments=list(words))
        with _ending(log, script, run) as ended:
            ended.append(execute(script, words))
    return ended[0]


@contextlib.contextmanager
def _ending(log: Logger, script: Script, run: UUID) -> Iterator[list[int]]:
    """One record of how it ended, whatever way it does."""
    begun, ended = clock.ticks(), list[int]()

    def say(outcome: str, code: int, error: BaseException | None = None) -> None:
        facts: dict[str, object] = {"script": script.name, "outcome": outcome, "exit_code": code}
        if error is not None:
            facts["error"] = error
        took = round((clock.ticks() - begun) * 1000, 3)
        if code == 0:
            log.success(ENDED, duration_ms=took, **facts)
        elif code == INTERRUPTED:  # nobody need be told of what somebody did
            log.warn(ENDED, duration_ms=took, **facts)
        else:
            log.error(ENDED, duration_ms=took, **facts)

    try:
        yield ended
    except KeyboardInterrupt:
        say("interrupted", INTERRUPTED)
        raise
    except errors.MasterOpsError as error:
        say("failed", error.exit_code, error)
        raise
    except Exception as error:  # a script may raise anything
        say("failed", 1, error)
        reason = f"{type(error).__name__}: {error}"
        raise errors.ScriptFailed(script=script.name, reason=reason, run=run) from error
    else:
        say("success" if ended[0] == 0 else "failed", ended[0])


def _code(end: SystemExit) -> int:
    """The exit code that the interpreter would make of it."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1
