"""
A process that spends a limit through aiolimiter, of which each has its part, or through pyrate-limiter, which
counts in PostgreSQL. The protocol is that of the contest: four bytes are a call, one byte is the answer.
"""

import asyncio
import json
import os
import sys

rival, port, number, url, windows, span, callers, processes = sys.argv[1:]
[[most, seconds]] = json.loads(windows)


def limiter():
    """What is waited for before each call."""
    if rival == "aiolimiter":
        from aiolimiter import AsyncLimiter

        return AsyncLimiter(most // int(processes), seconds).acquire
    from psycopg_pool import ConnectionPool
    from pyrate_limiter import Limiter, PostgresBucket, Rate

    rates = [Rate(most, int(seconds * 1000))]
    bucket = PostgresBucket(ConnectionPool(url, open=True), "contest", rates)
    return Limiter(bucket).try_acquire_async


async def caller(acquire):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    while True:
        await acquire()
        writer.write(int(number).to_bytes(4, "big"))
        await reader.readexactly(1)


async def main():
    acquire = limiter()
    print("ready", flush=True)
    sys.stdin.readline()
    tasks = [asyncio.ensure_future(caller(acquire)) for _ in range(int(callers))]
    await asyncio.wait(tasks, timeout=float(span))
    failed = [task.exception() for task in tasks if task.done()]
    if failed:
        raise failed[0]


asyncio.new_event_loop().run_until_complete(main())
os._exit(0)  # what waits or leaks in a thread of its own is not waited for
