"""
A process that deploys, and is killed after so many writes, before it learns how the last one ended.

    python -m tests.workflows.code.killed DATABASE URL_OF_N8N KEY WRITES [circle]
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from masterops.config import Connection, Secret
from masterops.connectors.n8n import N8n
from masterops.db import Pool
from masterops.logs import ApiMetric, Logger
from masterops.transport import Transport
from masterops.workflows.code import deploy
from tests.connectors.n8n_desk import Notebook
from tests.workflows.code.making import CIRCLE, FILES


async def run(database: str, url: str, key: str, writes: int, which: str = "") -> None:
    """Until it is killed."""
    left = writes

    def measure(metric: ApiMetric) -> None:
        nonlocal left
        left -= metric.method != "GET"
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    log = Logger(Notebook([]))
    connection = Connection("n8n/teelixir", "n8n", "teelixir", {"api_key": Secret(key), "base_url": url})
    async with Transport(log=log, measure=measure) as transport, Pool(database) as pool:
        files = CIRCLE if which == "circle" else FILES
        await deploy(N8n(connection, transport), pool, log, files, {}, who="me", keep=lambda *_: None)


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:4], int(sys.argv[4]), *sys.argv[5:]))
