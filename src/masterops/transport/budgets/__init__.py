"""
Budgets at work: callers wait here until the service will take their call.
"""

from masterops.transport.budgets.ledger import Ledger, Supply

__all__ = ["Ledger", "Supply"]
