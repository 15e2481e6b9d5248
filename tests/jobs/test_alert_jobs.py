"""
The jobs of alerts, as the catalogue has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from croniter import croniter

from masterops.channels import Channel, open_channels
from masterops.config import Settings, load
from masterops.db import Jsonb, Pool
from masterops.engine import Job
from masterops.health import Patient
from masterops.jobs import catalogue
from masterops.logs import Logger
from masterops.transport import Transport
from tests.transport.conftest import Notebook


class Parts:
    """
    An application without connections.
    """

    def __init__(self, pool: Pool, settings: Settings, notebook: Notebook) -> None:
        self.pool, self.settings = pool, settings
        self.log = Logger(notebook, source="system")
        self._transport = Transport(log=self.log, measure=notebook.metrics.append)

    async def patients(self) -> list[Patient]:
        return []

    def channels(self) -> Mapping[str, Channel]:
        return open_channels(self.settings.channels, self._transport, self.log)


def jobs_of(pool: Pool, tmp_path: Path, notebook: Notebook) -> dict[str, Job]:
    (tmp_path / "masterops.toml").write_text("[alerts]\ngroup_wait_seconds = 0\n")
    settings = load(environ={}, cwd=tmp_path, home=tmp_path)
    return {job.name: job for job in catalogue(Parts(pool, settings, notebook))}


async def test_what_is_wrong_is_found_by_one_job_and_told_by_the_other(pool: Pool, tmp_path: Path) -> None:
    """
    Running either once more changes nothing.
    """
    notebook = Notebook()
    jobs = jobs_of(pool, tmp_path, notebook)
    look = {
        "service": "hubspot",
        "integration_id": "hubspot/teelixir",
        "state": "down",
        "error_message": "gone",
    }
    await pool.fetch("SELECT * FROM ops.record_health(%s)", [Jsonb(look)])
    for name in ("alerts", "notices", "alerts", "notices"):
        await jobs[name].run({})

    told = [each.details_json["title"] for each in notebook.records if each.message == "alert.firing"]
    assert ["CRITICAL HubSpot is down"] == [title.partition(" since")[0] for title in told]


def test_both_run_four_times_a_minute_one_after_the_other(tmp_path: Path) -> None:
    """
    What was found is told five seconds later.
    """
    jobs = jobs_of(Pool("postgresql://nowhere/nothing"), tmp_path, Notebook())
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp() - 1
    seconds = {}
    for name in ("alerts", "notices"):
        due = croniter(jobs[name].cron or "", noon)
        seconds[name] = [int(due.get_next() - noon - 1) for _ in range(5)]

    assert {"alerts": [0, 15, 30, 45, 60], "notices": [5, 20, 35, 50, 65]} == seconds
