"""
Sends the webhooks of all accounts: ten at once for each, five seconds for an answer.

Time for the retries is the twin's own, so a test that moves the clock sees them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp

from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot import events
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.events import Batch

LOOK_SECONDS = 0.02  # between two looks into the outboxes, in real time
IDLE_SECONDS = 0.25  # the same while nobody wants to know
ANSWER_SECONDS = 5.0
AT_ONCE = 10


async def deliver(accounts: Mapping[str, Account], secrets: Mapping[str, str], clock: Clock) -> None:
    """Send what happens, for ever. `secrets` are the client secrets of the accounts' apps, by business."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as sending:
        room = {business: asyncio.Semaphore(AT_ONCE) for business in accounts}
        while True:
            for business, account in accounts.items():
                if account.outbox.target is None or not account.outbox.waiting:
                    continue
                for batch in account.outbox.due(clock.ticks()):
                    work = _sent(session, account, secrets[business], batch, room[business], clock)
                    sending.create_task(work)
            listens = any(account.outbox.target is not None for account in accounts.values())
            await asyncio.sleep(LOOK_SECONDS if listens else IDLE_SECONDS)


async def _sent(
    session: aiohttp.ClientSession,
    account: Account,
    secret: str,
    batch: Batch,
    room: asyncio.Semaphore,
    clock: Clock,
) -> None:
    async with room:
        outbox, url = account.outbox, account.outbox.target
        arrived = url is not None and await _arrived(session, secret, url, batch, clock)
        outbox.told(batch, clock.ticks(), arrived=arrived)


async def _arrived(session: aiohttp.ClientSession, secret: str, url: str, batch: Batch, clock: Clock) -> bool:
    sent, at = events.body(batch), round(clock.now().timestamp() * 1000)
    headers = {
        "Content-Type": "application/json",
        "X-HubSpot-Signature-v3": events.signature(secret, "POST", url, sent, at),
        "X-HubSpot-Request-Timestamp": str(at),
        "X-HubSpot-Signature-Version": "v3",
    }
    try:
        async with session.post(url, data=sent, headers=headers, allow_redirects=False) as answer:
            return 200 <= answer.status < 300
    except (TimeoutError, aiohttp.ClientError, ValueError):
        return False
