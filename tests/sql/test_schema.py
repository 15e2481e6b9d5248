"""
What the migrations leave behind.
"""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.sql.conftest import MIGRATIONS, Connection, Server, migrate
from tests.sql.rows import add, every, log, one, value

VIEWS = {
    "recent_errors": "id source service operation message details_json duration_ms workflow_id business_id"
    " created_at",
    "integration_health_summary": "source total_logs error_count warning_count info_count error_rate_pct"
    " avg_duration_ms p95_duration_ms last_activity",
    "workflow_performance_summary": "workflow_id workflow_name total_executions successful_executions"
    " failed_executions success_rate_pct avg_duration_ms p95_duration_ms last_execution",
    "recent_workflow_failures": "id workflow_id workflow_name execution_id status error_message"
    " error_details_json duration_ms nodes_executed nodes_failed started_at finished_at",
    "api_performance_summary": "service endpoint total_calls successful_calls failed_calls success_rate_pct"
    " avg_duration_ms p95_duration_ms min_duration_ms max_duration_ms last_call",
    "business_activity": "business_name business_slug source operation status message duration_ms created_at",
    "business_error_summary": "business_name business_slug error_count affected_integrations last_error"
    " error_sources",
    "business_integration_health": "business_name business_slug source total_operations errors warnings"
    " error_rate_pct avg_duration_ms last_activity",
    "business_performance_comparison": "business_name business_slug total_operations unique_operations"
    " successful_operations failed_operations success_rate_pct avg_duration_ms operations_by_source",
    "daily_operations_summary": "business_name operation_date total_operations successful failed"
    " avg_duration_ms operations_by_source",
    "hubspot_sync_status": "business_name hubspot_company_id total_syncs successful_syncs failed_syncs"
    " last_successful_sync last_failed_sync avg_sync_duration_ms",
    "business_workflow_executions": "business_name workflow_id workflow_name total_executions successful"
    " failed avg_duration_ms last_execution",
    "businesses_needing_attention": "business_name business_slug errors_last_hour errors_last_24h"
    " last_error_time recent_errors reasons severity",
    "stale_integrations": "business_name integration last_activity hours_since_activity",
    "weekly_business_report": "business_name week_start total_operations active_integrations"
    " successful_operations failed_operations success_rate_pct avg_duration_ms p95_duration_ms",
    "tasks_with_latest_log": "id title status priority business_id retry_count next_retry_at last_action",
    "tasks_needing_attention": "id title status priority business_id retry_count next_retry_at"
    " attention_reason",
    "uptime_summary": "business service uptime_pct_24h uptime_pct_7d uptime_pct_30d avg_response_time_ms"
    " p95_response_time_ms incidents last_down",
    "public_status": "name state since",
}


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_its_columns_and_no_rows_in_an_empty_database(db: Connection, view: str) -> None:
    """
    The names are a contract: other tools ask by them.
    """
    cursor = db.execute(f"SELECT * FROM {view}".encode())

    assert [] == cursor.fetchall()
    assert set() == set(VIEWS[view].split()) - {column.name for column in cursor.description or ()}


def test_the_schema_finds_nothing_wrong_with_itself(db: Connection) -> None:
    """
    Row level security, policies, grants, comments, search paths, indexes, no rights on partitions.
    """
    assert [] == every(db, "SELECT * FROM ops.schema_lint()")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("CREATE TABLE ops.open (id int)",
         {"no comment", "row level security is off", "nobody has decided who may read it"}),
        ("ALTER VIEW recent_errors SET (security_invoker = false)", {"reads with its owner's rights"}),
        ("GRANT SELECT ON ops.api_metrics_default TO anon", {"anon has rights on a partition"}),
        ("GRANT EXECUTE ON FUNCTION cleanup_old_logs TO PUBLIC", {"everybody may call it"}),
        ("ALTER FUNCTION ops.uuid7() RESET search_path", {"its search_path is not fixed"}),
        ("DROP INDEX task_logs_task", {"no index serves foreign key task_logs_task_id_fkey"}),
        ("COMMENT ON FUNCTION ops.uuid7() IS NULL", {"no comment"}),
        ("DROP POLICY tasks_ops_agent ON tasks", {"no policy lets ops_agent read rows"}),
        ("REVOKE SELECT ON recent_errors FROM authenticated", {"authenticated may not read it"}),
        ("DROP INDEX tasks_business", {"no index serves its policy, which asks for business_id"}),
    ],
    ids=["table", "view", "partition", "function", "search-path", "index", "comment", "policy", "grant", "policy-index"],
)  # fmt: skip
def test_the_schema_finds_what_is_wrong_with_itself(db: Connection, change: str, problem: set[str]) -> None:
    """
    A check that finds nothing must be able to find something.
    """
    db.execute(change.encode())

    assert problem == {row["problem"] for row in every(db, "SELECT * FROM ops.schema_lint()")}


