"""
Answers from rollups beside the answers from the rows, in one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.sql.conftest import Connection
from tests.sql.naive import COUNTING
from tests.sql.rows import every

# A sum that was put together in another order may differ in its last digit, and so may what is rounded from it.
LAST_DIGIT = Decimal("0.011")
BOUND = 0.02


def differences(
    db: Connection, views: Iterable[str] = COUNTING, *, without: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The views whose rows differ, with what differs; percentiles may be off by 2 %."""
    found = {}
    with db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for view in views:
            order = ", ".join(COUNTING[view])
            ours, theirs = (
                every(db, f"SELECT * FROM {schema}.{view} ORDER BY {order}") for schema in ("public", "naive")
            )
            if not alike(ours, theirs, without):
                found[view] = (ours, theirs)
    return found


def alike(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], without: tuple[str, ...] = ()) -> bool:
    """Whether two answers say the same."""
    return len(ours) == len(theirs) and all(
        same(name, mine[name], other[name])
        for mine, other in zip(ours, theirs, strict=True)
        for name in mine
        if name not in without
    )


def same(name: str, mine: Any, other: Any) -> bool:
    """Whether two values of a column do."""
    if mine == other:
        return True
    if mine is None or other is None:
        return False
    if name.startswith("p95"):
        return abs(float(mine) - float(other)) <= BOUND * abs(float(other)) + 0.01
    return name.startswith("avg") and abs(mine - other) <= LAST_DIGIT
