"""
Alerts: which rows are wrong, what becomes of them, and who is told what, once.
"""

from masterops.alerts.delivering import Delivered, deliver
from masterops.alerts.evaluate import Evaluated, evaluate
from masterops.alerts.store import forget

__all__ = ["Delivered", "Evaluated", "deliver", "evaluate", "forget"]
