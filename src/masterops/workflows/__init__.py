"""
What is known of n8n's workflows: how they perform, which executions failed, and how that is collected.
"""

from masterops.workflows.collect import collect, listed
from masterops.workflows.outputs import count_outputs
from masterops.workflows.owners import owners
from masterops.workflows.performance import Failure, Performance, failures, performance
from masterops.workflows.seen import PastRun, Problem, Seen, found, holding, past_runs, problems, seen
from masterops.workflows.watch import Settings, upcoming, watch, watching

__all__ = [
    "Failure",
    "PastRun",
    "Performance",
    "Problem",
    "Seen",
    "Settings",
    "collect",
    "count_outputs",
    "failures",
    "found",
    "holding",
    "listed",
    "owners",
    "past_runs",
    "performance",
    "problems",
    "seen",
    "upcoming",
    "watch",
    "watching",
]
