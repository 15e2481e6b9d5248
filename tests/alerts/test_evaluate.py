"""
From rows to notices, on a real database: the default rules, rules of one's own, and what cannot be read.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from masterops.alerts import asking, evaluate, forget
from masterops.core import clock
from masterops.errors import DatabaseError
from masterops.health import record_incidents
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
        "CRITICAL Teelixir: 95 % of Unleashed's calls of the month are spent",
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


QUICK = "[alerts]\ngroup_wait_seconds = 30\n"
SHOP = (
    '[[checks]]\nname = "shop"\nkind = "tcp"\nhost = "shop.example"\nport = 443\n'
    'depends_on = ["hubspot/teelixir"]\n'
)


async def test_one_incident_is_one_notice(platform: Platform) -> None:
    """
    HubSpot and the check that needs it, as the health checks found them.
    """
    platform.configure(QUICK + SHOP)
    await platform.register("hubspot/teelixir")
    await platform.check(0, "hubspot/teelixir", "down", "no answer")
    await platform.check(5, "check/shop", "down", "no answer", check="tcp")
    for at in (15, 30, 45):
        await platform.look(at)
    await record_incidents(platform.pool, platform.settings.needs)
    current = await platform.run("SELECT part_of FROM current_alerts")
    told = await platform.run("SELECT alert_ids FROM ops.alert_notices")
    incidents = await platform.run("SELECT title FROM incidents")
    titles = [title.partition(" since")[0] for title in await platform.titles()]

    assert ["CRITICAL Teelixir: HubSpot is down, and 1 more with it"] == titles
    assert {None, told[0]["alert_ids"][0]} == {each["part_of"] for each in current}
    assert ["hubspot/teelixir is down, and 1 check with it"] == [each["title"] for each in incidents]


async def test_what_nobody_can_say_anything_of_is_not_over(platform: Platform) -> None:
    """
    Down, unknown, down: one beginning and no end, and the incident stands; up ends both.
    """
    platform.configure(NOW)
    for at, state in enumerate(("down", "unknown", "down")):
        await platform.check(at * 60, "hubspot/teelixir", state, "no answer")
        await platform.look(at * 60)
        await record_incidents(platform.pool)
    unsure = await platform.notices(), await platform.run("SELECT closed_at FROM incidents")
    await platform.check(300, "hubspot/teelixir", "up")
    await platform.look(300)
    await record_incidents(platform.pool)

    assert ([("firing", "log", "waiting")], [{"closed_at": None}]) == unsure
    assert ["firing", "resolved"] == [kind for kind, _, _ in await platform.notices()]
    (incident,) = await platform.run("SELECT closed_at FROM incidents")
    assert incident["closed_at"] is not None


async def test_what_is_in_maintenance_is_neither_alert_nor_attention_nor_incident(platform: Platform) -> None:
    """
    All three agree, in the window and after it.
    """
    platform.configure(NOW)
    await platform.register("hubspot/teelixir")
    await platform.check(0, "hubspot/teelixir", "down", "no answer")

    async def shown(at: float) -> list[int]:
        await platform.look(at)
        await record_incidents(platform.pool)
        return [
            len(await platform.run(f"SELECT 1 FROM {each}"))
            for each in (
                "current_alerts",
                "businesses_needing_attention",
                "incidents WHERE closed_at IS NULL",
            )
        ]

    before = await shown(0)
    await platform.run("UPDATE ops.health_state SET maintenance = 'night'")
    inside = await shown(60)
    listed = [row["status"] for row in await asking.history(platform.pool, 10)]
    await platform.run("UPDATE ops.health_state SET maintenance = NULL")

    assert ([1, 1, 1], [0, 0, 0], [1, 1, 1]) == (before, inside, await shown(120))
    assert ["maintenance"] == listed
    assert ["firing"] == [kind for kind, _, _ in await platform.notices()]


async def test_a_heartbeat_is_as_bad_as_it_says(platform: Platform) -> None:
    """
    Its alert, and the attention that its business needs; one that is paused is over.
    """
    platform.configure(NOW)
    await platform.register("hubspot/teelixir")
    for name, severity in (("nightly", "critical"), ("weekly", "warning")):
        await platform.run(
            "INSERT INTO ops.heartbeats (name, every_seconds, severity, business_id) VALUES (%s, 60, %s, 'teelixir')",
            name,
            severity,
        )
        await platform.check(0, f"heartbeat/{name}", "down", "no ping", check="heartbeat")
    await platform.look(0)
    alerts = await platform.run("SELECT summary, severity FROM current_alerts ORDER BY summary")
    critical = await platform.run("SELECT what, critical FROM ops.attention_reasons ORDER BY what")
    await platform.run("UPDATE ops.heartbeats SET paused_at = now()")
    await platform.look(60)

    assert [("heartbeat nightly is down", "critical"), ("heartbeat weekly is down", "warning")] == [
        (each["summary"], each["severity"]) for each in alerts
    ]
    assert [True, False] == [each["critical"] for each in critical if each["what"].startswith("heartbeat/")]
    assert [] == await platform.run("SELECT 1 FROM current_alerts")


async def test_each_step_of_a_months_calls_is_told_once(platform: Platform) -> None:
    """
    At 80, 90 and 95 per cent, however often it is looked at; when a month begins, all of it is over.
    """
    platform.configure(NOW)
    await platform.register("unleashed/teelixir")
    await platform.run(
        "INSERT INTO ops.budgets (connection, limit_name, declared, most, period, latest)"
        " VALUES ('unleashed/teelixir', 'month', 1000, 1000, 'month', now())"
    )
    await platform.run(
        "INSERT INTO ops.budget_periods (connection, limit_name, starts, spent, before_spent, mark_at, before_at)"
        " SELECT connection, limit_name, ops.budget_period(clock_timestamp(), period, zone), 0, 0, now(), now()"
        " FROM ops.budgets"
    )
    for at, spent in enumerate((799, 800, 850, 899, 900, 949, 950, 999, 3)):
        # At no pace at all: whether they last is another rule's.
        await platform.run("UPDATE ops.budget_periods SET spent = %s, before_spent = %s", spent, spent)
        await platform.look(at * 60)
        await platform.look(at * 60 + 15)

    titles = [title.partition(" since")[0] for title in await platform.titles()]
    assert [
        "INFO Teelixir: 80 % of Unleashed's calls of the month are spent",
        "NOW WARNING Teelixir: 90 % of Unleashed's calls of the month are spent",
        "NOW CRITICAL Teelixir: 95 % of Unleashed's calls of the month are spent",
        "RESOLVED Teelixir: 95 % of Unleashed's calls of the month are spent (lasted 7 min)",
    ] == titles
