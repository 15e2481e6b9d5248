"""
Made-up history, to try the platform on and to measure it with.

Four businesses, eight sources, days that are busy by day and on weekdays, durations with a long tail,
hours in which a connection fails. The same seed and the same `now` give the same rows. Of all rows, 65 %
are log records, 30 % HTTP attempts, 3 % looks at connections and 2 % executions of workflows.

Rows of one day are drawn from a few thousand texts that are made once for the day: ten million of them
take the server longer than us.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from psycopg.sql import SQL, Identifier

from masterops.db.connect import AsyncConnection
from masterops.db.rolling import roll_up

BUSINESSES = {
    "teelixir": ("Teelixir", "ecommerce"),
    "elevate-wholesale": ("Elevate Wholesale", "wholesale"),
    "buy-organics-online": ("Buy Organics Online", "ecommerce"),
    "red-hill-fresh": ("Red Hill Fresh", "wholesale"),
}
SOURCES = ("hubspot", "unleashed", "n8n", "supabase", "shopify", "xero", "bigcommerce", "system")
SLUGS = tuple(BUSINESSES)
WEIGHTS = (40, 30, 20, 10)  # one business is four times as busy as another
OPERATIONS = ("contacts.get", "contacts.sync", "deals.changes", "orders.list", "stock.update")
ENDPOINTS = ("/v1/contacts/{id}", "/v1/orders", "/v1/orders/{id}", "/v1/products", "/v1/webhooks")
TEXTS = 4096  # different rows of one table in one day
STEP = timedelta(hours=6)  # one COPY, one transaction

COLUMNS = {
    "integration_logs": "id created_at source service operation level status message details_json duration_ms"
    " business_id integration_id trace_id",
    "api_metrics": "id created_at service endpoint method status_code success duration_ms response_size_bytes"
    " operation business_id integration_id",
    "health_checks": "id checked_at service business_id integration_id healthy state response_time_ms",
    "workflow_execution_logs": "id started_at workflow_id workflow_name execution_id status mode finished_at"
    " error_message business_id integration_id",
}
SHARES = {
    "integration_logs": 0.65,
    "api_metrics": 0.30,
    "health_checks": 0.03,
    "workflow_execution_logs": 0.02,
}


@dataclass(frozen=True, slots=True)
class Burst:
    """
    One connection that fails from `start` on, for `hours`.
    """

    start: datetime
    hours: int
    source: str
    slug: str

    def covers(self, moment: datetime) -> bool:
        """Whether it is going on at this moment."""
        return self.start <= moment < self.start + timedelta(hours=self.hours)


async def seed(
    connection: AsyncConnection,
    *,
    rows: int,
    days: int,
    seed: int = 1,
    progress: Callable[[int], None] = lambda written: None,
    now: datetime | None = None,
) -> dict[str, int]:
    """
    Write history of `days` up to now; answers how many rows each table got.

    `progress` is told how many rows are written so far. Needs a session that may migrate (its own
    transactions are opened here). Partitions are made where they are missing.
    """
    end = now or datetime.now(UTC)
    random = Random(seed)
    await _register(connection, days)
    bursts = _bursts(random, end, days)
    written = dict.fromkeys(COLUMNS, 0)
    for start, stop, share in _steps(end, days):
        for table, columns in COLUMNS.items():
            count = round(rows * SHARES[table] * share)
            lines = _lines(table, random, start, stop, count, bursts)
            statement = SQL("COPY public.{} ({}) FROM STDIN").format(
                Identifier(table), SQL(", ").join(map(Identifier, columns.split()))
            )
            async with (
                connection.transaction(),
                connection.cursor() as cursor,
                cursor.copy(statement) as copy,
            ):
                for block in lines:
                    await copy.write(block)
            written[table] += count
            progress(sum(written.values()))
        await roll_up(connection)
    return written


async def _register(connection: AsyncConnection, days: int) -> None:
    async with connection.transaction():
        for slug, (name, kind) in BUSINESSES.items():
            await connection.execute("SELECT ops.upsert_business(%s, %s, %s)", [slug, name, kind])
        for slug in SLUGS:
            for source in SOURCES:
                await connection.execute(
                    "INSERT INTO ops.connections (id, service, business_slug, configured_at)"
                    " VALUES (%s, %s, %s, now() - make_interval(days => %s)) ON CONFLICT DO NOTHING",
                    [f"{source}/{slug}", source, slug, days],
                )
    # Each partition in a transaction of its own would hold fewer locks, and this is done once.
    async with connection.transaction():
        await connection.execute("SELECT ops.ensure_partitions(3, %s)", [days + 1])


def _steps(end: datetime, days: int) -> Iterator[tuple[datetime, datetime, float]]:
    """Steps of time with the share of all rows that falls into each: the rhythm of days and weeks."""
    starts = [end - STEP * number for number in range(round(timedelta(days=days) / STEP), 0, -1)]
    weights = [_busy(start + STEP / 2) for start in starts]
    for start, weight in zip(starts, weights, strict=True):
        yield start, start + STEP, weight / sum(weights)


def _busy(moment: datetime) -> float:
    by_day = 1 + 0.8 * math.sin((moment.hour + moment.minute / 60 - 8) / 24 * 2 * math.pi)
    return by_day * (0.45 if moment.weekday() >= 5 else 1.0)


def _bursts(random: Random, end: datetime, days: int) -> list[Burst]:
    """About one in three days has one."""
    return [
        Burst(
            end - timedelta(hours=random.randrange(days * 24)),
            random.randrange(1, 4),
            random.choice(SOURCES),
            random.choice(SLUGS),
        )
        for _ in range(max(1, days // 3))
    ]


def _lines(
    table: str, random: Random, start: datetime, stop: datetime, count: int, bursts: list[Burst]
) -> Iterator[bytes]:
    """The rows of one step in COPY's text format, in the order of their times, in blocks."""
    make = {
        "integration_logs": _log,
        "api_metrics": _attempt,
        "health_checks": _look,
        "workflow_execution_logs": _execution,
    }[table]
    burst = next((each for each in bursts if each.covers(start) or start <= each.start < stop), None)
    texts = [make(random, burst if number % 3 == 0 else None) for number in range(min(TEXTS, count))]
    span = (stop - start) / timedelta(microseconds=1)
    offsets = sorted(int(random.random() * span) for _ in range(count))
    for first in range(0, count, 4096):
        moments = offsets[first : first + 4096]
        chosen = random.choices(texts, k=len(moments))
        yield "".join(
            _line(start, offset, random.getrandbits(74), text)
            for offset, text in zip(moments, chosen, strict=True)
        ).encode()


