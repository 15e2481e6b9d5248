"""
From rows to notices, on a real database: the default rules, rules of one's own, and what cannot be read.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from masterops.alerts import evaluate, forget
from masterops.core import clock
from masterops.errors import DatabaseError
from tests.alerts.platform import Platform

NOW = "[alerts]\ngroup_wait_seconds = 0\n"
STOCK = """
[[alerts.rules]]
name = "out-of-stock"
source = "view:public.stock"
keys = ["sku"]
where = [
    { field = "left", op = "<", value = 5 },
    { field = "kind", op = "in", value = ["tea", "honey"] },
]
severity = { field = "kind", tea = "critical" }
summary = "{sku} is nearly out of stock ({left} left)"
"""


async def test_a_service_that_is_down_is_told_with_its_cause_and_what_to_do(platform: Platform) -> None:
    """
    By the default rules, with nothing configured: into the log.
    """
    await platform.register("hubspot/teelixir")
    await platform.check(0, "hubspot/teelixir", "up")
    await platform.look(0)
    await platform.check(60, "hubspot/teelixir", "down", "no answer within 10 s")
    for at in (60, 75, 90, 105):
        await platform.look(at)
    delivered = await platform.deliver()

    since = platform.moment(60).strftime("%H:%M UTC")
    (row,) = await platform.run("SELECT message FROM ops.alert_notices")
    assert [f"CRITICAL Teelixir: HubSpot is down since {since}"] == await platform.titles()
    assert [
        "no answer within 10 s",
        "What to do: Check the network and the base URL; it is tried again by itself.",
        "Runbook: docs/runbooks/service-down.md",
        "Acknowledge: ops alerts ack 1",
    ] == row["message"]["lines"]
    assert 1 == delivered.sent
    assert ["alert.firing"] == [each.message for each in platform.notebook.records]


async def test_every_default_source_is_read_and_told(platform: Platform) -> None:
    """
    A workflow that did not run, a quota that is used up, refused and lost log records, one notice each.
    """
    platform.configure(NOW)
    await platform.register("unleashed/teelixir")
    await platform.run(
        "SELECT * FROM ops.record_workflow_findings('n8n/group', '{missed}', %s::jsonb)",
        '[{"workflow_id": "7", "workflow_name": "Orders", "business_id": "teelixir", "problem": "missed",'
        ' "subject": "09:00", "severity": "critical", "reason": "it was due at 09:00 and did not run"}]',
    )
    await platform.run(
        "INSERT INTO ops.budgets (connection, limit_name, declared, most, seconds, period, zone, latest)"
        " VALUES ('unleashed/teelixir', 'month', 100, 100, NULL, 'month', 'UTC', now())"
    )
    await platform.run(
        "INSERT INTO ops.budget_periods (connection, limit_name, starts, spent, mark_at, before_at)"
        " SELECT connection, limit_name, ops.budget_period(clock_timestamp(), period, zone), 100, now(), now()"
        " FROM ops.budgets"
    )
    await platform.run(
        "INSERT INTO ops.log_dead_letters (segment, line_offset, line, reason) VALUES ('a', 0, 'x', 'too long')"
    )
    await platform.run(
        "INSERT INTO integration_logs (source, level, message, details_json)"
        " VALUES ('logs', 'error', 'logs.lost', '{\"lost\": 12}')"
    )
    await platform.look(6 * 3600)

    titles = sorted(title.partition(" since")[0] for title in await platform.titles())
    assert [
        "CRITICAL Teelixir: Unleashed's calls of the month are used up",
        "CRITICAL Teelixir: workflow Orders: missed",
        "CRITICAL log records were lost",
        "WARNING log records were refused by the database",
    ] == titles


async def test_a_rule_reads_any_view_by_its_conditions(platform: Platform) -> None:
    """
    Names and values go to the database as such, whatever they hold.
    """
    await platform.run('CREATE TABLE public.stock (sku text, "left" int, kind text, business text);')
    await platform.run(
        "INSERT INTO stock VALUES ('T-1', 2, 'tea', 'teelixir'), ('H-1', 3, 'honey', NULL), ('T-2', 9, 'tea', NULL),"
        " ('X-1', 0, 'box', NULL)"
    )
    platform.configure(NOW + STOCK)
    await platform.look(0)
    await platform.run("UPDATE stock SET \"left\" = 50 WHERE sku = 'T-1'")
    await platform.look(15)

    titles = [title.partition(" since")[0] for title in await platform.titles()]
    assert [
        "CRITICAL teelixir: T-1 is nearly out of stock (2 left), and 1 more",
        "RESOLVED teelixir: T-1 is nearly out of stock (2 left) (lasted 15 s)",
    ] == titles


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (None, "There is no table or view named 'public.stock'"),
        ("SELECT 'T-1' AS sku", "There is no column named 'left'"),
        (
            "SELECT sku::text, 1 AS \"left\", 'tea' AS kind FROM generate_series(1, 1001) AS sku",
            "more than 1,000 rows",
        ),
        ("SELECT 'a' AS sku, 1 / (random() * 0)::int AS \"left\", 'tea' AS kind", "division by zero"),
        ("SELECT 'a' AS sku, 1 AS \"left\", 'tea' AS kind, pg_sleep(60)::text", "it took longer than 5 s"),
    ],
    ids=["is gone", "lost a column", "finds too much", "fails", "takes too long"],
)
async def test_a_rule_that_cannot_be_read_is_told_and_ends_nothing(
    view: str | None, reason: str, platform: Platform
) -> None:
    """
    The other rules go on; its own alerts stay as they are until it can be read again.
    """
    await platform.run("CREATE VIEW public.stock AS SELECT 'T-1' AS sku, 1 AS \"left\", 'tea' AS kind")
    platform.configure(NOW + STOCK)
    await platform.look(0)
    await platform.run("DROP VIEW public.stock")
    if view is not None:
        await platform.run(f"CREATE VIEW public.stock AS {view}")
    found = await platform.look(15)

    told = await platform.run(
        "SELECT message ->> 'title' AS title, message FROM ops.alert_notices ORDER BY created_at"
    )
    assert 1 == found.unread
    assert "WARNING alert rule out-of-stock cannot be read since" in told[1]["title"]
    assert reason in told[1]["message"]["lines"][0]
    assert ["firing"] == [
        row["state"] for row in await platform.run("SELECT state FROM ops.alerts WHERE rule = 'out-of-stock'")
    ]


async def test_a_view_cannot_write_whatever_it_calls(platform: Platform) -> None:
    """
    The transaction is read only.
    """
    await platform.run("CREATE TABLE public.traces (at timestamptz)")
    await platform.run(
        "CREATE FUNCTION public.leave_trace() RETURNS text LANGUAGE sql AS"
        " $$ INSERT INTO public.traces VALUES (now()) RETURNING 'tea' $$"
    )
    await platform.run(
        "CREATE VIEW public.stock AS SELECT 'T-1' AS sku, 1 AS \"left\", leave_trace() AS kind"
    )
    platform.configure(NOW + STOCK)
    found = await platform.look(0)

    assert 1 == found.unread
    assert [] == await platform.run("SELECT * FROM public.traces")


async def test_two_that_evaluate_at_once_tell_once(platform: Platform) -> None:
    """
    One has the turn, the others leave it to that one.
    """
    platform.configure(NOW)
    await platform.check(0, "hubspot/teelixir", "down", "gone")
    looks = [
        evaluate(platform.pool, platform.settings, platform.log, now=lambda: platform.moment(0))
        for _ in range(3)
    ]
    outcomes = await asyncio.gather(*looks)

    assert any(each is not None for each in outcomes)
    assert [("firing", "log", "waiting")] == await platform.notices()


async def test_what_was_held_in_quiet_hours_is_told_in_one_message_at_their_end(platform: Platform) -> None:
    """
    Two warnings and the end of one; the critical alert did not wait.
    """
    begins, ends = platform.moment(0), platform.moment(3600)
    platform.configure(
        f'{NOW}quiet_hours = "{begins:%H:%M}-{ends:%H:%M}"\n'
        '[[alerts.rules]]\nname = "service-degraded"\nsource = "flips"\n'
        'where = [{ field = "state", value = "degraded" }]\n'
    )
    await platform.register("hubspot/teelixir", "xero/teelixir", "n8n/teelixir")
    await platform.check(60, "hubspot/teelixir", "degraded", "slow")
    await platform.check(60, "xero/teelixir", "degraded", "slow")
    await platform.check(60, "n8n/teelixir", "down", "gone")
    await platform.look(60)
    await platform.check(600, "xero/teelixir", "up")
    await platform.look(600)
    night = await platform.notices()
    for at in (3590, 3660, 3675):
        await platform.look(at)

    assert [("firing", "log", "waiting")] == [each for each in night if each[2] == "waiting"]
    assert 3 == sum(each[2] == "held" for each in night)
    assert ["merged"] * 3 + ["waiting"] * 2 == sorted(status for _, _, status in await platform.notices())
    assert "3 notices from the quiet hours" == (await platform.titles())[-1]


async def test_an_acknowledgement_during_an_evaluation_is_kept(platform: Platform) -> None:
    """
    People's words are never written over.
    """
    platform.configure(NOW)
    await platform.check(0, "hubspot/teelixir", "down", "gone")
    await platform.look(0)
    await platform.run("UPDATE ops.alerts SET acknowledged_at = now(), acknowledged_by = 'ann'")
    await platform.check(15, "hubspot/teelixir", "up")
    await platform.look(15)

    (alert,) = await platform.run("SELECT state, acknowledged_by FROM ops.alerts")
    assert {"state": "resolved", "acknowledged_by": "ann"} == alert


async def test_what_is_long_over_is_forgotten_and_what_waits_is_not(platform: Platform) -> None:
    """
    With the retention of health checks.
    """
    platform.configure(NOW)
    await platform.check(0, "hubspot/teelixir", "down", "gone")
    await platform.look(0)
    await platform.check(15, "hubspot/teelixir", "up")
    await platform.look(15)
    await platform.run("UPDATE ops.alerts SET closed_at = %s", clock.now() - timedelta(days=91))
    await platform.run("UPDATE ops.alert_notices SET created_at = %s", clock.now() - timedelta(days=91))
    await platform.run("UPDATE ops.alert_notices SET status = 'sent' WHERE kind = 'firing'")
    async with platform.pool.connection() as connection:
        await forget(connection, 90)

    assert [("resolved", "log", "waiting")] == await platform.notices()
    assert [] == await platform.run("SELECT * FROM ops.alerts")


async def test_a_session_that_ends_between_two_writes_leaves_nothing_half_done(platform: Platform) -> None:
    """
    The alert was written, and its notice ends the server's process: the next look finds it all undone and tells
    it once.
    """
    platform.configure(NOW)
    await platform.check(0, "hubspot/teelixir", "down", "gone")
    await platform.run(
        "CREATE FUNCTION public.end_it() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
    )
    await platform.run(
        "CREATE TRIGGER end_it BEFORE INSERT ON ops.alert_notices FOR EACH ROW EXECUTE FUNCTION public.end_it()"
    )
    with pytest.raises(DatabaseError):
        await platform.look(0)
    undone = await platform.run("SELECT id FROM ops.alerts"), await platform.notices()
    await platform.run("DROP TRIGGER end_it ON ops.alert_notices")
    await platform.look(15)
    await platform.look(30)

    assert ([], []) == undone
    assert [("firing", "log", "waiting")] == await platform.notices()


@pytest.mark.parametrize(
    ("integration", "check", "expected"),
    [
        ("check/shop", "http", "check shop is down"),
        ("heartbeat/nightly", "heartbeat", "heartbeat nightly is down"),
        ("hubspot/teelixir", "token", "HubSpot token is down"),
        ("hubspot/teelixir", "connection", "HubSpot is down"),
    ],
)
async def test_an_alert_says_which_check_it_is(
    platform: Platform, integration: str, check: str, expected: str
) -> None:
    """
    The first line is all that a phone shows.
    """
    platform.configure(NOW)
    look = {"service": integration.partition("/")[0], "integration_id": integration, "check_name": check}
    await platform.run("SELECT * FROM ops.record_health(%s)", Jsonb({**look, "state": "down"}))
    await platform.look(0)

    assert [expected] == [
        title.removeprefix("CRITICAL ").partition(" since")[0] for title in await platform.titles()
    ]


async def test_nobody_is_told_inside_a_window_of_maintenance_but_of_the_end(platform: Platform) -> None:
    """
    Neither for the first time nor by a repeat; what was told before the window and ends in it is resolved.
    """
    platform.configure(
        f"{NOW}[[alerts.rules]]\nname = 'service-down'\nsource = 'flips'\nrepeat_every = '5m'\n"
        "where = [{ field = 'state', op = '=', value = 'down' }]\n"
    )
    await platform.register("hubspot/teelixir", "unleashed/teelixir")
    await platform.check(0, "hubspot/teelixir", "down", "no answer")
    await platform.look(0)
    await platform.check(30, "unleashed/teelixir", "down", "no answer")
    await platform.run("UPDATE ops.health_state SET maintenance = 'night'")
    await platform.look(60)
    await platform.look(600)
    for connection in ("hubspot/teelixir", "unleashed/teelixir"):
        await platform.check(630, connection, "up")
    await platform.look(645)

    assert ["firing", "resolved"] == [kind for kind, _, _ in await platform.notices()]
