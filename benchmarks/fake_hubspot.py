"""
A server that answers like HubSpot's contacts and does nothing else: its records are encoded once, so that it
is never what a reader waits for. Writes are judged and not kept.

`python -m benchmarks.fake_hubspot RECORDS LATENCY_MS BURST STORM` prints its port. BURST is the number of
calls per rolling ten seconds, which the headers of its answers tell, 0 for as many as you like; STORM is the
part of calls that are refused or fail for no reason of theirs. The windows are the twin's own, which share no
code with the limiter. A request to /refused tells how many calls were over a limit, one to /failed how many
the storm met.
"""

from __future__ import annotations

import asyncio
import sys
import time
from bisect import bisect_left
from random import Random
from typing import Any

import msgspec
from aiohttp import web

from masterops.sandbox.window import Window

FIRST, STEP = 984_200_000_001, 7
JSON = {"Content-Type": "application/json"}
SEARCHES = 5  # a second
STORM = (429, 429, 500, 502, 503)
TAKEN, WRONG = "taken", "wrong"  # in an id: its batch is refused with 409, its row with an entry of a 207
VALUES = {"firstname": "Ann", "lastname": "Example", "phone": "+61 3 7010 0000", "company": None,
          "lifecyclestage": "customer", "createdate": "2026-01-05T06:07:08.009Z",
          "lastmodifieddate": "2026-10-30T06:00:00.000Z"}  # fmt: skip


class Fake:
    """
    The records in order of ids, and the answers.
    """

    def __init__(self, records: int, latency: float, burst: int, storm: float = 0.0) -> None:
        self.ids = [FIRST + n * STEP for n in range(records)]
        self.rows = [encoded(id) for id in self.ids]
        self.latency = latency
        self.told, self.refused, self.failed = burst > 0, 0, 0
        self.storm, self.chance = storm, Random(1)
        self.burst, self.searches = Window(burst, 10.0), Window(SEARCHES, 1.0)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """A call is counted half way through its latency."""
        if request.path == "/refused":
            return web.Response(text=str(self.refused))
        if request.path == "/failed":
            return web.Response(text=str(self.failed))
        body = await request.read()
        await self.pause()
        search = request.path.endswith("/search")
        if self.storm and self.chance.random() < self.storm:
            self.failed += 1
            return web.Response(status=self.chance.choice(STORM), headers={"Retry-After": "0.05"})
        fine = not self.told or (self.searches if search else self.burst).take(time.monotonic())
        self.refused += not fine
        headers = JSON if search or not self.told else JSON | self.headers()
        status, said = self.answer(request, body) if fine else (429, refusal(search))
        await self.pause()
        return web.Response(status=status, body=said, headers=headers)

    async def pause(self) -> None:
        if self.latency:
            await asyncio.sleep(self.latency / 2)

    def answer(self, request: web.BaseRequest, body: bytes) -> tuple[int, bytes]:
        path = request.path
        if path.endswith("/search"):
            return 200, self.search(msgspec.json.decode(body))
        if path.endswith("/batch/read"):
            return 200, self.batch(msgspec.json.decode(body))
        if path.endswith("/batch/upsert"):
            return upserted(msgspec.json.decode(body)["inputs"])
        if path.endswith("/contacts"):
            return 200, self.list(int(request.query.get("after", 0)), int(request.query["limit"]))
        return 200, self.rows[bisect_left(self.ids, int(path.rpartition("/")[2]))]

    def headers(self) -> dict[str, str]:
        left = str(self.burst.left(time.monotonic()))
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


def refusal(search: bool) -> bytes:
    return b'{"policyName":"%s"}' % (b"SECONDLY" if search else b"TEN_SECONDLY_ROLLING")


def upserted(inputs: list[dict[str, Any]]) -> tuple[int, bytes]:
    """The answer to a batch: one id twice, or one taken, refuses it whole; a wrong row is an error."""
    ids = [str(each["id"]) for each in inputs]
    if len(set(ids)) < len(ids):
        return 400, b'{"category":"VALIDATION_ERROR","message":"Duplicate IDs found in batch input"}'
    if any(TAKEN in id for id in ids):
        return 409, b'{"category":"CONFLICT","message":"A value is taken"}'
    rows = [written(each) for each in inputs if WRONG not in str(each["id"])]
    wrong = [entry(each) for each in inputs if WRONG in str(each["id"])]
    times = {"startedAt": VALUES["createdate"], "completedAt": VALUES["createdate"]}
    answer: dict[str, object] = {"status": "COMPLETE", "results": rows, **times}
    if wrong:
        answer |= {"numErrors": len(wrong), "errors": wrong}
    return 207 if wrong else 200, msgspec.json.encode(answer)


def written(given: dict[str, Any]) -> dict[str, object]:
    traced = {"objectWriteTraceId": given["objectWriteTraceId"]} if "objectWriteTraceId" in given else {}
    times = {"createdAt": VALUES["createdate"], "updatedAt": VALUES["lastmodifieddate"]}
    facts = {"properties": given["properties"], "archived": False, "new": True}
    return {"id": str(FIRST + hash(given["id"]) % 10**9), **facts, **times, **traced}


def entry(given: dict[str, Any]) -> dict[str, object]:
    context = {"objectWriteTraceId": [given.get("objectWriteTraceId", "")]}
    facts = {"status": "error", "category": "VALIDATION_ERROR", "message": "Property values were not valid"}
    return {**facts, "id": given["id"], "context": context}


def encoded(id: int) -> bytes:
    properties = VALUES | {"email": f"ann.{id}@example.com", "hs_object_id": str(id)}
    row = {"id": str(id), "properties": properties, "createdAt": VALUES["createdate"],
           "updatedAt": VALUES["lastmodifieddate"], "archived": False}  # fmt: skip
    return msgspec.json.encode(row)


def page(rows: list[bytes], after: str | None, total: int | None = None) -> bytes:
    head = b'{"total":%d,"results":[' % total if total is not None else b'{"results":['
    tail = b'],"paging":{"next":{"after":"%s"}}}' % after.encode() if after else b"]}"
    return head + b",".join(rows) + tail


async def main(records: int, latency_ms: float, burst: int, storm: float) -> None:
    fake = Fake(records, latency_ms / 1000, burst, storm)
    runner = web.ServerRunner(web.Server(fake.handle, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it closes the pipe


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
