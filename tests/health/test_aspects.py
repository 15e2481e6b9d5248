"""
What matters at a connection and at the platform beyond an answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from masterops.config import Connection, Health
from masterops.db import Pool
from masterops.health import Care, Checked, Patient, Probe, Verdict, survey
from masterops.health.aspects import MIB, OF_CONNECTION, OF_PLATFORM, Platform, Reading, judged
from masterops.logs import Pipeline

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
LIMITS = Health()


def expiring(days: float) -> dict[str, str]:
    return {"token_expires_at": (NOW + timedelta(days=days)).isoformat()}


def served_until(days: int) -> dict[str, str]:
    return {
        "api_version": "2026-03",
        "api_version_ends_on": (NOW + timedelta(days=days)).date().isoformat(),
    }


def left(remaining: int, permits: int = 1000) -> dict[str, Any]:
    return {"limit_name": "day", "window": "day", "permits": permits, "remaining": remaining}


def finding(severity: str = "warning", problem: str = "missed") -> dict[str, Any]:
    return {"problem": problem, "severity": severity, "reason": "Orders did not run at 09:00"}


@pytest.mark.parametrize(
    ("name", "reading", "state", "said"),
    [
        pytest.param("token", Reading(NOW, expiring(30)), "up", "", id="a token that is good"),
        pytest.param("token", Reading(NOW, expiring(3)), "degraded", "in 3.0 days", id="soon no longer"),
        pytest.param("token", Reading(NOW, expiring(-1)), "down", "expired on 2026-11-25", id="expired"),
        pytest.param("quota", Reading(NOW, quotas=[left(500)]), "up", "", id="calls left"),
        pytest.param(
            "quota",
            Reading(NOW, quotas=[left(500), left(90)]),
            "degraded",
            "90 of 1,000 calls a day",
            id="few left",
        ),
        pytest.param("quota", Reading(NOW, quotas=[left(0, 0)]), "degraded", "0 of 0", id="none at all"),
        pytest.param("clock", Reading(NOW, skew=-59.0), "up", "", id="the clocks agree"),
        pytest.param("clock", Reading(NOW, skew=-61.0), "degraded", "61 s behind ours", id="behind"),
        pytest.param("clock", Reading(NOW, skew=3600.0), "degraded", "3,600 s ahead of ours", id="ahead"),
        pytest.param(
            "version", Reading(NOW, served_until(90)), "up", "", id="a version that is supported for long"
        ),
        pytest.param(
            "version",
            Reading(NOW, served_until(89)),
            "degraded",
            "version 2026-03 of its API is supported for 89 days, until 2027-02-23",
            id="a version that ends soon",
        ),
        pytest.param(
            "version",
            Reading(NOW, served_until(0)),
            "degraded",
            "not supported since",
            id="one that has ended",
        ),
        pytest.param("circuit", Reading(NOW, circuits=[]), "up", "", id="no circuit is open"),
        pytest.param("circuit", Reading(NOW, circuits=["search: open"]), "degraded", "search", id="one is"),
        pytest.param("workflows", Reading(NOW, workflows=[finding("info")]), "up", "", id="nothing serious"),
        pytest.param(
            "workflows",
            Reading(NOW, workflows=[finding(), finding(), finding(problem="never_ran")]),
            "degraded",
            "2 missed, 1 never ran: Orders",
            id="missed runs",
        ),
    ],
)
def test_aspects_of_a_connection(name: str, reading: Reading, state: str, said: str) -> None:
    """
    Each says by itself what is wrong; of what is not known there is none.
    """
    found = judged(OF_CONNECTION, reading, LIMITS)

    assert [name] == list(found)
    assert state == found[name].state
    assert said in str(found[name].reason)


@pytest.mark.parametrize(
    ("name", "platform", "said"),
    [
        ("spool", Platform(NOW, oldest_record=NOW - timedelta(minutes=11)), "waited for 11 min"),
        ("spool", Platform(NOW, dead_letters=3), "3 log records were refused"),
        ("disk", Platform(NOW, free_bytes=100 * MIB), "100 MiB are left"),
        ("database", Platform(NOW, answer_ms=1.0, sessions=95, most_sessions=100), "95 of 100"),
        ("database", Platform(NOW, answer_ms=1.0, behind_bytes=2048 * MIB), "2,048 MiB behind"),
        ("database", Platform(NOW, answer_ms=9000.0), "9,000 ms to answer"),
    ],
)
def test_aspects_of_the_platform(name: str, platform: Platform, said: str) -> None:
    """
    Degraded, with the figure.
    """
    found = judged(OF_PLATFORM, platform, LIMITS)

    assert "degraded" == found[name].state
    assert said in str(found[name].reason)


def test_a_platform_that_is_well() -> None:
    """
    Nothing waits, and there is room.
    """
    platform = Platform(NOW, NOW - timedelta(minutes=9), 0, 900 * MIB, 10, 100, 0, 2.0)

    assert {"up"} == {each.state for each in judged(OF_PLATFORM, platform, LIMITS).values()}


async def test_a_survey_keeps_what_changed_and_knows_the_rest(pool: Pool, tmp_path: Path) -> None:
    """
    The second time nothing is a row any more, and a token near its end is a flip of its own check.
    """
    connection = Connection("n8n/group", "n8n", "group")
    facts = {"token_expires_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    patient = Patient(connection, None, skew=lambda: 2.0)  # type: ignore[arg-type]  # nobody asks it
    checked = Checked(
        "n8n/group", "n8n", None, Verdict("up", True, None), Probe(1.0), datetime.now(UTC), facts=facts
    )
    pipeline = Pipeline(tmp_path / "spool")
    pipeline.logger().info("waits")
    for _ in range(2):
        await survey([patient], [checked], pool, tmp_path, Care(), LIMITS)

    states = await pool.fetch("SELECT integration_id, check_name, state FROM ops.health_state ORDER BY 1, 2")
    flips = await pool.fetch("SELECT check_name, to_state FROM health_flips")
    assert [
        ("masterops/platform", "database", "up"),
        ("masterops/platform", "disk", "up"),
        ("masterops/platform", "spool", "up"),
        ("n8n/group", "clock", "up"),
        ("n8n/group", "token", "degraded"),
        ("n8n/group", "workflows", "up"),
    ] == [tuple(each.values()) for each in states]
    assert [("token", "degraded")] == [tuple(each.values()) for each in flips]
    assert 1 == len(await pool.fetch("SELECT id FROM health_checks"))
