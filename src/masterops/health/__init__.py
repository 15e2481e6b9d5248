"""
Health: probe every connection, decide what that means, remember it, notice flips.
"""

from masterops.health.concluding import Care, care_of
from masterops.health.cycle import Checked, Patient, check_connections
from masterops.health.damping import Damping
from masterops.health.evaluate import Probe, Verdict, evaluate
from masterops.health.maintenance import Window
from masterops.health.once import check_once
from masterops.health.recording import Change, Result, forget_other_checks, record_incidents
from masterops.health.settle import Rule
from masterops.health.surveying import survey
from masterops.health.watch import Watch

__all__ = [
    "Care",
    "Change",
    "Checked",
    "Damping",
    "Patient",
    "Probe",
    "Result",
    "Rule",
    "Verdict",
    "Watch",
    "Window",
    "care_of",
    "check_connections",
    "check_once",
    "evaluate",
    "forget_other_checks",
    "record_incidents",
    "survey",
]
