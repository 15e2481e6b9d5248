"""
Who may do what: every table and view, every role, two businesses.
"""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.sql.conftest import Connection
from tests.sql.roles import DENIED, OURS, become
from tests.sql.rows import (
    business,
    every,
    log,
    one,
    refusal,
    value,
)

# What authenticated may read, with the column that tells whose a row is.
OWNED = {
    "businesses": "slug",
    "integration_logs": "business_id",
    "api_metrics": "business_id",
    "workflow_execution_logs": "business_id",
    "health_checks": "business_id",
    "health_flips": "business_id",
    "tasks": "business_id",
    "ops.workflow_findings": "business_id",
    "ops.heartbeats": "business_id",
    "ops.heartbeat_pings": "business_id",
    "ops.alerts": "business_id",
    "ops.alert_silences": "business_id",
    "ops.workflows": "business_id",
    "incidents": "business_id",
    "ops.connections": "business_slug",
    "ops.health_state": "business_id",
    "ops.deltas": "business_id",
    "ops.rollups": "business_id",
    "ops.histograms": "business_id",
    "ops.last_seen": "business_id",
}
TABLES = [*OWNED, "task_logs", "ops.sources", "ops.cycles", "ops.read_cursors", "ops.spool_segments",
          "ops.execution_sweeps", "ops.deployment_steps", "ops.workflow_outputs",
          "ops.log_dead_letters", "ops.log_arrivals", "ops.partitioned_tables", "ops.horizons", "ops.deletions",
          "ops.relations", "ops.functions", "ops.detached_partitions", "ops.budgets", "ops.budget_holders",
          "ops.budget_periods", "ops.budget_spending", "ops.heartbeat_ingests", "ops.alert_notices",
          "ops.maintenance", "ops.leases"]  # fmt: skip
# The owner acts upon what stands there, so only the owner writes it.
BY_OWNER = {"ops.partitioned_tables", "ops.horizons", "ops.deletions", "ops.relations", "ops.functions",
            "ops.detached_partitions"}  # fmt: skip
BUSINESS_VIEWS = [
    "business_activity",
    "business_error_summary",
    "business_integration_health",
    "business_performance_comparison",
    "daily_operations_summary",
    "hubspot_sync_status",
    "business_workflow_executions",
    "weekly_business_report",
    "stale_integrations",
    "businesses_needing_attention",
]
OTHER_VIEWS = [
    "recent_errors",
    "integration_health_summary",
    "api_performance_summary",
    "workflow_performance_summary",
    "recent_workflow_failures",
    "tasks_with_latest_log",
    "tasks_needing_attention",
    "uptime_summary",
    "workflow_problems",
    "heartbeat_status",
    "current_alerts",
]
WRITING = [
    "cleanup_old_logs()",
    "ops.ensure_partitions()",
    "ops.roll_up()",
    "ops.clean_rollups()",
    "ops.drop_detached()",
    "create_task_with_log('x')",
    "update_task_status((SELECT id FROM tasks LIMIT 1), 'running')",
    "mark_task_needs_fix((SELECT id FROM tasks LIMIT 1), 'x')",
    "log_task_action((SELECT id FROM tasks LIMIT 1), 'x')",
    "ops.upsert_business('new', 'New', 'x')",
    "ops.set_connections('[]')",
    """ops.record_health('{"service": "a", "integration_id": "a", "state": "up"}')""",
    """ops.record_health_many('[{"service": "a", "integration_id": "a", "state": "up"}]')""",
    "ops.record_incidents('[]')",
    "ops.take_lease('a', 'a', 1)",
    """ops.upsert_workflow_execution('{"workflow_id": "a", "execution_id": "a", "status": "a"}')""",
]


def named(db: Connection, relation: str, column: str) -> set[Any]:
    """The businesses whose rows can be seen. The relation is named by number, as a view does it."""
    return {row[column] for row in every(db, f"SELECT {column} FROM {relation}")}


def may(db: Connection, role: str, relation: str, right: str) -> bool:
    """Whether a role has been given a right."""
    return bool(value(db, "SELECT has_table_privilege(%s, %s, %s)", role, relation, right))


