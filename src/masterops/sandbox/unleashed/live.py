"""
Life in an account: one change now and then, so that readers see something happen.
"""

from __future__ import annotations

from random import Random

from masterops.sandbox.hubspot.brands import BRANDS, GENERIC
from masterops.sandbox.unleashed import seeds, writing
from masterops.sandbox.unleashed.account import Account
from masterops.sandbox.unleashed.kinds import BY_NAME


def happen(account: Account, chance: Random) -> str:
    """Change or add one record, as a person at work might; says what it was."""
    products, buyers = (list(account.rows[name].values()) for name in ("Products", "Customers"))
    if not products or not buyers:
        return "nothing happened"
    if chance.random() < 0.5:
        brand = BRANDS.get(account.business, GENERIC)
        fields = seeds.order(account, brand, chance, chance.choice(buyers), products)
        made = writing.kept(account, BY_NAME["salesorders"], account.guid(), fields)
        return f"order {made['OrderNumber']} was added"
    product, place = chance.choice(products), next(iter(account.rows["Warehouses"].values()))
    account.counted(product, place, float(chance.randint(20, 900)))
    return f"product {product['ProductCode']} was counted"
