"""
The connector of docs/connectors/writing.md, taken from the page, and a small shop that keeps products.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp import web

from masterops.core import clock

PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "writing.md"


def from_page() -> ModuleType:
    """A module made of the page's Python, so that its types resolve."""
    module = sys.modules.get("shop_of_the_page")
    if module is None:
        code = "\n\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
        module = sys.modules["shop_of_the_page"] = ModuleType("shop_of_the_page")
        exec(compile(code, str(PAGE), "exec"), module.__dict__)
    return module


class Store:
    """
    Products in the order of their ids. `pages` answers a list, so that it can be paged in any way.
    """

    def __init__(self, count: int, pages: Pages) -> None:
        self._pages = pages
        self._next = 0
        self.products: dict[int, dict[str, Any]] = {}
        for _ in range(count):
            self.add({})

    def add(self, fields: dict[str, Any]) -> dict[str, Any]:
        self._next += 1
        made = {**fields, "id": str(self._next), "updatedAt": clock.now().isoformat()}
        self.products[self._next] = made
        return made

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = [part for part in request.path.split("/") if part][1:]
        if request.method == "POST":
            return web.json_response(self.add(await request.json()), status=201)
        if path and not self._pages.numbers_in_path:
            found = self.products.get(int(path[0]))
            if found is None:
                return web.json_response({"message": "no such product", "requestId": "r"}, status=404)
            if request.method == "DELETE":
                del self.products[int(path[0])]
                return web.Response(status=204)
            return web.json_response(found)
        since = request.query.get("updatedSince", "")
        rows = [each for _, each in sorted(self.products.items()) if each["updatedAt"] >= since]
        return self._pages.answer(rows, request)


class Pages:
    """
    One way of paging, on the service's side.
    """

    def __init__(
        self,
        answer: Callable[[list[dict[str, Any]], web.BaseRequest], web.Response],
        *,
        in_path: bool = False,
    ) -> None:
        self.answer, self.numbers_in_path = answer, in_path


def by_cursor(rows: list[dict[str, Any]], request: web.BaseRequest) -> web.Response:
    """The last id is the cursor, as that of many services."""
    last, size = int(request.query.get("cursor", 0)), int(request.query["limit"])
    found = [row for row in rows if int(row["id"]) > last]
    cursor = found[size - 1]["id"] if len(found) > size else None
    return web.json_response({"data": found[:size], "nextCursor": cursor})


@contextlib.asynccontextmanager
async def serving(store: Store) -> AsyncIterator[str]:
    """The shop's address, as long as the block."""
    runner = web.ServerRunner(web.Server(store.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
