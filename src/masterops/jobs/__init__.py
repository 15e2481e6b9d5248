"""
What runs when: jobs as data, bodies of a few lines that call features.
"""

from masterops.jobs.catalogue import CYCLE, Parts, catalogue
from masterops.jobs.cycle import Manner, Outcome, run_cycle

__all__ = ["CYCLE", "Manner", "Outcome", "Parts", "catalogue", "run_cycle"]
