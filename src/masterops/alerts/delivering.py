"""
Sends what waits in the outbox: at least once, under the notice's own lock, so that two workers never send the
same at the same time.

A worker that is killed lets go of its lock, and another sends the notice again with the same id. One channel
that hangs or refuses holds up nobody but itself.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from masterops import errors
from masterops.channels import Channel, Message
from masterops.core import clock
from masterops.core.backoff import RetryPolicy, next_wait
from masterops.core.together import together
from masterops.db import AsyncConnection, Pool, fetch
from masterops.logs import Logger

# A notice that nobody took for a day is given up.
POLICY = RetryPolicy(attempts=200, base=10.0, ceiling=600.0, deadline=86_400.0)
MOST_AT_ONCE = 50
# Each holds a connection while it sends, and others need some too.
MOST_CHANNELS = 4

CHANNELS = "SELECT DISTINCT channel FROM ops.alert_notices WHERE status = 'waiting' AND next_try_at <= now()"
CLAIM = """
SELECT n.id, n.message, n.attempts, n.created_at FROM ops.alert_notices AS n
WHERE n.channel = %s AND n.status = 'waiting' AND n.next_try_at <= now()
    -- Nobody should hear that it is over before that it began.
    AND NOT EXISTS (SELECT FROM ops.alert_notices AS e
        WHERE e.channel = n.channel AND e.status = 'waiting' AND (e.thread = n.thread OR e.kind = 'digest')
            AND (e.created_at, e.id) < (n.created_at, n.id))
ORDER BY n.created_at, n.id LIMIT 1 FOR UPDATE OF n SKIP LOCKED
"""
SENT = """
UPDATE ops.alert_notices
SET status = 'sent', sent_at = clock_timestamp(), attempts = attempts + 1, error = NULL
WHERE id = %s
"""
AGAIN = (
    "UPDATE ops.alert_notices SET attempts = attempts + 1, next_try_at = now() + %s, error = %s WHERE id = %s"
)
GIVEN_UP = "UPDATE ops.alert_notices SET status = 'failed', attempts = attempts + 1, error = %s WHERE id = %s"


class Delivered(msgspec.Struct, frozen=True):
    """
    What became of the notices that were due.
    """

    sent: int = 0
    put_off: int = 0
    failed: int = 0

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(self.sent + other.sent, self.put_off + other.put_off, self.failed + other.failed)


async def deliver(pool: Pool, channels: Mapping[str, Channel], log: Logger) -> Delivered:
    """Send every notice that is due, each channel on its own. Raises DatabaseError."""
    due = [row["channel"] for row in await pool.fetch(CHANNELS)]
    places = asyncio.Semaphore(MOST_CHANNELS)

    async def drain(name: str) -> Delivered:
        async with places:
            return await _drain(pool, name, channels.get(name), log)

    return sum(await together(map(drain, due)), Delivered())


async def _drain(pool: Pool, name: str, channel: Channel | None, log: Logger) -> Delivered:
    """What one channel can take; after a failure that may pass it is left alone until the next time."""
    total = Delivered()
    for _ in range(MOST_AT_ONCE):
        async with pool.connection() as connection, connection.transaction():
            rows = await fetch(connection, CLAIM, [name])
            if not rows:
                return total
            outcome = await _send(connection, rows[0], name, channel, log)
        total += outcome
        if outcome.put_off:
            return total
    return total


async def _send(
    connection: AsyncConnection, row: dict[str, Any], name: str, channel: Channel | None, log: Logger
) -> Delivered:
    error = await _trouble(name, channel, msgspec.convert(row["message"], Message), log)
    if error is None:
        await connection.execute(SENT, [row["id"]])
        return Delivered(sent=1)
    wait = _wait(error, row)
    reason = f"{error.code} {error.message}"
    if wait is None:
        log.error("alerts.notice_failed", channel=name, notice=str(row["id"]), error=reason)
        await connection.execute(GIVEN_UP, [reason, row["id"]])
        return Delivered(failed=1)
    log.warn("alerts.notice_put_off", channel=name, notice=str(row["id"]), error=reason, wait_seconds=wait)
    await connection.execute(AGAIN, [timedelta(seconds=wait), reason, row["id"]])
    return Delivered(put_off=1)


async def _trouble(
    name: str, channel: Channel | None, message: Message, log: Logger
) -> errors.MasterOpsError | None:
    """Why it was not sent; None when it was."""
    if channel is None:
        return errors.ChannelGone(channel=name)
    try:
        await channel.send(message)
    except errors.MasterOpsError as error:
        return error
    except Exception as error:  # a fault of our own in one channel must not stop the others
        log.exception("alerts.channel_crashed", channel=name)
        return errors.ChannelCrashed(channel=name, reason=type(error).__name__)
    return None


def _wait(error: errors.MasterOpsError, row: dict[str, Any]) -> float | None:
    """Seconds to wait; None to give up. What the settings lack may be set before long."""
    if not isinstance(error, errors.ConfigError) and getattr(error, "recovery", "stop") != "retry":
        return None
    elapsed = (clock.now() - row["created_at"]).total_seconds()
    asked = error.retry_after if isinstance(error, errors.RemoteError) else None
    return next_wait(
        POLICY,
        attempt=row["attempts"] + 1,
        elapsed=max(0.0, elapsed),
        asked=asked,
        fraction=0.5 + random.random() / 2,
    )
