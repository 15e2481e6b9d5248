"""
Health: probe every connection, decide what that means, remember it, notice flips.
"""

from masterops.health.concluding import Care, care_of
from masterops.health.cycle import Checked, Patient, check_connections
from masterops.health.damping import Damping
from masterops.health.evaluate import Probe, Verdict, evaluate
from masterops.health.maintenance import Window
from masterops.health.recording import record_incidents
from masterops.health.settle import Rule
from masterops.health.surveying import survey
from masterops.health.watch import Watch

__all__ = [
    "Care",
    "Checked",
    "Damping",
    "Patient",
    "Probe",
    "Rule",
    "Verdict",
    "Watch",
    "Window",
    "care_of",
    "check_connections",
    "evaluate",
    "record_incidents",
    "survey",
]
