"""
One business's Unleashed account: its records, its stock, what it may spend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from masterops.sandbox.clock import Clock
from masterops.sandbox.unleashed import values
from masterops.sandbox.unleashed.kinds import BY_NAME, KINDS, Kind, Row
from masterops.sandbox.unleashed.limits import Meter
from masterops.sandbox.unleashed.problems import invalid
from masterops.sandbox.unleashed.traits import Traits


class Stock(msgspec.Struct):
    """
    What there is of one product, by the GUID of the warehouse, and what of it orders have taken.
    """

    on_hand: dict[str, float]
    modified: str
    allocated: float = 0.0


class Account:
    """
    The records of one business. Counts what it served.
    """

    def __init__(self, business: str, clock: Clock, chance: Random) -> None:
        self.business, self.clock = business, clock
        self.traits = Traits()
        self.meter = Meter(self.traits, clock)
        self.requests = self.refused = 0
        self.rows: dict[str, dict[str, Row]] = {kind.path: {} for kind in KINDS}
        self.stock: dict[str, Stock] = {}
        self.subscriptions: dict[str, Row] = {}
        self._chance = chance
        self._codes: dict[tuple[str, str], str] = {}

    def guid(self) -> str:
        """A new GUID; the same ones for the same seed."""
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def keep(self, kind: Kind, guid: str, fields: Mapping[str, Any], at: str | None = None) -> Row:
        """Make a record or change it; `at` is the moment of it. Raises Refusal for a code that is taken."""
        now = at or values.moment(self.clock.now())
        held = self.rows[kind.path]
        before = held.get(guid)
        row = {**(before or {}), **fields, "Guid": guid, "LastModifiedOn": now}
        if before is None:
            row |= {"CreatedOn": now, "CreatedBy": "api@example.com"}
        else:
            row |= {name: before[name] for name in ("CreatedOn", "CreatedBy")}
        row["LastModifiedBy"] = "api@example.com"
        if kind.number and not row.get(kind.number):
            row[kind.number] = self._number(kind)
        self._claim(kind, guid, row, before)
        held[guid] = row
        return row

    def named(self, path: str, reference: object, *fields: str) -> Row:
        """The record that another mentions, by GUID or code. Raises Refusal when there is none."""
        given: Row = reference if isinstance(reference, dict) else {}
        held = self.rows[path]
        if (guid := str(given.get("Guid")).lower()) in held:
            return held[guid]
        for field in fields:
            code = given.get(field)
            owner = self._codes.get((f"{path}.{field}", str(code).lower()))
            if owner is not None:
                return held[owner]
        raise invalid(f"There is no such record in {path}: {given.get('Guid') or given}.")

    def stock_rows(self, warehouse: str = "") -> Iterator[Row]:
        """The stock of every product with a history: in all warehouses, or in the one with this code."""
        places = self.rows["Warehouses"]
        for guid, stock in self.stock.items():
            held = {
                place: count
                for place, count in stock.on_hand.items()
                if not warehouse or places[place]["WarehouseCode"].lower() == warehouse.lower()
            }
            if warehouse and not held:
                continue
            place = places[next(iter(held))] if warehouse else None
            yield self._stock_row(self.rows["Products"][guid], stock, sum(held.values()), place)

    def counted(self, product: Row, warehouse: Row, count: float, at: str | None = None) -> None:
        """There is so much of a product in a warehouse from now on."""
        now = at or values.moment(self.clock.now())
        stock = self.stock.setdefault(product["Guid"], Stock({}, now))
        stock.on_hand[warehouse["Guid"]] = count
        stock.modified = now

    def allocate(self, product: Row, count: float, at: str | None = None) -> None:
        """An order takes so much of a product, or gives it back."""
        now = at or values.moment(self.clock.now())
        stock = self.stock.setdefault(product["Guid"], Stock({}, now))
        stock.allocated += count
        stock.modified = now

    def claim_code(self, kind: str, field: str, row: Row) -> None:
        """Let other records mention this one by a code."""
        self._codes[f"{kind}.{field}", str(row[field]).lower()] = row["Guid"]

    def _number(self, kind: Kind) -> str:
        """The next number that nobody has given a record by hand."""
        count = len(self.rows[kind.path]) + 1
        while (f"{kind.path}.{kind.code}", f"{kind.prefix}{count:08d}".lower()) in self._codes:
            count += 1
        return f"{kind.prefix}{count:08d}"

    def _claim(self, kind: Kind, guid: str, row: Row, before: Row | None) -> None:
        if not kind.code:
            return
        place = f"{kind.path}.{kind.code}"
        owner = self._codes.get((place, str(row[kind.code]).lower()))
        if owner not in (None, guid):
            raise invalid(f"{kind.code} {row[kind.code]!r} already exists.")
        if before is not None:
            self._codes.pop((place, str(before[kind.code]).lower()), None)
        self._codes[place, str(row[kind.code]).lower()] = guid

    def _stock_row(self, product: Row, stock: Stock, on_hand: float, place: Row | None) -> Row:
        cost = float(product.get("DefaultPurchasePrice") or 0)
        return {
            "ProductGuid": product["Guid"],
            "Guid": product["Guid"],
            "ProductCode": product["ProductCode"],
            "ProductDescription": product["ProductDescription"],
            "ProductGroupName": (product.get("ProductGroup") or {}).get("GroupName"),
            "WarehouseId": place["Guid"] if place else None,
            "WarehouseCode": place["WarehouseCode"] if place else "",
            "Warehouse": place["WarehouseName"] if place else "",
            "OnPurchase": 0.0,
            "AllocatedQty": stock.allocated,
            "AvailableQty": on_hand - stock.allocated,
            "QtyOnHand": on_hand,
            "AvgCost": cost,
            "TotalCost": round(cost * on_hand, 4),
            "LastModifiedOn": stock.modified,
        }


def kind_of(name: str) -> Kind | None:
    """The kind of a path's first word, in any case."""
    return BY_NAME.get(name.lower())
