"""
What is known of n8n's workflows: how they perform, and which executions failed.
"""

from masterops.workflows.performance import Failure, Performance, failures, performance

__all__ = ["Failure", "Performance", "failures", "performance"]
