"""
The folder in which everything is kept.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from masterops import errors

PARTS = (
    "run",
    "spool",
    "pings",
    "sandbox",
)  # what this process writes itself; the database's folder is another's


def make_home(home: Path) -> None:
    """
    Make it if need be, and see that it is ours to write: better said now than by the first lost record.

    Raises DataDirectoryUnusable.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".writable-{secrets.token_hex(6)}"  # threads may look at the same time
        probe.touch()
        probe.unlink()
        owner = home.stat().st_uid
    except OSError as error:
        raise errors.DataDirectoryUnusable(path=home, reason=error.strerror or str(error)) from None
    if os.geteuid() == 0 != owner:
        # What root writes there, its owner could not write any more.
        reason = f"it belongs to user {owner}, and this is root"
        hint = "Run ops as that user, or set MASTEROPS_HOME to a folder of root's."
        raise errors.DataDirectoryUnusable(path=home, reason=reason, hint=hint)
    for part in PARTS:
        folder = home / part
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise errors.DataDirectoryUnusable(path=folder, reason="it belongs to another user")
