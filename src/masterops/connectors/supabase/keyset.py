"""
What comes after a row, in an order: the condition that reads a table page by page without passing rows over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from masterops.connectors.supabase.filters import Condition, Group, column

Nulls = Literal["first", "last"]


@dataclass(frozen=True, slots=True)
class Order:
    """
    One column of an order; `never_null` says that it is of a key. Where nothing is said of nulls, PostgreSQL
    has them last, and first when descending.
    """

    name: str
    descending: bool = False
    nulls: Nulls | None = None
    never_null: bool = False

    def __str__(self) -> str:
        told = f".nulls{self.nulls}" if self.nulls else ""
        return f"{column(self.name).name}{'.desc' if self.descending else '.asc'}{told}"

    @property
    def nulls_last(self) -> bool:
        """Whether rows without a value come at the end."""
        return self.nulls == "last" if self.nulls else not self.descending


def after(orders: Sequence[Order], values: Sequence[Any]) -> Condition:
    """The rows that come after the one with these values. The last order must be of a key."""
    ways: list[Condition] = []
    same: list[Condition] = []
    for order, value in zip(orders, values, strict=True):
        behind = _behind(order, value)
        if behind is not None:
            ways.append(_all([*same, behind]))
        same.append(column(order.name).is_(None) if value is None else column(order.name).eq(value))
    return ways[0] if len(ways) == 1 else Group("or", tuple(ways))


def _behind(order: Order, value: Any) -> Condition | None:
    """The rows with a value behind this one in one column; None where nothing can be."""
    name = column(order.name)
    if value is None:
        return None if order.nulls_last else ~name.is_(None)
    beyond = name.lt(value) if order.descending else name.gt(value)
    return beyond | name.is_(None) if order.nulls_last and not order.never_null else beyond


def _all(conditions: Sequence[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else Group("and", tuple(conditions))
