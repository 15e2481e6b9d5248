"""
Properties and their groups, declared in a file: what differs in an account, and making it so.
"""

from masterops.connectors.hubspot.schema_sync.declared import Declaration
from masterops.connectors.hubspot.schema_sync.diff import Change, Held, Step, diff
from masterops.connectors.hubspot.schema_sync.reading import read
from masterops.connectors.hubspot.schema_sync.sync import Done, Loss, Planned, apply, held, plan
from masterops.connectors.hubspot.schema_sync.writing import text

__all__ = [
    "Change",
    "Declaration",
    "Done",
    "Held",
    "Loss",
    "Planned",
    "Step",
    "apply",
    "diff",
    "held",
    "plan",
    "read",
    "text",
]
