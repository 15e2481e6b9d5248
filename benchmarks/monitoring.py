"""
Every monitoring view at ten million rows over thirty days, beside the plain aggregate over the same rows.

Takes half an hour and 15 GB, so it runs only when asked for: `python -m benchmarks monitoring`.
MASTEROPS_BENCH_ROWS sets another number of rows; the flatness is against a tenth of them. Rounds alternate
between both databases, with the rollups at most a minute old, as `ops up` keeps them.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from benchmarks.measuring import Row, seconds
from masterops.db import Embedded, bundled, connect, migrate, seed
from tests.sql.comparing import differences
from tests.sql.naive import COUNTING, statements

ROWS = int(os.environ.get("MASTEROPS_BENCH_ROWS", "10000000"))
DAYS = 30
ROUNDS = 9
PLAIN_ROUNDS = 1  # seconds each; the first reading warms the cache and is thrown away
BATCH, BATCHES = 10_000, 12
OTHERS = {
    "recent_errors": "SELECT * FROM recent_errors",
    "recent_workflow_failures": "SELECT * FROM recent_workflow_failures",
    "business_activity, 100 rows": "SELECT * FROM business_activity LIMIT 100",
    "public_status": "SELECT * FROM public_status",
    "get_error_rate, 24 h": "SELECT * FROM get_error_rate('hubspot')",
    "get_error_rate, 30 d": "SELECT * FROM get_error_rate('hubspot', 720)",
    "get_business_stats, 24 h": "SELECT * FROM get_business_stats('teelixir')",
}

# Whether the functions count what a plain query counts.
COUNTED = {
    "get_error_rate": """
        SELECT r.total_logs = n.total AND r.error_count = n.errors AS same
        FROM get_error_rate('hubspot', {hours}) AS r, (
            SELECT count(*) AS total, count(*) FILTER (WHERE level = 'error') AS errors FROM integration_logs
            WHERE source = 'hubspot' AND created_at > now() - make_interval(hours => {hours})) AS n""",
    "get_business_stats": """
        SELECT s.total_operations = n.total AND s.failed_operations = n.failed AS same
        FROM get_business_stats('teelixir', {hours}) AS s, (
            SELECT count(*) AS total, count(*) FILTER (WHERE status = 'error') AS failed FROM integration_logs
            WHERE business_id IN (
                    SELECT unnest(ARRAY[slug, id::text]) FROM businesses WHERE slug = 'teelixir')
                AND created_at > now() - make_interval(hours => {hours})) AS n""",
}
HOURS = (1, 24, 168, 719)
ROLES = ("service_role", "ops_agent", "authenticated")

Session = psycopg.Connection[dict[str, Any]]


def measure() -> list[Row]:
    """The views, their flatness, ingest with and without accounting, and dropping a month."""
    with _server() as url:
        small, large = _filled(url, "small", ROWS // 10), _filled(url, "large", ROWS)
        with _session(small) as tenth, _session(large) as whole:
            whole.execute(statements().encode())
            rows = [_view(view, tenth, whole) for view in COUNTING]
            rows += [_other(name, question, tenth, whole) for name, question in OTHERS.items()]
            rows += [_as(role, whole) for role in ROLES]
            rows += [_ingest(tenth), _disk(whole), *_dropping(whole)]
    return rows


@contextmanager
def _server() -> Iterator[str]:
    home = Path(tempfile.mkdtemp(prefix="mb-", dir="/tmp"))
    home.chmod(0o755)
    embedded = Embedded(home)
    try:
        with embedded.running() as url:
            yield url
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _session(url: str) -> Iterator[Session]:
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as session:
        yield session


def _filled(url: str, name: str, rows: int) -> str:
    with _session(url) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    mine = url.replace("/masterops?", f"/{name}?")
    asyncio.run(_fill(mine, rows))
    return mine


async def _fill(url: str, rows: int) -> None:
    await migrate(url, bundled())
    async with await connect(url) as connection:
        print(f"  seeding {rows} rows ...", file=sys.stderr)
        await seed(connection, rows=rows, days=DAYS)
        await connection.execute("VACUUM ANALYZE")


def _milliseconds(session: Session, question: str, rounds: int = ROUNDS) -> float:
    session.execute(question.encode()).fetchall()
    taken = [seconds(lambda: session.execute(question.encode()).fetchall()) for _ in range(rounds)]
    return statistics.median(taken) * 1000


def _both(tenth: Session, whole: Session, question: str) -> tuple[float, float]:
    """Milliseconds over all rows and over a tenth of them, asked in turn."""
    taken: dict[Session, list[float]] = {tenth: [], whole: []}
    for session in taken:
        session.execute("SELECT ops.roll_up()")
        session.execute(question.encode()).fetchall()
    for _ in range(ROUNDS):
        for session, times in taken.items():
            times.append(seconds(lambda s=session: s.execute(question.encode()).fetchall()))  # type: ignore[misc]
    return statistics.median(taken[whole]) * 1000, statistics.median(taken[tenth]) * 1000


def _view(view: str, tenth: Session, whole: Session) -> Row:
    ours, small = _both(tenth, whole, f"SELECT * FROM public.{view}")
    plain = _milliseconds(whole, f"SELECT * FROM naive.{view}", PLAIN_ROUNDS)
    what = f"{view}, {ROWS:,} rows / plain aggregate (ours over a tenth: {small:.1f} ms, {ours / small:.2f}x)"
    return Row(what, f"{ours:.1f} ms", f"{plain:,.0f} ms", ours / plain, "50 ms, 1.5x a tenth")


def _other(name: str, question: str, tenth: Session, whole: Session) -> Row:
    ours, small = _both(tenth, whole, question)
    what = f"{name}, {ROWS:,} rows / a tenth of the rows"
    goal = "50 ms" if name.startswith("get_") else "50 ms, 1.5x"  # of functions
    return Row(what, f"{ours:.1f} ms", f"{small:.1f} ms", ours / small, goal)


def _as(role: str, db: Session) -> Row:
    """Every view with a role's rights, against the plain aggregates with the same rights."""
    db.execute(f"GRANT USAGE ON SCHEMA naive, ops TO {role}".encode())
    db.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA naive TO {role}".encode())
    slugs = db.execute("SELECT jsonb_agg(slug) AS slugs FROM businesses").fetchone()
    assert slugs is not None
    token = {"app_metadata": {"business_ids": slugs["slugs"]}}
    db.execute("SELECT set_config('request.jwt.claims', %s, false)", [json.dumps(token)])
    db.execute(f"SET ROLE {role}".encode())
    slowest = max(_milliseconds(db, f"SELECT * FROM public.{view}", 3) for view in COUNTING)
    wrong = differences(db, COUNTING)
    questions = [text.format(hours=hours) for text in COUNTED.values() for hours in HOURS]
    right = [bool((db.execute(text.encode()).fetchone() or {}).get("same")) for text in questions]
    slowest = max(slowest, *(_milliseconds(db, text, 3) for name, text in OTHERS.items() if "get_" in name))
    db.execute("RESET ROLE")
    all_of_them = len(COUNTING) + len(right)
    answer = f"{len(COUNTING) - len(wrong) + sum(right)} of {all_of_them}"
    what = f"views and functions that answer as plain aggregates do, as {role}; the slowest of ours"
    return Row(what, f"{slowest:.1f} ms", answer, None, f"50 ms, {all_of_them} of {all_of_them}")


