"""
The example of docs/connectors/writing.md works, and passes the standard suite: as it stands there, and with a shop
that keeps products.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from masterops.testing import connector_suite
from tests.testing.shop import Pages, Store, by_cursor, from_page, serving

page = from_page()


class ServedKit(page.ShopKit):  # type: ignore[name-defined,misc]  # made when it runs
    """
    The page's kit, with a shop.
    """

    lacks = {name: why for name, why in page.ShopKit.lacks.items() if name != "service"}

    @contextlib.asynccontextmanager
    async def serve(self, records: int) -> AsyncIterator[tuple[str, str]]:
        async with serving(Store(records, Pages(by_cursor))) as url:
            yield url, "key-" + "of-the-shop-55d1"


TestServedShop = connector_suite(ServedKit())


def test_the_page_s_own_suite_has_the_same_tests() -> None:
    """
    What its kit lacks is skipped, and not left out.
    """
    tests = [name for name in vars(page.TestShop) if name.startswith("test_")]

    assert [name for name in vars(TestServedShop) if name.startswith("test_")] == tests
    assert len(tests) >= 40
