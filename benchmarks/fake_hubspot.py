"""
A server that answers like HubSpot's contacts and does nothing else: its records are encoded once, so that it
is never what a reader waits for. `python -m benchmarks.fake_hubspot RECORDS LATENCY_MS BURST` prints its
port; BURST is the number of calls per rolling ten seconds, 0 for as many as you like. A request to /refused
tells how many were answered with 429.
"""

from __future__ import annotations

import asyncio
import sys
import time
from bisect import bisect_left
from collections import deque

import msgspec
from aiohttp import web

FIRST, STEP = 984_200_000_001, 7
JSON = {"Content-Type": "application/json"}
SEARCHES = 5  # a second
VALUES = {"firstname": "Ann", "lastname": "Example", "phone": "+61 3 7010 0000", "company": None,
          "lifecyclestage": "customer", "createdate": "2026-01-05T06:07:08.009Z",
          "lastmodifieddate": "2026-10-30T06:00:00.000Z"}  # fmt: skip


class Window:
    """
    At most so many calls in any so many seconds; 0 is no limit.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self.calls: deque[float] = deque()
        self.refused = 0

    def take(self) -> bool:
        now = time.monotonic()
        while self.calls and self.calls[0] <= now - self.seconds:
            self.calls.popleft()
        if self.most and len(self.calls) >= self.most:
            self.refused += 1
            return False
        self.calls.append(now)
        return True


class Fake:
    """
    The records in order of ids, and the answers.
    """

    def __init__(self, records: int, latency: float, burst: int) -> None:
        self.ids = [FIRST + n * STEP for n in range(records)]
        self.rows = [encoded(id) for id in self.ids]
        self.latency = latency
        self.burst, self.searches = Window(burst, 10.0), Window(SEARCHES if burst else 0, 1.0)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path == "/refused":
            return web.Response(text=str(self.burst.refused + self.searches.refused))
        if self.latency:
            await asyncio.sleep(self.latency)
        search = path.endswith("/search")
        if not (self.searches if search else self.burst).take():
            policy = b"SECONDLY" if search else b"TEN_SECONDLY_ROLLING"
            return web.Response(status=429, body=b'{"policyName":"%s"}' % policy, headers=JSON)
        if search:
            body = self.search(msgspec.json.decode(await request.read()))
        elif path.endswith("/batch/read"):
            body = self.batch(msgspec.json.decode(await request.read()))
        elif path.endswith("/contacts"):
            body = self.list(int(request.query.get("after", 0)), int(request.query["limit"]))
        else:
            body = self.rows[bisect_left(self.ids, int(path.rpartition("/")[2]))]
        return web.Response(body=body, headers=JSON | self.headers(search))

    def headers(self, search: bool) -> dict[str, str]:
        if search or not self.burst.most:
            return {}
        left = str(self.burst.most - len(self.burst.calls))
        return {"X-HubSpot-RateLimit-Max": str(self.burst.most), "X-HubSpot-RateLimit-Remaining": left,
                "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}  # fmt: skip

    def list(self, after: int, limit: int) -> bytes:
        start = bisect_left(self.ids, after)
        end = start + limit
        more = self.ids[end] if end < len(self.ids) else None
        return page(self.rows[start:end], str(more) if more else None)

    def batch(self, body: dict[str, list[dict[str, str]]]) -> bytes:
        return page([self.rows[bisect_left(self.ids, int(each["id"]))] for each in body["inputs"]], None)

    def search(self, body: dict[str, list[dict[str, list[dict[str, str]]]]]) -> bytes:
        start, end = 0, len(self.ids)
        for each in (body["filterGroups"] or [{"filters": []}])[0]["filters"]:
            place = bisect_left(self.ids, int(each["value"]))
            start, end = (max(start, place), end) if each["operator"] == "GTE" else (start, min(end, place))
        after, limit = int(str(body.get("after", 0))), int(str(body["limit"]))
        rows = self.rows[start:end]
        if body["sorts"][0]["direction"] == "DESCENDING":  # type: ignore[comparison-overlap]
            rows = rows[::-1]
        further = str(after + limit) if after + limit < len(rows) else None
        return page(rows[after : after + limit], further, len(rows))


def encoded(id: int) -> bytes:
    properties = VALUES | {"email": f"ann.{id}@example.com", "hs_object_id": str(id)}
    row = {"id": str(id), "properties": properties, "createdAt": VALUES["createdate"],
           "updatedAt": VALUES["lastmodifieddate"], "archived": False}  # fmt: skip
    return msgspec.json.encode(row)


def page(rows: list[bytes], after: str | None, total: int | None = None) -> bytes:
    head = b'{"total":%d,"results":[' % total if total is not None else b'{"results":['
    tail = b'],"paging":{"next":{"after":"%s"}}}' % after.encode() if after else b"]}"
    return head + b",".join(rows) + tail


async def main(records: int, latency_ms: float, burst: int) -> None:
    runner = web.ServerRunner(web.Server(Fake(records, latency_ms / 1000, burst).handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it closes the pipe


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