def _disk(db: Session) -> Row:
    """The rollups beside the rows."""
    sizes = db.execute(
        "SELECT sum(size) FILTER (WHERE relname IN ('rollups', 'histograms')) / 1e6 AS ours,"
        " sum(size) FILTER (WHERE relispartition) / 1e6 AS theirs"
        " FROM (SELECT *, pg_total_relation_size(oid) AS size FROM pg_class WHERE relkind = 'r') AS c"
    ).fetchone()
    assert sizes is not None
    ours, theirs = float(sizes["ours"]), float(sizes["theirs"])
    return Row(
        "disk: rollups and histograms / rows", f"{ours:,.0f} MB", f"{theirs:,.0f} MB", ours / theirs, "-"
    )


def _ingest(db: Session) -> Row:
    """COPY of batches of 10,000 as the log shipper does it; the trigger is on for every other batch."""
    columns = "source, service, operation, level, status, message, details_json, duration_ms, business_id"
    line = r"concat_ws(E'\t', " + columns + ")"
    block = db.execute(
        f"SELECT string_agg({line}, E'\\n') AS rows"
        f" FROM (SELECT * FROM integration_logs WHERE duration_ms IS NOT NULL LIMIT {BATCH}) AS l".encode()
    ).fetchone()
    assert block is not None
    data = str(block["rows"])
    statement = f"COPY integration_logs ({columns}) FROM STDIN".encode()

    def copy() -> None:
        with (
            db.cursor() as cursor,
            cursor.copy(statement) as target,
        ):
            target.write(data)

    with_it, without = [], []
    for _ in range(BATCHES):
        db.execute("ALTER TABLE integration_logs DISABLE TRIGGER count_integration_logs")
        without.append(seconds(copy))
        db.execute("ALTER TABLE integration_logs ENABLE TRIGGER count_integration_logs")
        with_it.append(seconds(copy))
    ratio = statistics.median(mine / other for mine, other in zip(with_it, without, strict=True))
    rates = [f"{BATCH / statistics.median(taken):,.0f} rows/s" for taken in (with_it, without)]
    return Row("ingest by COPY, with accounting / without", rates[0], rates[1], ratio, "1.3x the time")


def _dropping(db: Session) -> list[Row]:
    """DELETE of the log records of one day; dropping the partitions of all days, and then their files."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    delete = seconds(
        lambda: db.execute(
            "DELETE FROM integration_logs WHERE created_at >= %s AND created_at < %s",
            [day, day + timedelta(days=1)],
        )
    )
    drop = seconds(lambda: db.execute("SELECT ops.drop_partitions_before('integration_logs', now())"))
    count = db.execute("SELECT count(*) AS n FROM ops.detached()").fetchone()
    assert count is not None
    each = [seconds(lambda: db.execute("SELECT ops.drop_detached()")) for _ in range(count["n"])]
    what = "dropping the log records of a month / deleting those of one day, times 30"
    deleting = f"{delete * 30_000:,.0f} ms"
    later = (
        f"giving the disk of those {count['n']} days back, one by one; the longest {max(each) * 1000:.0f} ms"
    )
    return [
        Row(what, f"{drop * 1000:.0f} ms", deleting, drop / delete / 30, "200 ms"),
        Row(later, f"{sum(each) * 1000:,.0f} ms", deleting, sum(each) / delete / 30, "-"),
    ]
