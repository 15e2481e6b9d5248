"""
Workflows as files under version control: pulled, checked, compared, deployed and put back.
"""

from masterops.workflows.code.catalogue import Catalogue
from masterops.workflows.code.deploy import Deployed, deploy
from masterops.workflows.code.diff import Difference, differences
from masterops.workflows.code.document import Document, canonical, tagged
from masterops.workflows.code.drift import note_drift
from masterops.workflows.code.files import Agreed, Folder, Memory
from masterops.workflows.code.problems import CODES, Problem
from masterops.workflows.code.pulling import Pulled, agreement
from masterops.workflows.code.pulling import plan as plan_pull
from masterops.workflows.code.rollback import rollback
from masterops.workflows.code.server import Live, look
from masterops.workflows.code.validate import Checked, validate

__all__ = [
    "CODES",
    "Agreed",
    "Catalogue",
    "Checked",
    "Deployed",
    "Difference",
    "Document",
    "Folder",
    "Live",
    "Memory",
    "Problem",
    "Pulled",
    "agreement",
    "canonical",
    "deploy",
    "differences",
    "look",
    "note_drift",
    "plan_pull",
    "rollback",
    "tagged",
    "validate",
]