@pytest.mark.parametrize("role", ["anon", "authenticated", "ops_agent", "service_role"])
def test_rights_on_tables_are_exactly_these(filled: Connection, role: str) -> None:
    """
    The whole matrix: reading for those who may, writing for service_role, tasks for operators, more for nobody.
    """
    readable = {"anon": set(), "authenticated": {*OWNED, "task_logs"}}.get(role, set(TABLES))
    writable = set(TABLES) - BY_OWNER if role == "service_role" else set()
    # To be used with a token that says operator: see the tests of that.
    added = {"tasks", "task_logs"} if role == "authenticated" else writable
    changed = {"tasks"} if role == "authenticated" else writable
    rights = {
        right: {table for table in TABLES if may(filled, role, table, right)}
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    }

    assert {
        "SELECT": readable,
        "INSERT": added,
        "UPDATE": changed,
        "DELETE": writable,
        "TRUNCATE": set(),
        "REFERENCES": set(),
        "TRIGGER": set(),
    } == rights


@pytest.mark.parametrize("role", ["anon", "authenticated", "ops_agent", "service_role"])
def test_rights_on_views_are_exactly_these(filled: Connection, role: str) -> None:
    """
    The public status for all, everything else for all but strangers; writing through a view for nobody.
    """
    views = [*BUSINESS_VIEWS, *OTHER_VIEWS]

    assert may(filled, role, "public_status", "SELECT")
    assert {role != "anon"} == {may(filled, role, view, "SELECT") for view in views}
    assert {False} == {
        may(filled, role, view, "INSERT, UPDATE, DELETE") for view in [*views, "public_status"]
    }


def test_every_table_of_ours_is_in_these_tests(db: Connection) -> None:
    """
    A new table cannot be forgotten here.
    """
    known = {*TABLES, *BUSINESS_VIEWS, *OTHER_VIEWS, "public_status"}
    helpers = {
        "ops.business_keys",
        "ops.connection_activity",
        "ops.checks_now",
        "ops.attention_reasons",
        "ops.partitions",
        "budget_status",
        "ops.standing_health",
        "ops.standing_budgets",
        "ops.standing_dead_letters",
        "ops.standing_losses",
        "ops.standing_undelivered",
    }

    assert known | helpers == {
        row["relation"] for row in every(db, "SELECT relation::text FROM ops.our_tables()")
    }


def test_a_stranger_reads_the_public_status_and_nothing_else(filled: Connection) -> None:
    """
    Names and states; that something of ours lies in `ops` does not even show.
    """
    become(filled, "anon")
    relations = [*(t for t in TABLES if not t.startswith("ops.")), *BUSINESS_VIEWS, *OTHER_VIEWS]

    assert [("Red-Hill-Fresh", "down"), ("Teelixir", "down")] == [
        (row["name"], row["state"]) for row in every(filled, "SELECT * FROM public_status ORDER BY name")
    ]
    assert ["name", "state", "since"] == list(every(filled, "SELECT * FROM public_status")[0])
    assert {DENIED} == {refusal(filled, f"SELECT * FROM {each}").sqlstate for each in relations}
    assert DENIED == refusal(filled, "SELECT * FROM ops.cycles").sqlstate


@pytest.mark.parametrize("role", ["anon", "authenticated", "ops_agent", "service_role"])
def test_nobody_but_the_owner_touches_the_tokens(filled: Connection, role: str) -> None:
    """
    Neither the table nor its schema, whatever the role may do elsewhere.
    """
    rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    tables = ("ops_secrets.oauth_tokens", "ops_secrets.heartbeat_tokens")
    assert not any(may(filled, role, table, right) for right in rights for table in tables)
    become(filled, role, *OURS)

    assert {DENIED} == {
        refusal(filled, statement).sqlstate
        for statement in (
            "SELECT * FROM ops_secrets.oauth_tokens",
            "SELECT * FROM ops_secrets.heartbeat_tokens",
            "DELETE FROM ops_secrets.oauth_tokens",
            "INSERT INTO ops_secrets.oauth_tokens VALUES ('a', 1, '', now())",
            "CREATE TABLE ops_secrets.mine ()",
        )
    }


