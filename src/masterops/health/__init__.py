"""
Health: probe every connection, decide what that means, remember it, notice flips.
"""

from masterops.health.cycle import Checked, Patient, check_connections
from masterops.health.evaluate import Probe, Verdict, evaluate

__all__ = ["Checked", "Patient", "Probe", "Verdict", "check_connections", "evaluate"]
