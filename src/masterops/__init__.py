"""
Master-Ops: the operations platform that a group of small businesses runs on.

    import masterops

    log = masterops.get_logger(source="integration", business="teelixir")

    async with masterops.open() as ops:
        hub = ops.connect("hubspot", business="teelixir")
        contact = await hub.contacts.get("123")

    with masterops.open_sync() as ops:
        hub = ops.connect("hubspot", business="teelixir")
        contact = hub.contacts.get("123")

Everything is imported when it is first used, so that `import masterops` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from masterops.app.public import open, open_sync
    from masterops.app.writing import get_logger
    from masterops.logs import bind, carry

__version__ = "0.1.0"
__all__ = ["__version__", "bind", "carry", "get_logger", "open", "open_sync"]

_HOMES = {
    "open": "masterops.app.public",
    "open_sync": "masterops.app.public",
    "get_logger": "masterops.app.writing",
    "bind": "masterops.logs",
    "carry": "masterops.logs",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'masterops' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
