"""
The database's clock decides when a schedule is due and who is dead, whatever a worker's machine shows.

PgQueuer reckons the next run of a schedule by the clock of the worker that fires it: one that is two
seconds behind fired each minute twice, one that is an hour ahead fired each night twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from croniter import croniter  # type: ignore[import-untyped]  # what PgQueuer reads its schedules with
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import ScheduleExecutor
from pgqueuer.models import Schedule

from masterops.engine.driver import TwoConnections

if TYPE_CHECKING:
    from pgqueuer.models import CronExpressionEntrypoint
    from pgqueuer.models import Job as Task
    from pgqueuer.ports.repository import EntrypointExecutionParameter
    from pgqueuer.types import QueueEntrypoint, QueueManagerId

# Longer than any server is away: nobody is dead whom the server gave no chance to say that he lives.
AGES = timedelta(days=3650)
# The time, and the schedules that are due or in the hands of a worker that died.
DUE = """
SELECT moment.now, s.entrypoint, s.expression
FROM (SELECT clock_timestamp() AS now) AS moment
LEFT JOIN pgqueuer.pgqueuer_schedules AS s
    ON s.next_run <= moment.now OR s.status = 'picked' AND s.heartbeat < moment.now - interval '30 seconds'
"""


def next_run(expression: str, after: datetime) -> datetime:
    """When a cron line in UTC comes next, strictly after that moment."""
    return datetime.fromtimestamp(croniter(expression, start_time=after).get_next(), UTC)


@dataclass
class DatabaseTime(ScheduleExecutor):
    """
    A schedule that comes when the database's clock says so.
    """

    driver: TwoConnections | None = None

    def get_next(self) -> datetime:
        """The next run."""
        return next_run(self.parameters.expression, self._now())

    def next_in(self) -> timedelta:
        """How long until then."""
        now = self._now()
        return next_run(self.parameters.expression, now) - now

    def _now(self) -> datetime:
        assert self.driver is not None
        return self.driver.estimated()


@dataclass
class DatabaseQueries(Queries):
    """
    PgQueuer's statements, with a fair view of who is dead and of when a schedule is due.
    """

    async def insert_schedule(self, schedules: dict[CronExpressionEntrypoint, timedelta]) -> None:
        """Make the schedules that are not there yet, due when the database's clock says so."""
        now = await self.two.now()
        await super().insert_schedule({key: next_run(key.expression, now) - now for key in schedules})

    async def fetch_schedule(self, entrypoints: dict[CronExpressionEntrypoint, timedelta]) -> list[Schedule]:
        """
        Take the schedules that are due.

        The next run is reckoned from a moment that is not before the one in which the schedule was found
        due, so no firing comes twice.
        """
        rows = await self.driver.fetch(DUE)
        now = cast("datetime", rows[0]["now"])
        self.two.noted(now)
        due = {(row["entrypoint"], row["expression"]) for row in rows}
        waits = {
            key: next_run(key.expression, now) - now
            for key in entrypoints
            if (key.entrypoint, key.expression) in due
        }
        return await super().fetch_schedule(waits) if waits else []

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Task]:
        """
        Take jobs that wait, or whose worker is dead.

        After a restart of the server every worker's last sign of life is old, and each has as long as
        ever to give another.
        """
        patience = heartbeat_timeout
        if await self.two.uptime() < patience:
            patience += AGES
        return await super().dequeue(
            batch_size, entrypoints, queue_manager_id, global_concurrency_limit, patience
        )

    @property
    def two(self) -> TwoConnections:
        """The driver, which knows the database's time."""
        return cast("TwoConnections", self.driver)
