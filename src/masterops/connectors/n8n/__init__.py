"""
n8n: workflows, their executions, and what a server is made of.
"""

from masterops.connectors.n8n.connector import N8n
from masterops.connectors.n8n.credentials import Credential
from masterops.connectors.n8n.executions import Execution, Stopped
from masterops.connectors.n8n.projects import Project
from masterops.connectors.n8n.tags import Tag
from masterops.connectors.n8n.users import User
from masterops.connectors.n8n.variables import Variable
from masterops.connectors.n8n.workflows import Workflow

__all__ = ["Credential", "Execution", "N8n", "Project", "Stopped", "Tag", "User", "Variable", "Workflow"]
