"""
The folder in which everything is kept.
"""

from __future__ import annotations

import os
from pathlib import Path

from masterops import errors


def make_home(home: Path) -> None:
    """
    Make it if need be, and see that it can be written: better said now than by the first lost record.

    Raises DataDirectoryUnusable.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise errors.DataDirectoryUnusable(path=home, reason=error.strerror or str(error)) from None
