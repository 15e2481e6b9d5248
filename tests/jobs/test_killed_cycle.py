"""
A worker is killed with the cycle in hand, and another does it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from masterops.alerts import evaluate
from masterops.config import load
from masterops.core.ids import uuid7
from masterops.db import Pool
from masterops.jobs import run_cycle
from masterops.logs import Pipeline
from tests.jobs.test_cycle import patient, states

ROOT = Path(__file__).parents[2]
# It looks at a connection that never answers, and says when it does.
HANGING = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from masterops.db import Pool
from masterops.jobs import run_cycle
from masterops.logs import Pipeline
from tests.jobs.test_cycle import hang, patient

async def told():
    print("looking", flush=True)
    await hang()

async def main():
    async with Pool(sys.argv[1]) as pool:
        log = Pipeline(Path(sys.argv[2])).logger()
        patients = [patient("teelixir", ping=told), patient("red-hill-fresh")]
        await run_cycle(patients, pool, log, cycle=UUID(sys.argv[3]))

asyncio.run(main())
"""


def killed_while_looking(database: str, spool: Path, cycle: UUID) -> None:
    """A process that is killed in the middle of this cycle."""
    words = [sys.executable, "-c", HANGING, database, str(spool), str(cycle)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert "looking\n" == worker.stdout.readline()
        worker.send_signal(signal.SIGKILL)


async def test_nothing_is_called_wrong_because_a_worker_was_killed(
    database: str, pool: Pool, tmp_path: Path
) -> None:
    """
    The cycle is ended by another under the same id: both connections are up, and no flip, incident or alert.
    """
    cycle: UUID = uuid7()
    killed_while_looking(database, tmp_path / "killed", cycle)
    log = Pipeline(tmp_path / "spool").logger()
    patients = [patient("teelixir"), patient("red-hill-fresh")]
    await run_cycle(patients, pool, log, cycle=cycle)
    told = await evaluate(pool, load(environ={}, cwd=tmp_path, home=tmp_path), log)
    cycles = await pool.fetch("SELECT id, finished_at IS NOT NULL AS ended FROM ops.cycles")
    bad = await pool.fetch(
        "SELECT to_state FROM public.health_flips WHERE to_state NOT IN ('up')"
        " UNION ALL SELECT rule FROM ops.alerts"
    )

    assert {"hubspot/teelixir": "up", "hubspot/red-hill-fresh": "up"} == await states(pool)
    assert [{"id": cycle, "ended": True}] == cycles
    assert told is not None
    assert [] == bad
