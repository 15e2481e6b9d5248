"""
Lists: narrowed, in order, cut into pages whose number stands in the path.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.unleashed import values
from masterops.sandbox.unleashed.account import Account
from masterops.sandbox.unleashed.kinds import Kind, Row
from masterops.sandbox.unleashed.problems import invalid

USUAL, MOST = 200, 1_000
ORDERS = {"lastmodifiedon": "LastModifiedOn", "createdon": "CreatedOn", "productcode": "ProductCode"}


def records(account: Account, kind: Kind, query: str, page: int) -> Answer:
    """A page of the records of a kind. Raises Refusal."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    rows: Iterable[Row] = account.rows[kind.path].values()
    overriding = {name: test for name, test in kind.alone.items() if name in asked}
    if overriding:
        return _page(
            [row for row in rows if all(t(row, asked[n]) for n, t in overriding.items())], asked, page
        )
    tests = [(test, asked[name]) for name, test in kind.filters.items() if asked.get(name)]
    since = _since(asked)
    hidden = _hidden(kind, asked)
    found = [
        row
        for row in rows
        if row.get(hidden[0]) != hidden[1]
        and (since is None or values.milliseconds(row["LastModifiedOn"]) >= since)
        and all(test(row, wanted) for test, wanted in tests)
    ]
    return _page(_sorted(found, asked.get("orderBy", kind.order)), asked, page)


def stock(account: Account, query: str, page: int) -> Answer:
    """A page of the stock. Raises Refusal."""
    asked = dict(parse_qsl(query, keep_blank_values=True))
    since, product = _since(asked), asked.get("productId")
    found = [
        row
        for row in account.stock_rows(asked.get("warehouseCode", ""))
        if (since is None or values.milliseconds(row["LastModifiedOn"]) >= since)
        and product in (None, "", row["ProductGuid"])
    ]
    return _page(_sorted(found, asked.get("orderBy", "ProductCode")), asked, page)


def _hidden(kind: Kind, asked: dict[str, str]) -> tuple[str, object]:
    """What a list leaves out: the field, and the value of it."""
    if kind.path == "SalesOrders":
        return "OrderStatus", "Deleted"
    shown = kind.path != "Products" or asked.get("includeObsolete", "").lower() == "true"
    return ("", object()) if shown else ("Obsolete", True)


def _since(asked: dict[str, str]) -> int | None:
    text = asked.get("modifiedSince")
    return values.asked_since(text) if text else None


def _sorted(rows: list[Row], by: str) -> list[Row]:
    field = ORDERS.get(by.lower())
    if field is None:
        return rows
    if field == "ProductCode":
        return sorted(rows, key=lambda row: str(row[field]))
    return sorted(rows, key=lambda row: values.milliseconds(row[field]))


def _page(rows: list[Row], asked: dict[str, str], page: int) -> Answer:
    text = asked.get("pageSize", str(USUAL))
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= size <= MOST:
        raise invalid(f"pageSize is from 1 to {MOST}, not {text!r}.")
    if page < 1:
        raise invalid("The first page is 1.")
    told = {
        "NumberOfItems": len(rows),
        "PageSize": size,
        "PageNumber": page,
        "NumberOfPages": -(-len(rows) // size),
    }
    return json_answer(200, {"Pagination": told, "Items": rows[(page - 1) * size : page * size]})
