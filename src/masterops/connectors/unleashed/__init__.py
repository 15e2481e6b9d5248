"""
Unleashed: products, customers, orders, stock, purchases, invoices.
"""

from masterops.connectors.unleashed.connector import Unleashed, target
from masterops.connectors.unleashed.moments import Moment
from masterops.connectors.unleashed.products import Product
from masterops.connectors.unleashed.purchases import PurchaseOrder, Supplier
from masterops.connectors.unleashed.sales import Customer, SalesOrder, SalesOrderLine
from masterops.connectors.unleashed.settled import CreditNote, Invoice
from masterops.connectors.unleashed.signature import Verdict, verify
from masterops.connectors.unleashed.stock import AdjustmentLine, StockAdjustment, StockOnHand, Warehouse
from masterops.connectors.unleashed.webhooks import Subscription

__all__ = [
    "AdjustmentLine",
    "CreditNote",
    "Customer",
    "Invoice",
    "Moment",
    "Product",
    "PurchaseOrder",
    "SalesOrder",
    "SalesOrderLine",
    "StockAdjustment",
    "StockOnHand",
    "Subscription",
    "Supplier",
    "Unleashed",
    "Verdict",
    "Warehouse",
    "target",
    "verify",
]
