"""
A process with callers of one OAuth app: `python -m tests.connectors.oauth_child DATABASE BASE_URL REFRESH_TOKEN CALLERS`.

Says `ready`, waits for a line, lets all callers go at once, and says what came of them as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.hubspot import HubSpot
from masterops.core.backoff import RetryPolicy
from masterops.db import OAuthTokens, Pool, connect
from masterops.logs import ApiMetric, Logger, LogRecord
from masterops.transport import Transport

APP = {"client_id": "sandbox-app-teelixir", "client_secret": "sandbox-app-secret-teelixir"}


class Nowhere:
    """
    An emitter that keeps nothing.
    """

    def emits(self, level: str, source: str, message: object) -> bool:
        return False

    def emit(self, record: LogRecord) -> None:
        pass


def connection(base_url: str, refresh_token: str, **more: object) -> Connection:
    """The connection of the twin's app."""
    secrets = {name: Secret(value) for name, value in (APP | {"refresh_token": refresh_token}).items()}
    values = {**secrets, "base_url": base_url, "api_version": "2026-03", **more}
    return Connection("hubspot/teelixir", "hubspot", "teelixir", values)


async def outcome(hub: HubSpot) -> str:
    try:
        await hub.contacts.page(limit=1)
    except errors.MasterOpsError as error:
        return error.code
    return "ok"


async def main(database: str, base_url: str, refresh_token: str, callers: int) -> None:
    metrics: list[ApiMetric] = []
    policy = RetryPolicy(attempts=2, deadline=30)
    async with Pool(database) as pool:
        tokens = OAuthTokens(pool, lambda: connect(database))
        await tokens.read("hubspot/teelixir")
        async with Transport(
            log=Logger(Nowhere()), measure=metrics.append, policy=policy, tokens=tokens
        ) as transport:
            hub = HubSpot(connection(base_url, refresh_token), transport)
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            outcomes = await asyncio.gather(*(outcome(hub) for _ in range(callers)))
    refreshes = sum(each.operation == "oauth.refresh" for each in metrics)
    print(json.dumps({"outcomes": outcomes, "refreshes": refreshes}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
