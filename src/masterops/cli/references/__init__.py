"""
Pages of docs/ about what the program offers to other programs: tables, events, Python, HTTP.

Each is made of the thing itself, so that a page can be held against it.
"""

from __future__ import annotations

from masterops.cli.references.events import event_page
from masterops.cli.references.python_api import python_page
from masterops.cli.references.schema import schema_page
from masterops.cli.references.web_api import web_page

__all__ = ["event_page", "python_page", "schema_page", "web_page"]
