"""
What every connector must keep, as tests: one line puts a connector through all of them.

    TestShop = connector_suite(ShopKit())

A `Kit` says how the connector is made and how its service words pages, records and errors. Needs pytest; the
product itself imports nothing from here. docs/connectors/writing.md has a whole example.
"""

import pytest

pytest.register_assert_rewrite("masterops.testing.promises")

from masterops.testing.bench import Bench  # noqa: E402  # asserts are rewritten in what is imported from here on
from masterops.testing.kit import CAPABILITIES, Kit, Said  # noqa: E402
from masterops.testing.suite import connector_suite  # noqa: E402

__all__ = ["CAPABILITIES", "Bench", "Kit", "Said", "connector_suite"]
