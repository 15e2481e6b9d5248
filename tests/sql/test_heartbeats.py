"""
The configuration's heartbeats, and what is left of old pings.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.sql.conftest import Connection
from tests.sql.rows import add, ago, every, one, refusal, value

SET = "SELECT ops.set_heartbeats(%s)"


def declared(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "every_seconds": 60,
        "zone": "UTC",
        "grace_seconds": 60,
        "severity": "warning",
        **more,
    }


def names(db: Connection) -> list[str]:
    return [row["name"] for row in every(db, "SELECT name FROM heartbeat_status ORDER BY name")]


def test_the_configuration_adds_changes_and_removes_its_own(db: Connection) -> None:
    """
    Those made by command stay; what is known of one that stays is kept; one that goes leaves no state behind.
    """
    add(db, "ops.heartbeats", name="by-hand", every_seconds=60)
    db.execute(SET, [Jsonb([declared("a"), declared("b", business_id="teelixir")])])
    db.execute("UPDATE ops.heartbeats SET last_success_at = now() WHERE name = 'a'")
    look = Jsonb(
        {"service": "heartbeat", "integration_id": "heartbeat/b", "check_name": "heartbeat", "state": "down"}
    )
    db.execute("SELECT ops.record_health(%s)", [look])

    db.execute(
        SET, [Jsonb([declared("a", grace_seconds=90), declared("c", every_seconds=None, cron="0 0 * * *")])]
    )

    assert ["a", "by-hand", "c"] == names(db)
    a = one(db, "SELECT * FROM ops.heartbeats WHERE name = 'a'")
    assert (90, True) == (a["grace_seconds"], a["last_success_at"] is not None)
    assert 0 == value(db, "SELECT count(*) FROM ops.health_state")


def test_another_rhythm_is_watched_from_now_on(db: Connection) -> None:
    """
    By it, the last ping of a daily one would be late at once.
    """
    db.execute(SET, [Jsonb([declared("a"), declared("b")])])
    db.execute("UPDATE ops.heartbeats SET watched_since = now() - interval '1 day'")

    db.execute(SET, [Jsonb([declared("a", every_seconds=30), declared("b", grace_seconds=30)])])

    watched = "SELECT name, watched_since = now() AS anew FROM ops.heartbeats ORDER BY name"
    assert [True, False] == [row["anew"] for row in every(db, watched)]


def test_tokens_are_given_kept_and_changed_with_each_other(db: Connection) -> None:
    """
    Left out, the one that is there stays.
    """
    one_token, other = "11" * 32, "22" * 32
    tokens = (
        "SELECT encode(t.token_sha256, 'hex') AS token FROM ops_secrets.heartbeat_tokens AS t"
        " JOIN ops.heartbeats AS h ON h.id = t.heartbeat_id ORDER BY h.name"
    )
    db.execute(SET, [Jsonb([declared("a", token=one_token), declared("b", token=other)])])

    db.execute(SET, [Jsonb([declared("a", token=other), declared("b", token=one_token)])])
    swapped = [row["token"] for row in every(db, tokens)]
    db.execute(SET, [Jsonb([declared("a"), declared("b")])])

    assert [other, one_token] == swapped
    assert swapped == [row["token"] for row in every(db, tokens)]


def test_old_pings_go_some_at_a_time(db: Connection) -> None:
    """
    The oldest first; what is young enough stays.
    """
    for days in (50, 40, 30, 1):
        add(
            db, "ops.heartbeat_pings", id=uuid4(), heartbeat_id=uuid4(), kind="success", method="GET",
            accepted_at=ago(timedelta(days=days)),
        )  # fmt: skip

    gone = [value(db, "SELECT ops.clean_heartbeat_pings(20, 2)") for _ in range(3)]

    assert [2, 1, 0] == gone
    assert 1 == value(db, "SELECT count(*) FROM ops.heartbeat_pings")


@pytest.mark.parametrize("days", [-1, None])
def test_a_wrong_number_of_days_deletes_nothing(db: Connection, days: int | None) -> None:
    """
    It is a mistake, and says so.
    """
    assert "OP001" == refusal(db, "SELECT ops.clean_heartbeat_pings(%s)", days).sqlstate
