"""
Looking after the database: how large it is, whether its access rules are whole, dropping what is old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from psycopg.types.json import Jsonb

from masterops.config import Retention
from masterops.db.connect import Pool

SIZES = """
SELECT coalesce(p.table_name, t.name) AS table_name, p.partitions, p.oldest, p.newest,
    coalesce(p.size_bytes, t.size_bytes)::bigint AS size_bytes, t.rows_estimate
FROM (
    SELECT c.oid, n.nspname || '.' || c.relname AS full_name,
        CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS name,
        pg_total_relation_size(c.oid) AS size_bytes,
        (
            SELECT sum(greatest(part.reltuples, 0))::bigint FROM pg_partition_tree(c.oid) AS tree
            JOIN pg_class AS part ON part.oid = tree.relid AND tree.isleaf
        ) AS partition_rows,
        greatest(c.reltuples, 0)::bigint AS own_rows
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'ops')
) AS c
CROSS JOIN LATERAL (
    SELECT c.name, c.size_bytes, coalesce(c.partition_rows, c.own_rows) AS rows_estimate
) AS t
LEFT JOIN LATERAL (
    SELECT q.table_name, count(*) AS partitions, min(q.lower_bound) AS oldest, max(q.upper_bound) AS newest,
        sum(q.size_bytes) AS size_bytes
    FROM ops.partitions AS q WHERE q.table_name = t.name GROUP BY q.table_name
) AS p ON true
ORDER BY size_bytes DESC, table_name
"""
CLEANUP = """
SELECT * FROM public.cleanup_old_logs(
    integration_logs_days => %(integration_logs)s, workflow_logs_days => %(workflow_logs)s,
    api_metrics_days => %(api_metrics)s, health_checks_days => %(health_checks)s,
    log_level_days => %(log_levels)s, log_business_days => %(log_businesses)s)
"""
DROPPED = """
SELECT table_name, partition_name, lower_bound, upper_bound, size_bytes
FROM ops.partitions
WHERE upper_bound <= now() - make_interval(days => CASE table_name
    WHEN 'integration_logs' THEN %(longest)s WHEN 'workflow_execution_logs' THEN %(workflow_logs)s
    WHEN 'api_metrics' THEN %(api_metrics)s ELSE %(health_checks)s END)
ORDER BY table_name, lower_bound
"""


class TableSize(msgspec.Struct, frozen=True):
    """
    One table with its partitions and indexes. `rows_estimate` is PostgreSQL's own, from its last look.
    """

    table_name: str
    size_bytes: int
    rows_estimate: int
    partitions: int | None = None
    oldest: str | None = None
    newest: str | None = None


class Flaw(msgspec.Struct, frozen=True):
    """
    Something about a table, view or function that the access rules forbid.
    """

    object: str
    problem: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """
    What a clean-up deletes: rows by table, and the partitions whose disk is given back.
    """

    rows: dict[str, int]
    partitions: tuple[str, ...]
    freed_bytes: int


async def sizes(pool: Pool) -> list[TableSize]:
    """Every table of ours, the largest first. Raises DatabaseError."""
    rows = await pool.fetch(SIZES)
    return [
        TableSize(
            row["table_name"],
            row["size_bytes"],
            row["rows_estimate"],
            row["partitions"],
            f"{row['oldest']:%Y-%m-%d}" if row["oldest"] else None,
            f"{row['newest']:%Y-%m-%d}" if row["newest"] else None,
        )
        for row in rows
    ]


async def lint(pool: Pool) -> list[Flaw]:
    """What is wrong with row level security, grants, comments; nothing when all is well."""
    return [msgspec.convert(row, Flaw) for row in await pool.fetch("SELECT * FROM ops.schema_lint()")]


async def clean_up(
    pool: Pool,
    *,
    retention: Retention,
    businesses: Mapping[str, int] | None = None,
    dry_run: bool = False,
) -> Dropped:
    """
    Forget rows older than so many days; of log records also by level, and by business (slug to days).

    A dry run does the same and takes it back, so its counts are exact. Raises DatabaseError; then nothing is
    deleted.
    """
    known = {row["slug"] for row in await pool.fetch("SELECT slug FROM public.businesses")}
    # One that is not registered yet has no rows, and must not keep all others from being cleaned.
    owners = {slug: days for slug, days in (businesses or {}).items() if slug in known}
    levels = retention.log_levels
    days: dict[str, object] = {
        "integration_logs": retention.integration_logs_days,
        "longest": max(retention.integration_logs_days, *levels.values(), *owners.values(), 0),
        "log_levels": Jsonb(levels),
        "log_businesses": Jsonb(owners),
        "workflow_logs": retention.workflow_logs_days,
        "api_metrics": retention.api_metrics_days,
        "health_checks": retention.health_checks_days,
    }
    async with pool.connection() as connection, connection.transaction(force_rollback=dry_run):
        partitions = await (await connection.execute(DROPPED, days)).fetchall()
        row = await (await connection.execute(CLEANUP, days)).fetchone() or {}
    # Each in a transaction of its own: deleting files takes time, and nobody has to wait for all of them.
    while not dry_run and (await pool.fetch("SELECT ops.drop_detached() AS dropped"))[0]["dropped"]:
        pass
    return Dropped(
        {name.removesuffix("_deleted"): count for name, count in row.items()},
        tuple(each["partition_name"] for each in partitions),
        sum(each["size_bytes"] for each in partitions),
    )
