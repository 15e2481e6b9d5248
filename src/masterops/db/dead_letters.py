"""
Log lines that the database refused: how many there are, and trying them again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from masterops.db._copying import copy_rows, refusals
from masterops.db.connect import AsyncConnection, Pool
from masterops.db.log_store import store_rows
from masterops.logs import decode_carried
from masterops.logs.record import Row

GROUP_LINES, GROUP_BYTES = 1_000, 2 * 1024 * 1024
LEAST_ID = "00000000-0000-0000-0000-000000000000"
TORN = "it is not a whole record, so there is nothing to store"

COUNTS = "SELECT segment, count(*) AS letters FROM ops.log_dead_letters GROUP BY segment"
PAGE = """
SELECT id, octet_length(line) AS size FROM ops.log_dead_letters
WHERE id > %s AND (%s::uuid IS NULL OR id = %s::uuid) ORDER BY id LIMIT %s
"""
# One that somebody else tries at this moment is left to them.
LOCK = """
SELECT id, line FROM ops.log_dead_letters WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE SKIP LOCKED
"""
REMOVE = "DELETE FROM ops.log_dead_letters WHERE id = ANY(%s::uuid[])"
KEEP = """
UPDATE ops.log_dead_letters AS l SET reason = new.reason
FROM unnest(%s::uuid[], %s::text[]) AS new (id, reason) WHERE l.id = new.id
"""


class Replayed(msgspec.Struct, frozen=True):
    """
    What trying again did: how many are stored, and by reason how many the server refused again. `torn` are
    no whole records and stay.
    """

    stored: int
    refused: dict[str, int]
    torn: int

    @property
    def tried(self) -> int:
        """All of them."""
        return self.stored + self.left

    @property
    def left(self) -> int:
        """Those that are still dead letters."""
        return sum(self.refused.values()) + self.torn


async def letters_by_segment(pool: Pool) -> dict[str, int]:
    """How many dead letters each segment has left, those of deleted ones as well. Raises DatabaseError."""
    return {row["segment"]: row["letters"] for row in await pool.fetch(COUNTS)}


async def replay(pool: Pool, *, only: UUID | None = None, dry_run: bool = False) -> Replayed:
    """
    Try dead letters again, all or the one of this id: those that are stored now are removed in the same
    transaction, the others keep the new reason. A dry run does the same and takes it back.

    Raises DatabaseError; groups that were done before that stay done.
    """
    stored, torn, refused = 0, 0, Counter[str]()
    async with pool.connection() as connection:
        async for ids in _groups(connection, only):
            async with connection.transaction(force_rollback=dry_run):
                done = await _try(connection, ids)
            stored, torn = stored + done.stored, torn + done.torn
            refused.update(done.refused)
    return Replayed(stored, dict(refused), torn)


async def _groups(connection: AsyncConnection, only: UUID | None) -> AsyncIterator[list[UUID]]:
    """Ids of letters, so many together as may be held in memory at once."""
    last: UUID | str = LEAST_ID
    while True:
        page = await (await connection.execute(PAGE, [last, only, only, GROUP_LINES])).fetchall()
        if not page:
            return
        group: list[UUID] = []
        size = 0
        for row in page:
            if group and size + row["size"] > GROUP_BYTES:
                yield group
                group, size = [], 0
            group.append(row["id"])
            size += row["size"]
        yield group
        last = page[-1]["id"]


async def _try(connection: AsyncConnection, ids: list[UUID]) -> Replayed:
    found = await (await connection.execute(LOCK, [ids])).fetchall()
    read = [(row["id"], _row(row["line"])) for row in found]
    whole = [(id, row) for id, row in read if row is not None]
    reasons = await refusals(connection, [row for _, row in whole], copy_rows)
    good = [each for index, each in enumerate(whole) if index not in reasons]
    await store_rows(connection, [row for _, row in good])
    await connection.execute(REMOVE, [[id for id, _ in good]])
    kept = {whole[index][0]: reason for index, reason in reasons.items()}
    await connection.execute(KEEP, [list(kept), list(kept.values())])
    return Replayed(len(good), dict(Counter(kept.values())), len(read) - len(whole))


def _row(line: str) -> Row | None:
    try:
        return decode_carried(line.encode())
    except (msgspec.DecodeError, RecursionError):
        return None
