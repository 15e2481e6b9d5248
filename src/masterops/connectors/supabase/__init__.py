"""
Supabase: a project's rows, users and files, and what Supabase says of the project itself.
"""

from masterops.connectors.supabase.connector import Supabase, target
from masterops.connectors.supabase.filters import Column, Condition, all_of, any_of, column
from masterops.connectors.supabase.management import Lint, Management, Project, ServiceHealth, Usage
from masterops.connectors.supabase.selection import Found, Selection
from masterops.connectors.supabase.storage import Bucket, Info, Kept, Object, Storage
from masterops.connectors.supabase.table import Table
from masterops.connectors.supabase.users import Link, User, Users

__all__ = [
    "Bucket",
    "Column",
    "Condition",
    "Found",
    "Info",
    "Kept",
    "Link",
    "Lint",
    "Management",
    "Object",
    "Project",
    "Selection",
    "ServiceHealth",
    "Storage",
    "Supabase",
    "Table",
    "Usage",
    "User",
    "Users",
    "all_of",
    "any_of",
    "column",
    "target",
]
