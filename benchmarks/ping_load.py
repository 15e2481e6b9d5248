"""
A caller in a process of its own: as many pings as one port takes, each connection waiting for its answers.

`python -m benchmarks.ping_load PORT SECONDS CONNECTIONS PATH...` prints how many were answered with
200, and with anything else.
"""

from __future__ import annotations

import asyncio
import sys
import time


class Caller(asyncio.Protocol):
    """
    One connection: sends the next ping when the last is answered.
    """

    def __init__(self, requests: list[bytes], end: float, counts: list[int], done: asyncio.Event) -> None:
        self._requests = requests
        self._end = end
        self._counts = counts
        self._done = done
        self._number = 0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._rest += data
        head = self._rest.find(b"\r\n\r\n")
        if head < 0:
            return
        length = int(self._rest[:head].lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(self._rest) < head + 4 + length:
            return
        self._counts[0 if self._rest.startswith(b"HTTP/1.1 200") else 1] += 1
        self._rest = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done.set()

    def _send(self) -> None:
        if time.perf_counter() > self._end:
            self._transport.close()
            return
        self._number += 1
        self._transport.write(self._requests[self._number % len(self._requests)])


async def main(port: int, seconds: float, connections: int, paths: list[str]) -> None:
    """Call, and print the counts."""
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\n\r\n".encode() for path in paths
    ]
    counts, end, loop = [0, 0], time.perf_counter() + seconds, asyncio.get_running_loop()
    waits = []
    for _ in range(connections):
        done = asyncio.Event()
        waits.append(done.wait())
        await loop.create_connection(lambda done=done: Caller(requests, end, counts, done), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*waits)
    print(*counts)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
