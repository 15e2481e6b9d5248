"""
What is known of n8n's workflows: how they perform, which executions failed, and how that is collected.
"""

from masterops.workflows.collect import collect, listed
from masterops.workflows.owners import owners
from masterops.workflows.performance import Failure, Performance, failures, performance
from masterops.workflows.watch import Settings, watch, watching

__all__ = [
    "Failure",
    "Performance",
    "Settings",
    "collect",
    "failures",
    "listed",
    "owners",
    "performance",
    "watch",
    "watching",
]
