"""
Results into the database, many in one statement, and what the next round has to know out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from masterops.config import Check
from masterops.core.dependencies import Needs
from masterops.core.ids import uuid7
from masterops.db import Jsonb, Pool, fetch
from masterops.health.concluding import Before, Conclusion
from masterops.health.damping import remembered
from masterops.health.incidents import Incident, Standing, carried_on, grouped
from masterops.health.maintenance import Window

PRESENT = """
SELECT integration_id, check_name, state, memory, since, error_message,
    extract(epoch FROM now() - last_checked_at)::float8 AS age
FROM ops.health_state WHERE integration_id = ANY (%s)
"""
WINDOWS = (
    "SELECT name, applies, starts_at, ends_at FROM ops.maintenance WHERE ends_at > now() ORDER BY starts_at"
)
NOT_WELL = """
SELECT c.integration_id, c.check_name, c.service, c.business_key, c.state, s.error_category, c.error_message,
    c.since
FROM ops.checks_now AS c JOIN ops.health_state AS s USING (integration_id, check_name)
WHERE c.state IN ('late', 'degraded', 'down') AND s.maintenance IS NULL
"""
# A heartbeat that is paused is not looked at, and so nothing that anybody waits for.
UNSURE = """
SELECT integration_id, check_name FROM ops.checks_now
WHERE state = 'unknown' AND integration_id NOT IN (
    SELECT 'heartbeat/' || name FROM ops.heartbeats WHERE paused_at IS NOT NULL)
"""
# The same lock that ops.record_incidents takes: between the look and the record nobody opens another.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('masterops.incidents', 0))"
OPEN = """
SELECT cause, title, state, service, business_id, category, reason, checks, since FROM public.incidents
WHERE closed_at IS NULL ORDER BY cause
"""

FORGET = """
DELETE FROM ops.health_state AS s
WHERE s.service = 'check' AND s.integration_id LIKE 'check/%%' AND NOT EXISTS (
    SELECT FROM unnest(%s::text[], %s::text[]) AS c (id, kind)
    WHERE c.id = s.integration_id AND c.kind = s.check_name)
"""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """
    One check's round, concluded. With `brief` a result that changes nothing is no row of its own.
    """

    integration: str
    check: str
    service: str
    business: str | None
    conclusion: Conclusion
    at: datetime
    response_ms: float | None = None
    category: str | None = None
    code: str | None = None
    details: Mapping[str, Any] | None = None
    cycle: UUID | None = None
    brief: bool = False

    def row(self) -> dict[str, Any]:
        """As ops.record_health_many takes it."""
        verdict = self.conclusion.verdict
        return {
            "id": str(uuid7()),
            "service": self.service,
            "business_id": self.business,
            "integration_id": self.integration,
            "check_name": self.check,
            "healthy": verdict.healthy,
            "state": verdict.state,
            "response_time_ms": self.response_ms,
            "error_category": None if verdict.healthy else self.category,
            "error_code": None if verdict.healthy else self.code,
            "error_message": verdict.reason,
            "details_json": dict(self.details or {}),
            "cycle_id": str(self.cycle) if self.cycle else None,
            "checked_at": self.at.isoformat(),
            **({"keep": "changes"} if self.brief else {}),
            **self.conclusion.facts(),
        }


@dataclass(frozen=True, slots=True)
class Change:
    """
    What a result did to the state of its check.
    """

    flipped: bool
    previous: str | None
    since: datetime | None


async def present(pool: Pool, integrations: Sequence[str]) -> dict[Key, Before]:
    """How the checks of these connections stood before. Raises DatabaseError."""
    rows = await pool.fetch(PRESENT, [list(integrations)])
    return {
        (row["integration_id"], row["check_name"]): Before(
            row["state"], remembered(row["memory"]), row["since"], row["error_message"], row["age"]
        )
        for row in rows
    }


async def made_windows(pool: Pool) -> list[Window]:
    """The windows of maintenance that were made by hand and have not ended. Raises DatabaseError."""
    return [
        Window(row["name"], frozenset(row["applies"]), row["starts_at"], row["ends_at"])
        for row in await pool.fetch(WINDOWS)
    ]


async def record(pool: Pool, results: Sequence[Result]) -> list[Change]:
    """Keep them all, in one statement, and learn what each changed. Raises DatabaseError."""
    if not results:
        return []
    rows = await pool.fetch(
        "SELECT n, flipped, previous_state, since FROM ops.record_health_many(%s)",
        [Jsonb([each.row() for each in results])],
    )
    by_place = {row["n"]: row for row in rows}
    found = [by_place[place] for place in range(1, len(results) + 1)]
    return [Change(row["flipped"], row["previous_state"], row["since"]) for row in found]


async def record_incidents(pool: Pool, needs: Needs | None = None) -> list[Incident]:
    """
    Group what is wrong now, and keep that. `needs` says what checks depend on. What nobody can say anything
    of now has not ended. Raises DatabaseError.
    """
    async with pool.connection() as connection, connection.transaction():
        await connection.execute(ONE_AT_A_TIME)
        open_before = {row["cause"]: row for row in await fetch(connection, OPEN)}
        found = grouped(_standings(await fetch(connection, NOT_WELL)), needs)
        incidents = carried_on(found, {cause: _places(row["checks"]) for cause, row in open_before.items()})
        facts = {each.cause: each.facts() for each in incidents}
        unsure = _places(await fetch(connection, UNSURE))
        for cause, row in open_before.items():
            if cause not in facts and unsure & _places(row["checks"]):
                facts[cause] = {**row, "since": row["since"].isoformat()}
        await connection.execute("SELECT * FROM ops.record_incidents(%s)", [Jsonb(list(facts.values()))])
    return incidents


def _places(checks: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    return {(each["integration_id"], each["check_name"]) for each in checks}


async def forget_other_checks(pool: Pool, checks: Sequence[Check]) -> None:
    """Let those that are no longer configured be neither up nor down. Raises DatabaseError."""
    await pool.fetch(FORGET, [[each.id for each in checks], [each.kind for each in checks]])


async def take_lease(pool: Pool, name: str, holder: str, seconds: float) -> bool:
    """Whether this holder is the one who may, for so long. Raises DatabaseError."""
    rows = await pool.fetch("SELECT ops.take_lease(%s, %s, %s) AS mine", [name, holder, seconds])
    return bool(rows[0]["mine"])


def new_holder() -> str:
    """A name that no other process has."""
    return str(uuid4())


def _standings(rows: Iterable[Mapping[str, Any]]) -> list[Standing]:
    return [
        Standing(
            row["integration_id"],
            row["check_name"],
            row["service"],
            row["business_key"],
            row["state"],
            row["error_category"],
            row["error_message"],
            row["since"],
        )
        for row in rows
    ]
