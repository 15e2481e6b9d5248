"""
Changes: what is new at each service since the last look.
"""

from masterops.changes.cursor import OVERLAP, Cursor, Seen, advance
from masterops.changes.read import Read, read_changes

__all__ = ["OVERLAP", "Cursor", "Read", "Seen", "advance", "read_changes"]
