"""
The oldest PostgreSQL that we run on, where Debian's package of it is installed.
"""

from __future__ import annotations

from pathlib import Path

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
