"""
The sandbox with an n8n that has many executions: `python -m benchmarks.busy_n8n EXECUTIONS` prints where it
is, and ends when its input is closed.
"""

from __future__ import annotations

import asyncio
import sys

from masterops.sandbox import Running, serve

BUSINESS = "teelixir"


async def run(executions: int) -> None:
    """Until the input is closed."""

    def ready(running: Running) -> None:
        print(running.url, flush=True)

    serving = asyncio.create_task(
        serve(
            businesses=[BUSINESS], state_dir=None, ready=ready, contacts=1, products=1, executions=executions
        )
    )
    await asyncio.to_thread(sys.stdin.read)
    serving.cancel()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1])))
