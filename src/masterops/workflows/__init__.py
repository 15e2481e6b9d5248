"""
What is known of n8n's workflows: how they perform, which executions failed, and how that is collected.
"""

from masterops.workflows.collect import collect
from masterops.workflows.owners import owners
from masterops.workflows.performance import Failure, Performance, failures, performance

__all__ = ["Failure", "Performance", "collect", "failures", "owners", "performance"]