def _line(start: datetime, offset: int, bits: int, text: str) -> str:
    moment = start + timedelta(microseconds=offset)
    clock = f"{int(moment.timestamp() * 1000):012x}"
    tail = f"{bits & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000:016x}"
    id = f"{clock[:8]}-{clock[8:]}-7{bits >> 62:03x}-{tail[:4]}-{tail[4:]}"
    if "{finished}" in text:  # an execution ends after it began
        seconds = (bits % 1_000_003) / 1_000_003
        finished = moment + timedelta(seconds=math.exp(1 + 4 * seconds * seconds))
        text = text.replace("{finished}", finished.isoformat()).replace("{execution}", id)
    return f"{id}\t{moment.isoformat()}\t{text}\n"


def _log(random: Random, burst: Burst | None) -> str:
    source, slug = (burst.source, burst.slug) if burst else _whose(random)
    outcomes = [("info", "success"), ("info", "info"), ("warn", "warning"), ("error", "error")]
    level, status = random.choices(outcomes, (5, 5, 10, 80) if burst else (70, 22, 5, 3))[0]
    operation = random.choice(OPERATIONS)
    duration = r"\N" if status == "info" else f"{_milliseconds(random, 5.0):.3f}"
    details = f'{{"records": {random.randrange(500)}, "note": "{"x" * random.randrange(60, 220)}"}}'
    return (
        f"{source}\t{source}\t{operation}\t{level}\t{status}\t{operation} of {slug} ended: {status}"
        f"\t{details}\t{duration}\t{slug}\t{source}/{slug}\t{random.getrandbits(64):016x}"
    )


def _attempt(random: Random, burst: Burst | None) -> str:
    service, slug = (burst.source, burst.slug) if burst else _whose(random)
    code = random.choices((200, 201, 404, 429, 500), (5, 5, 5, 40, 45) if burst else (80, 14, 2, 2, 2))[0]
    return (
        f"{service}\t{random.choice(ENDPOINTS)}\tGET\t{code}\t{code < 400}\t{_milliseconds(random, 4.6):.3f}"
        f"\t{random.randrange(200, 60_000)}\t{random.choice(OPERATIONS)}\t{slug}\t{service}/{slug}"
    )


def _look(random: Random, burst: Burst | None) -> str:
    service, slug = (burst.source, burst.slug) if burst else _whose(random)
    state = random.choices(("up", "degraded", "down", "unknown"), (5, 5, 90, 0) if burst else (985, 8, 4, 3))[
        0
    ]
    response = f"{_milliseconds(random, 4.4):.3f}" if state in ("up", "degraded") else r"\N"
    return f"{service}\t{slug}\t{service}/{slug}\t{state == 'up'}\t{state}\t{response}"


def _execution(random: Random, burst: Burst | None) -> str:
    slug = burst.slug if burst else _whose(random)[1]
    number = random.randrange(12)
    status = random.choices(("success", "error", "canceled"), (20, 80, 0) if burst else (95, 4, 1))[0]
    message = "the node HTTP Request failed" if status == "error" else r"\N"
    return (
        f"{slug[:1]}{number}\tWorkflow {number} of {slug}\t{{execution}}\t{status}\ttrigger\t{{finished}}"
        f"\t{message}\t{slug}\tn8n/{slug}"
    )


def _whose(random: Random) -> tuple[str, str]:
    return random.choice(SOURCES), random.choices(SLUGS, WEIGHTS)[0]


def _milliseconds(random: Random, centre: float) -> float:
    return random.lognormvariate(centre, 1.1)