def test_a_role_that_we_never_heard_of_reads_nothing(filled: Connection) -> None:
    """
    No right of ours is everybody's.
    """
    filled.execute("CREATE ROLE passer_by")
    become(filled, "passer_by", *OURS)

    assert {DENIED} == {
        refusal(filled, f"SELECT * FROM {each}").sqlstate
        for each in [*TABLES, *BUSINESS_VIEWS, *OTHER_VIEWS, "public_status"]
    }


@pytest.mark.parametrize("by", ["slug", "id"])
def test_a_member_reads_the_rows_of_its_business_only(filled: Connection, by: str) -> None:
    """
    Named by slug or by id, and whether a row holds the slug or the id; the group's rows are not its own.
    """
    id = str(value(filled, "SELECT id FROM businesses WHERE slug = 'teelixir'"))
    other = str(value(filled, "SELECT id FROM businesses WHERE slug = 'red-hill-fresh'"))
    log(filled, business_id=id)
    log(filled, business_id=other)
    filled.execute("GRANT USAGE ON SCHEMA ops TO authenticated")  # to name its tables in this test
    become(filled, "authenticated", id if by == "id" else "teelixir")
    seen = {table: named(filled, table, column) for table, column in OWNED.items()}

    both = {"teelixir", id}
    assert {table: {"teelixir"} for table in OWNED} | {"integration_logs": both, "ops.deltas": both} == seen
    assert 2 == value(filled, "SELECT count(*) FROM task_logs")


def test_a_member_of_two_businesses_reads_both(filled: Connection) -> None:
    """
    And still not the group's.
    """
    become(filled, "authenticated", *OURS)

    assert set(OURS) == named(filled, "integration_logs", "business_id")


def test_a_member_sees_its_business_in_every_view(filled: Connection) -> None:
    """
    The views read with the rights of whoever asks, so none of them tells more than the tables do.
    """
    become(filled, "authenticated", "teelixir")

    assert {view: {"Teelixir"} for view in BUSINESS_VIEWS} == {
        view: named(filled, view, "business_name") for view in BUSINESS_VIEWS
    }
    assert {"hubspot/teelixir", "xero/teelixir"} == named(filled, "uptime_summary", "integration_id")
    assert {"teelixir"} == named(filled, "recent_errors", "business_id")
    assert {"teelixir"} == named(filled, "tasks_needing_attention", "business_id")
    assert {"hubspot/teelixir"} == named(filled, "recent_workflow_failures", "workflow_id")
    assert {"hubspot/teelixir"} == named(filled, "workflow_performance_summary", "workflow_id")
    assert 1 == value(filled, "SELECT total_logs FROM integration_health_summary")
    assert 1 == value(filled, "SELECT total_calls FROM api_performance_summary")


def test_a_member_asks_about_its_own_business_only(filled: Connection) -> None:
    """
    For it, another one does not exist.
    """
    become(filled, "authenticated", "teelixir")

    assert 1 == one(filled, "SELECT * FROM get_business_stats('teelixir')")["total_operations"]
    assert 1 == one(filled, "SELECT * FROM get_error_rate('hubspot')")["total_logs"]
    assert "OP002" == refusal(filled, "SELECT * FROM get_business_stats('red-hill-fresh')").sqlstate


@pytest.mark.parametrize(
    "claims",
    [
        "",
        "not json",
        "null",
        "[]",
        "7",
        "{}",
        '{"app_metadata": null}',
        '{"app_metadata": {"business_ids": null}}',
        '{"app_metadata": {"business_ids": "teelixir"}}',
        '{"app_metadata": {"business_ids": {"teelixir": true}}}',
        '{"app_metadata": {"business_ids": []}}',
        '{"app_metadata": {"business_ids": [null, "", "%", "nobody", 7]}}',
        '{"business_ids": ["teelixir"]}',
        '{"user_metadata": {"business_ids": ["teelixir"]}}',
    ],
)
def test_a_token_that_names_no_business_of_ours_opens_nothing(filled: Connection, claims: str) -> None:
    """
    No error, no rows: also not those of the group, and not for what users may write themselves.
    """
    become(filled, "authenticated", claims=claims)
    views = [
        *BUSINESS_VIEWS,
        *OTHER_VIEWS,
        "businesses",
        "integration_logs",
        "health_checks",
        "tasks",
        "task_logs",
    ]

    assert {view: [] for view in views} == {view: every(filled, f"SELECT * FROM {view}") for view in views}