def test_ids_sort_by_the_time_they_were_made(db: Connection) -> None:
    """
    Version 7 of RFC 9562, within a moment of the clock.
    """
    rows = every(
        db,
        "SELECT ops.uuid7() AS id, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,"
        " pg_sleep(0.002) FROM generate_series(1, 20)",
    )
    ids = [row["id"] for row in rows]

    assert {(7, "specified in RFC 4122")} == {(UUID(str(id)).version, UUID(str(id)).variant) for id in ids}
    assert sorted(ids) == ids
    assert all(abs((id.int >> 80) - row["now"]) < 100 for id, row in zip(ids, rows, strict=True))


def test_updated_at_follows_every_change(db: Connection) -> None:
    """
    Whoever changes a business cannot forget it.
    """
    before = add(db, "businesses", slug="teelixir", name="Teelixir", type="ecommerce")
    db.execute("UPDATE businesses SET type = 'wholesale', updated_at = '2000-01-01'")
    after = one(db, "SELECT * FROM businesses")

    assert before["updated_at"] < after["updated_at"]
    assert before["created_at"] == after["created_at"]


@pytest.mark.parametrize(
    ("column", "word"),
    [("level", "fatal"), ("status", "ok"), ("source", "")],
)
def test_a_log_record_uses_the_words_of_the_glossary(db: Connection, column: str, word: str) -> None:
    """
    Level and status are closed lists; the source is open, but not empty.
    """
    with pytest.raises(psycopg.errors.CheckViolation):
        log(db, **{column: word})


def test_a_source_that_nobody_has_heard_of_is_stored(db: Connection) -> None:
    """
    A new service must not fail a batch of log records.
    """
    assert "a-service-of-tomorrow" == log(db, source="a-service-of-tomorrow")["source"]


@pytest.mark.parametrize(
    "slug", ["", "Teelixir", "a b", "-a", "a--b", "group", "01234567-89ab-cdef-0123-456789abcdef"]
)
def test_a_slug_cannot_be_mistaken_for_anything_else(db: Connection, slug: str) -> None:
    """
    Not for an id, not for the word that stands for all businesses.
    """
    with pytest.raises(psycopg.errors.CheckViolation):
        add(db, "businesses", slug=slug, name="x", type="x")


def test_missing_roles_are_made_where_that_is_allowed(admin: Connection) -> None:
    """
    The embedded server has one user and none of Supabase's roles.
    """
    for role in ("anon", "authenticated", "service_role", "ops_agent"):
        admin.execute(f"ALTER ROLE {role} RENAME TO was_{role}".encode())
    admin.execute("DROP SCHEMA ops CASCADE")
    admin.execute(sorted(MIGRATIONS.glob("*.sql"))[0].read_bytes())

    assert {"anon", "authenticated", "service_role", "ops_agent"} == {
        row["api_roles"] for row in every(admin, "SELECT ops.api_roles()")
    }
    assert 0 == value(
        admin,
        "SELECT count(*) FROM pg_roles"
        " WHERE rolname IN (SELECT ops.api_roles()) AND (rolcanlogin OR rolsuper)",
    )


def test_an_owner_who_may_not_make_roles_migrates_without_them_and_grants_later(server: Server) -> None:
    """
    A missing role is no error: its grants are left out until it is there.
    """
    server.create("bare")
    try:
        with server.connect("bare") as admin, admin.transaction(force_rollback=True):
            admin.execute("ALTER ROLE ops_agent RENAME TO was_ops_agent")
            admin.execute("SET ROLE platform")
            migrate(admin)

            assert 3 == value(admin, "SELECT count(*) FROM ops.api_roles()")
            assert value(admin, "SELECT has_table_privilege('service_role', 'integration_logs', 'INSERT')")

            admin.execute("RESET ROLE; CREATE ROLE ops_agent; SET ROLE platform; SELECT ops.grant_access()")

            assert value(admin, "SELECT has_table_privilege('ops_agent', 'integration_logs', 'SELECT')")
    finally:
        server.drop("bare")
