"""
The aspects of every connection and of the platform, read and recorded once a cycle.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from masterops import errors
from masterops.config import Health
from masterops.core import clock
from masterops.db import Pool
from masterops.health.aspects import OF_CONNECTION, OF_PLATFORM, Platform, Reading, judged
from masterops.health.concluding import Before, Care, conclude, with_windows
from masterops.health.cycle import Checked, Patient
from masterops.health.evaluate import Verdict
from masterops.health.recording import Result, made_windows, present, record
from masterops.logs import oldest_waiting

PLATFORM = "masterops/platform"
QUOTAS = """
SELECT connection, limit_name, "window", permits, remaining FROM public.budget_status
WHERE "window" IN ('day', 'month')
"""
WORKFLOWS = "SELECT integration_id, problem, severity, reason FROM public.workflow_problems"
STORED = "SELECT name, shipped_bytes FROM ops.spool_segments"
# What a role may not see of the others' sessions and replicas is null, and then not judged.
DATABASE = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS sessions,
    current_setting('max_connections')::int AS most_sessions,
    (SELECT count(*) FROM ops.log_dead_letters) AS dead_letters,
    CASE WHEN NOT pg_is_in_recovery() THEN (
        SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), lsn)) FROM (
            SELECT replay_lsn AS lsn FROM pg_stat_replication
            UNION ALL SELECT restart_lsn FROM pg_replication_slots
        ) AS positions) END::bigint AS behind_bytes
"""
WATCHED_FOR_WORKFLOWS = "n8n"


async def survey(
    patients: Sequence[Patient],
    checked: Sequence[Checked],
    pool: Pool,
    home: Path,
    care: Care,
    limits: Health,
) -> list[Result]:
    """Judge and record every aspect of which something is known. Raises DatabaseError."""
    care = with_windows(care, await made_windows(pool))
    quotas, workflows = await pool.fetch(QUOTAS), await pool.fetch(WORKFLOWS)
    found: list[tuple[Checked | None, str, Verdict]] = []
    for patient, result in zip(patients, checked, strict=True):
        reading = _reading(patient, result, quotas, workflows)
        found += [(result, name, each) for name, each in judged(OF_CONNECTION, reading, limits).items()]
    platform = await _platform(pool, home)
    found += [(None, name, each) for name, each in judged(OF_PLATFORM, platform, limits).items()]
    before = await present(pool, [PLATFORM, *(each.connection for each in checked)])
    results = [_result(each, before, care) for each in found]
    await record(pool, results)
    return results


def _reading(
    patient: Patient,
    checked: Checked,
    quotas: Sequence[Mapping[str, Any]],
    workflows: Sequence[Mapping[str, Any]],
) -> Reading:
    id = patient.connection.id
    whole = patient.connection.service == WATCHED_FOR_WORKFLOWS
    return Reading(
        clock.now(),
        checked.facts,
        [each for each in quotas if each["connection"] == id],
        [str(each) for each in patient.shut()] if patient.shut is not tuple else None,
        patient.skew(),
        [each for each in workflows if each["integration_id"] == id] if whole else None,
    )


async def _platform(pool: Pool, home: Path) -> Platform:
    start = clock.ticks()
    row = (await pool.fetch(DATABASE))[0]
    took = (clock.ticks() - start) * 1000
    try:
        stored = {each["name"]: each["shipped_bytes"] for each in await pool.fetch(STORED)}
        oldest = oldest_waiting(home / "spool", stored)
    except errors.SpoolUnusable:
        oldest = None
    try:
        free: int | None = shutil.disk_usage(home).free
    except OSError:
        free = None
    return Platform(
        clock.now(),
        oldest,
        row["dead_letters"],
        free,
        row["sessions"],
        row["most_sessions"],
        row["behind_bytes"],
        took,
    )


def _result(
    found: tuple[Checked | None, str, Verdict], before: Mapping[tuple[str, str], Before], care: Care
) -> Result:
    checked, name, verdict = found
    integration = checked.connection if checked else PLATFORM
    service, business = (checked.service, checked.business) if checked else ("masterops", None)
    at = clock.now()
    names = (integration, service, name, f"{integration} {name}", business or "group")
    conclusion = conclude(before.get((integration, name), Before()), verdict, at, care, names)
    return Result(integration, name, service, business, conclusion, at, category=name, brief=True)