def test_a_session_without_any_token_sees_nothing(filled: Connection) -> None:
    """
    The setting need not even exist.
    """
    filled.execute("SET LOCAL ROLE authenticated")

    assert [] == every(filled, "SELECT * FROM integration_logs")


def test_the_agent_reads_everything(filled: Connection) -> None:
    """
    As many rows as the owner, in each table and view.
    """
    relations = [*TABLES, *BUSINESS_VIEWS, *OTHER_VIEWS, "public_status"]

    def rows() -> dict[str, int]:
        return {each: value(filled, f"SELECT count(*) FROM {each}") for each in relations}

    owner = rows()
    become(filled, "ops_agent")

    assert owner == rows()
    assert 0 not in owner.values()


@pytest.mark.parametrize("role", ["anon", "authenticated", "ops_agent"])
def test_who_only_reads_cannot_call_what_writes(filled: Connection, role: str) -> None:
    """
    Not even on rows of its own business.
    """
    become(filled, role, "teelixir")

    assert dict.fromkeys(WRITING, DENIED) == {
        call: refusal(filled, f"SELECT {call}").sqlstate for call in WRITING
    }


@pytest.mark.parametrize("role", ["authenticated", "ops_agent"])
def test_who_only_reads_cannot_write(filled: Connection, role: str) -> None:
    """
    Tried, and not only asked for the right.
    """
    become(filled, role, "teelixir")

    assert {DENIED} == {
        refusal(filled, statement).sqlstate
        for table in ("businesses", "integration_logs", "tasks", "health_flips")
        for statement in (
            f"INSERT INTO {table} DEFAULT VALUES",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        )
    }


def test_the_server_side_writes_everything(filled: Connection) -> None:
    """
    Through tables and functions, partitions included, without the right to go round policies.
    """
    filled.execute("SELECT ops.ensure_partitions(0, 9)")
    become(filled, "service_role")
    for call in WRITING:
        filled.execute(f"SELECT {call}".encode())
    log(filled, business_id="nobody")
    filled.execute("UPDATE integration_logs SET message = 'x' WHERE business_id = 'nobody'")

    assert 1 == value(filled, "SELECT count(*) FROM integration_logs WHERE message = 'x'")
    assert 4 == filled.execute("DELETE FROM integration_logs").rowcount
    assert not value(filled, "SELECT rolbypassrls FROM pg_roles WHERE rolname = 'service_role'")


@pytest.mark.parametrize("role", ["authenticated", "ops_agent", "service_role"])
def test_nobody_reaches_a_partition_directly(filled: Connection, role: str) -> None:
    """
    The policies stand on the parent; what goes round it goes nowhere, in partitions made later as well.
    """
    filled.execute("SELECT ops.ensure_partitions(0, 9)")
    partitions = [f"ops.{row['partition_name']}" for row in every(filled, "SELECT * FROM ops.partitions")]
    filled.execute(f"GRANT USAGE ON SCHEMA ops TO {role}".encode())
    become(filled, role, "teelixir")

    assert {DENIED} == {refusal(filled, f"SELECT * FROM {each}").sqlstate for each in partitions}


def test_what_the_platform_records_never_needs_rights_of_its_own(db: Connection) -> None:
    """
    The owner is an ordinary role, and no policy holds for it.
    """
    business(db)
    db.execute("SELECT ops.set_connections(%s)", [Jsonb([{"id": "a/b", "service": "a"}])])
    log(db)

    assert not value(
        db, "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    assert 1 == value(db, "SELECT count(*) FROM integration_logs")


def test_granting_again_changes_nothing(db: Connection) -> None:
    """
    It may be run at any time, for instance after a role was created.
    """
    policies = "SELECT * FROM pg_policies ORDER BY schemaname, tablename, policyname"
    rights = """
        SELECT c.oid::regclass::text, a.grantee::regrole::text, array_agg(a.privilege_type ORDER BY 1)
        FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS a
        WHERE c.relnamespace IN ('public'::regnamespace, 'ops'::regnamespace)
        GROUP BY c.oid, a.grantee ORDER BY c.oid, a.grantee
    """
    before = every(db, policies), every(db, rights)
    db.execute("SELECT ops.grant_access()")

    assert before == (every(db, policies), every(db, rights))
    assert all(before)
