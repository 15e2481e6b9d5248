"""
Settings: where they are written, what they may be, and who wins.
"""

from masterops.config.files import home_directory
from masterops.config.find import find_business, find_service
from masterops.config.load import load
from masterops.config.model import (
    Business,
    Connection,
    Database,
    Gap,
    Http,
    Log,
    Origin,
    Sandbox,
    Schedule,
    Settings,
)
from masterops.config.reference import reference_markdown
from masterops.config.secret import Secret
from masterops.config.show import Shown, effective
from masterops.config.template import template
from masterops.config.write import WriteResult, write_template

__all__ = [
    "Business",
    "Connection",
    "Database",
    "Gap",
    "Http",
    "Log",
    "Origin",
    "Sandbox",
    "Schedule",
    "Secret",
    "Settings",
    "Shown",
    "WriteResult",
    "effective",
    "find_business",
    "find_service",
    "home_directory",
    "load",
    "reference_markdown",
    "template",
    "write_template",
]
