"""
The database's side of the spool of pings: each is stored once, and moves the marks of its heartbeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from masterops.core.heartbeats import Beat, Kind, Marks, fold
from masterops.db._copying import PIECE, line_of
from masterops.db.connect import AsyncConnection, fetch
from masterops.db.segment_store import SegmentStore

LONGEST_EXTENSION_SECONDS = 7 * 86_400

COLUMNS = tuple(Marks.__dataclass_fields__)
COPY = """
COPY ops.heartbeat_pings (id, heartbeat_id, business_id, kind, exit_code, run_id, method, remote, agent, body,
    body_bytes, duration_ms, accepted_at) FROM STDIN
"""
# In the order of their ids, as whoever else changes several does it: else two could wait for each other.
MARKS = """
SELECT id, last_ping_at, last_success_at, last_failure_at, last_exit_code, last_duration_ms, running_since,
    run_id, extended_until, clock_timestamp() AS now
FROM ops.heartbeats WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""
MOVE_MARKS = """
UPDATE ops.heartbeats SET last_ping_at = %(last_ping_at)s, last_success_at = %(last_success_at)s,
    last_failure_at = %(last_failure_at)s, last_exit_code = %(last_exit_code)s,
    last_duration_ms = %(last_duration_ms)s, running_since = %(running_since)s, run_id = %(run_id)s,
    extended_until = %(extended_until)s
WHERE id = %(id)s
"""


class Ping(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """
    One ping: a line of the spool and a row of the table.
    """

    id: UUID
    heartbeat: UUID
    at: datetime
    kind: Kind = "success"
    method: str = "GET"
    business: str | None = None
    exit_code: int | None = None
    run_id: str | None = None
    extend_seconds: int | None = None
    remote: str | None = None
    agent: str | None = None
    body: str | None = None
    body_bytes: int = 0


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Ping)


def encode_ping(ping: Ping) -> bytes:
    """Its line."""
    return _encode(ping) + b"\n"


def decode_ping(line: bytes) -> Ping:
    """The ping in one line. Raises msgspec.DecodeError or ValidationError."""
    return _decoder.decode(line)


class PingStore(SegmentStore[Ping]):
    """
    A `RecordStore` for pings.
    """

    async def copy(self, connection: AsyncConnection, rows: Sequence[Ping]) -> None:
        """Put pings into the table, without how long they took."""
        await _copy(connection, [(row, None) for row in rows])

    async def write(self, connection: AsyncConnection, rows: Sequence[Ping]) -> None:
        """Store pings and move the marks of their heartbeats; of one that is gone, the pings stay."""
        found = await fetch(connection, MARKS, [list({row.heartbeat for row in rows})])
        marks = {each["id"]: Marks(**{name: each[name] for name in COLUMNS}) for each in found}
        now = found[0]["now"] if found else datetime.now(UTC)
        timed: list[tuple[Ping, float | None]] = []
        for row in rows:
            duration = None
            if row.heartbeat in marks:
                marks[row.heartbeat], duration = fold(marks[row.heartbeat], _beat(row, now))
            timed.append((row, duration))
        await _copy(connection, timed)
        async with connection.cursor() as cursor:
            await cursor.executemany(MOVE_MARKS, [{"id": id, **asdict(each)} for id, each in marks.items()])


def _beat(row: Ping, now: datetime) -> Beat:
    """What counts of a ping. One from the future, of a clock that ran ahead, counts from now."""
    at = min(row.at, now)
    seconds = min(row.extend_seconds or 0, LONGEST_EXTENSION_SECONDS)
    until = at + timedelta(seconds=seconds) if row.kind == "extend" else None
    return Beat(row.kind, at, row.exit_code, row.run_id, until)


async def _copy(connection: AsyncConnection, timed: Sequence[tuple[Ping, float | None]]) -> None:
    if not timed:
        return
    async with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for first in range(0, len(timed), PIECE):
            lines = [line_of(_values(row, duration)) for row, duration in timed[first : first + PIECE]]
            await copy.write("".join(lines))


def _values(row: Ping, duration: float | None) -> tuple[Any, ...]:
    return (
        row.id, row.heartbeat, row.business, row.kind, row.exit_code, row.run_id, row.method, row.remote,
        row.agent, row.body, row.body_bytes, duration, row.at,
    )  # fmt: skip
