"""
What tests of Master-Ops, and of what is built on it, are written with. docs/testing.md shows all of it.

The standard suite puts a connector through what every connector must keep, in one line:

    TestShop = connector_suite(ShopKit())

A `Kit` says how the connector is made and how its service words pages, records and errors;
docs/connectors/writing.md has a whole example. The suite needs pytest; the product imports nothing from here.

Everything is imported when it is first used, because pytest imports this package at every start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from masterops.testing.bench import Bench
    from masterops.testing.kit import CAPABILITIES, Kit, Said
    from masterops.testing.suite import connector_suite

__all__ = ["CAPABILITIES", "Bench", "Kit", "Said", "connector_suite"]

_HOMES = {
    "Bench": "bench",
    "CAPABILITIES": "kit",
    "Kit": "kit",
    "Said": "kit",
    "connector_suite": "suite",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'masterops.testing' has no attribute {name!r}")
    return getattr(import_module(f"masterops.testing.{_HOMES[name]}"), name)
