"""
Settings: where they are written, what they may be, and who wins.

Every command starts with `load`; what only some need (the printed file and page) is imported when asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from masterops.config import kinds
from masterops.config.alert_sources import SOURCES, VIEW
from masterops.config.alerting import (
    LOG_CHANNEL,
    SEVERITIES,
    AlertRule,
    Alerts,
    ChannelSettings,
    Condition,
    Escalation,
    QuietHours,
    Severity,
    SeverityBy,
)
from masterops.config.check_model import Check, Maintenance
from masterops.config.files import home_directory
from masterops.config.find import find_business, find_service, settings_of
from masterops.config.load import load
from masterops.config.model import (
    Business,
    Connection,
    Database,
    Gap,
    Health,
    Heartbeat,
    Http,
    Log,
    Origin,
    Retention,
    Sandbox,
    Schedule,
    Settings,
    Web,
)
from masterops.config.pairs import pairs, words
from masterops.config.secret import Secret
from masterops.config.setting import Setting

if TYPE_CHECKING:
    from masterops.config.printed_file import template
    from masterops.config.printed_page import reference_markdown
    from masterops.config.show import Shown, effective
    from masterops.config.write import WriteResult, write_template

_LATER = {
    "Shown": "show",
    "WriteResult": "write",
    "effective": "show",
    "reference_markdown": "printed_page",
    "template": "printed_file",
    "write_template": "write",
}

__all__ = [
    "LOG_CHANNEL",
    "SEVERITIES",
    "SOURCES",
    "VIEW",
    "AlertRule",
    "Alerts",
    "Business",
    "ChannelSettings",
    "Check",
    "Condition",
    "Connection",
    "Database",
    "Escalation",
    "Gap",
    "Health",
    "Heartbeat",
    "Http",
    "Log",
    "Maintenance",
    "Origin",
    "QuietHours",
    "Retention",
    "Sandbox",
    "Schedule",
    "Secret",
    "Setting",
    "Settings",
    "Severity",
    "SeverityBy",
    "Shown",
    "Web",
    "WriteResult",
    "effective",
    "find_business",
    "find_service",
    "home_directory",
    "kinds",
    "load",
    "pairs",
    "reference_markdown",
    "settings_of",
    "template",
    "words",
    "write_template",
]


def __getattr__(name: str) -> Any:
    """Import what is named in _LATER on first use."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
