"""
The demo records of an account: the same for the same seed and business, on every machine and day.

They go in through the account's own checked writes, so a seed that it would refuse fails at once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot.brands import BRANDS, FIRST_NAMES, GENERIC, LAST_NAMES, SHOP_NAMES, Brand
from masterops.sandbox.unleashed import values, writing
from masterops.sandbox.unleashed.account import Account
from masterops.sandbox.unleashed.kinds import BY_NAME, Row

CUSTOMERS, SUPPLIERS, ORDERS, PURCHASES, CREDITS = 40, 6, 60, 12, 5
SIZES = ("", "2-pack", "6-pack", "carton")
DAYS = 600
LATEST = datetime(2026, 10, 30, 6, tzinfo=UTC)
OPEN_STATUSES = ("Parked", "Placed", "Backordered")
COMPLETED_SHARE = 0.7
COUNTED_SHARE = 0.9  # of products; the others were never bought, sold or counted


def seeded(business: str, seed: int, clock: Clock, *, products: int | None = None) -> Account:
    """An account with its demo records; `products` sets how many products it has."""
    chance = Random(f"{seed}/unleashed/{business}")
    account, brand = Account(business, clock, chance), BRANDS.get(business, GENERIC)
    places = _warehouses(account)
    suppliers = _suppliers(account, chance)
    made = _products(account, brand, chance, suppliers, products)
    _stock(account, chance, made, places)
    buyers = _customers(account, brand, chance)
    if made:
        _orders(account, brand, chance, buyers, made)
    _purchases(account, chance, suppliers, places[0])
    _credits(account, chance, buyers)
    return account


def moment(chance: Random) -> str:
    """Some moment of the account's past."""
    return values.moment(LATEST - timedelta(seconds=chance.randrange(DAYS * 86_400)))


def order(account: Account, brand: Brand, chance: Random, buyer: Row, products: list[Row]) -> Row:
    """An order as it is sent, of a few products."""
    lines = [
        {
            "Product": {"ProductCode": product["ProductCode"]},
            "OrderQuantity": chance.randint(*brand.order),
            "UnitPrice": product["DefaultSellPrice"],
        }
        for product in chance.sample(products, min(len(products), chance.randint(1, 4)))
    ]
    status = chance.choice(OPEN_STATUSES)
    return {
        "OrderStatus": status,
        "Customer": {"Guid": buyer["Guid"]},
        "CustomerRef": f"PO {chance.randint(1000, 9999)} (demo)",
        "SalesOrderLines": lines,
    }


def _warehouses(account: Account) -> list[Row]:
    made = []
    for code, name in (("MAIN", "Main (demo)"), ("3PL", "Third party (demo)")):
        fields = {"WarehouseCode": code, "WarehouseName": name, "Obsolete": False}
        row = account.keep(BY_NAME["warehouses"], account.guid(), fields, values.moment(LATEST))
        account.claim_code("Warehouses", "WarehouseCode", row)
        made.append(row)
    return made


def _suppliers(account: Account, chance: Random) -> list[Row]:
    return [
        account.keep(
            BY_NAME["suppliers"],
            account.guid(),
            {"SupplierCode": f"SUP{number:03d}", "SupplierName": f"{name} Growers (demo)", "Obsolete": False},
            moment(chance),
        )
        for number, name in enumerate(chance.sample(SHOP_NAMES, SUPPLIERS), 1)
    ]


def _products(
    account: Account, brand: Brand, chance: Random, suppliers: list[Row], count: int | None
) -> list[Row]:
    wanted = len(brand.products) * len(SIZES) if count is None else count
    made = []
    for number in range(wanted):
        (name, price), size = brand.products[number % len(brand.products)], number // len(brand.products)
        label = SIZES[size] if size < len(SIZES) else f"batch {size}"
        sell = round(float(price) * (1 + size % 4), 2)
        supplier = chance.choice(suppliers)
        fields = {
            "ProductCode": f"P{number + 1:05d}",
            "ProductDescription": f"{name} {label}".strip() + " (demo)",
            "Barcode": f"93{chance.randrange(10**11):011d}",
            "DefaultSellPrice": sell,
            "DefaultPurchasePrice": round(sell * 0.55, 2),
            "IsSellable": True,
            "IsPurchasable": True,
            "Obsolete": False,
            "ProductGroup": {"Guid": account.guid(), "GroupName": "Demo"},
            "Supplier": {name: supplier[name] for name in ("Guid", "SupplierCode", "SupplierName")},
        }
        made.append(writing.kept(account, BY_NAME["products"], account.guid(), fields, moment(chance)))
    return made


def _stock(account: Account, chance: Random, products: list[Row], places: list[Row]) -> None:
    for product in products:
        if chance.random() < COUNTED_SHARE:
            at = moment(chance)
            for place in places[: chance.randint(1, len(places))]:
                account.counted(product, place, float(chance.randint(20, 900)), at)


def _customers(account: Account, brand: Brand, chance: Random) -> list[Row]:
    made = []
    for number in range(1, CUSTOMERS + 1):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        shop = f"{chance.choice(SHOP_NAMES)} {chance.choice(brand.customers)}"
        fields = {
            "CustomerCode": f"C{number:04d}",
            "CustomerName": f"{shop} (demo)",
            "Email": f"orders.{number}@example.com",
            "ContactFirstName": first,
            "ContactLastName": f"{last} (demo)",
            "Taxable": True,
            "StopCredit": False,
            "Obsolete": False,
        }
        made.append(writing.kept(account, BY_NAME["customers"], account.guid(), fields, moment(chance)))
    return made


def _orders(account: Account, brand: Brand, chance: Random, buyers: list[Row], products: list[Row]) -> None:
    for _ in range(ORDERS):
        fields, at = order(account, brand, chance, chance.choice(buyers), products), moment(chance)
        made = writing.kept(account, BY_NAME["salesorders"], account.guid(), fields, at)
        if chance.random() < COMPLETED_SHARE:
            writing.completed(account, made["Guid"], at)


def _purchases(account: Account, chance: Random, suppliers: list[Row], place: Row) -> None:
    for number in range(1, PURCHASES + 1):
        supplier, net, at = chance.choice(suppliers), float(chance.randint(200, 9_000)), moment(chance)
        fields = {
            "OrderNumber": f"PO-{number:08d}",
            "OrderStatus": chance.choice(("Parked", "Placed", "Complete")),
            "OrderDate": at,
            "Supplier": {name: supplier[name] for name in ("Guid", "SupplierCode", "SupplierName")},
            "Warehouse": place,
            "SubTotal": net,
            "Total": round(net * 1.1, 2),
        }
        account.keep(BY_NAME["purchaseorders"], account.guid(), fields, at)


def _credits(account: Account, chance: Random, buyers: list[Row]) -> None:
    for number in range(1, CREDITS + 1):
        buyer, net, at = chance.choice(buyers), float(chance.randint(10, 400)), moment(chance)
        fields = {
            "CreditNoteNumber": f"CR-{number:08d}",
            "Status": "Completed",
            "CreditDate": at,
            "Customer": {name: buyer[name] for name in ("Guid", "CustomerCode", "CustomerName")},
            "SubTotal": net,
            "Total": round(net * 1.1, 2),
        }
        account.keep(BY_NAME["creditnotes"], account.guid(), fields, at)
