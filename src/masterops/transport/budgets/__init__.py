"""
Budgets at work: callers wait here until the service will take their call.
"""

from masterops.transport.budgets.budget import Budget
from masterops.transport.budgets.budgets import Budgets
from masterops.transport.budgets.lanes import current_lane, in_lane
from masterops.transport.budgets.ledger import Ledger
from masterops.transport.budgets.permit import Permit

__all__ = ["Budget", "Budgets", "Ledger", "Permit", "current_lane", "in_lane"]
