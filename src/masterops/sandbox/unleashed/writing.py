"""
Writes: records are made and changed under GUIDs of the caller's, orders completed and deleted, stock counted.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.sandbox.unleashed import values
from masterops.sandbox.unleashed.account import Account
from masterops.sandbox.unleashed.kinds import BY_NAME, Kind, Row
from masterops.sandbox.unleashed.problems import UNPARSED, Refusal, invalid

TAKING = ("Placed", "Backordered")  # an order in these has taken its goods
STATUSES = ("Open", "Parked", *TAKING, "Completed", "Deleted")
TAX = 0.1
# What a caller cannot set.
OURS = ("LastModifiedOn", "CreatedOn", "CreatedBy", "LastModifiedBy")
INVOICES = BY_NAME["invoices"]
ORDERS = BY_NAME["salesorders"]


def parsed(body: bytes) -> Row:
    """The object that was sent. Raises Refusal: a body that is none is a 500, as Unleashed documents."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(500, UNPARSED) from None


def posted(account: Account, kind: Kind, guid: str, body: bytes) -> Row:
    """Make a record, or change the one that has this GUID. Raises Refusal."""
    exists = guid in account.rows[kind.path]
    if exists and account.traits.repeated_create == "refuse":
        raise invalid(f"A record with the Guid {guid} already exists.")
    return kept(account, kind, guid, parsed(body))


def kept(account: Account, kind: Kind, guid: str, fields: Row, at: str | None = None) -> Row:
    """A record with these fields, checked. Raises Refusal."""
    before = account.rows[kind.path].get(guid)
    if str(fields.get("Guid") or guid).lower() != guid.lower():
        raise invalid("The Guid of the body is another than that of the path.")
    given = {name: value for name, value in fields.items() if name not in (*OURS, "Guid")}
    missing = [name for name in kind.needs if not (given.get(name) or (before or {}).get(name))]
    if missing:
        raise invalid(f"{missing[0]} is required.")
    if kind.path == "SalesOrders":
        return _order(account, guid, given, before, at)
    if kind.path == "StockAdjustments":
        return _adjustment(account, kind, guid, given, before, at)
    return account.keep(kind, guid, given, at)


def completed(account: Account, guid: str, at: str | None = None) -> Row:
    """Complete an order: its goods leave the stock, and it is invoiced. Raises Refusal."""
    order = account.rows["SalesOrders"].get(guid)
    if order is None:
        raise Refusal(404, f"There is no sales order {guid}.")
    if order["OrderStatus"] in ("Completed", "Deleted"):
        raise invalid(f"The order is {order['OrderStatus']} and cannot be completed.")
    now = at or values.moment(account.clock.now())
    _take(account, order, -1, now)
    place = account.named("Warehouses", order["Warehouse"], "WarehouseCode")
    for line in order["SalesOrderLines"]:
        product = account.rows["Products"][line["Product"]["Guid"]]
        held = account.stock.get(product["Guid"])
        there = held.on_hand.get(place["Guid"], 0.0) if held else 0.0
        account.counted(product, place, there - line["OrderQuantity"], now)
    order = account.keep(ORDERS, guid, {"OrderStatus": "Completed", "CompletedDate": now}, now)
    invoice = {name: order[name] for name in ("OrderNumber", "Customer", "SubTotal", "TaxTotal", "Total")}
    account.keep(INVOICES, account.guid(), {**invoice, "InvoiceStatus": "Unpaid", "InvoiceDate": now}, now)
    return order


def deleted(account: Account, guid: str) -> None:
    """Delete an order: it stays and is no longer listed. Raises Refusal."""
    order = account.rows["SalesOrders"].get(guid)
    if order is None:
        raise Refusal(404, f"There is no sales order {guid}.")
    if order["OrderStatus"] == "Completed":
        raise invalid("A completed order cannot be deleted.")
    _take(account, order, -1, None)
    account.keep(ORDERS, guid, {"OrderStatus": "Deleted"})


def _order(account: Account, guid: str, given: Row, before: Row | None, at: str | None) -> Row:
    status = given.get("OrderStatus") or (before or {}).get("OrderStatus") or "Parked"
    if status not in STATUSES[:4]:
        raise invalid(f"OrderStatus cannot be set to {status!r}.")
    if before is not None and before["OrderStatus"] in ("Completed", "Deleted"):
        raise invalid(f"The order is {before['OrderStatus']} and cannot be changed.")
    whole = {**(before or {}), **given}
    customer = account.named("Customers", whole["Customer"], "CustomerCode")
    place = whole.get("Warehouse") or {"WarehouseCode": "MAIN"}
    lines = [_line(account, each, number) for number, each in enumerate(_rows(whole["SalesOrderLines"]), 1)]
    net = round(sum(each["LineTotal"] for each in lines), 2)
    fields = {
        **given,
        "OrderStatus": status,
        "OrderDate": whole.get("OrderDate") or at or values.moment(account.clock.now()),
        "Customer": {name: customer[name] for name in ("Guid", "CustomerCode", "CustomerName")},
        "Warehouse": account.named("Warehouses", place, "WarehouseCode"),
        "SalesOrderLines": lines,
        "SubTotal": net,
        "TaxTotal": round(net * TAX, 2),
        "Total": round(net * (1 + TAX), 2),
    }
    row = account.keep(ORDERS, guid, fields, at)
    if before is not None:
        _take(account, before, -1, at)
    _take(account, row, 1, at)
    return row


def _line(account: Account, given: Row, number: int) -> Row:
    product = account.named("Products", given.get("Product"), "ProductCode")
    count, price = (values.number(given.get(name) or 0, name) for name in ("OrderQuantity", "UnitPrice"))
    return {
        **given,
        "Guid": given.get("Guid") or account.guid(),
        "LineNumber": number,
        "Product": {name: product[name] for name in ("Guid", "ProductCode", "ProductDescription")},
        "OrderQuantity": count,
        "UnitPrice": price,
        "LineTotal": round(count * price, 2),
        "TaxRate": TAX,
        "LineTax": round(count * price * TAX, 2),
    }


def _take(account: Account, order: Row, sign: int, at: str | None) -> None:
    """Let an order take its goods, or give them back, if it is in a status that has taken them."""
    if order["OrderStatus"] in TAKING:
        for line in order["SalesOrderLines"]:
            product = account.rows["Products"][line["Product"]["Guid"]]
            account.allocate(product, sign * line["OrderQuantity"], at)


def _adjustment(
    account: Account, kind: Kind, guid: str, given: Row, before: Row | None, at: str | None
) -> Row:
    if before is not None:
        return before  # it is carried out, once
    place = account.named("Warehouses", given["Warehouse"], "WarehouseCode")
    lines = []
    for each in _rows(given["StockAdjustmentLines"]):
        product = account.named("Products", each.get("Product"), "ProductCode")
        count = values.number(each.get("NewQuantity") or 0, "NewQuantity")
        about = {name: product[name] for name in ("Guid", "ProductCode")}
        lines.append({**each, "Guid": account.guid(), "Product": about, "NewQuantity": count})
    for each in lines:
        account.counted(account.rows["Products"][each["Product"]["Guid"]], place, each["NewQuantity"], at)
    fields = {**given, "Warehouse": place, "StockAdjustmentLines": lines, "Status": "Completed"}
    return account.keep(kind, guid, fields, at)


def _rows(value: object) -> list[Row]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Refusal(500, UNPARSED)
    return value
