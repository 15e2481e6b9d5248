"""
One read at every connection, and one of the database: does the whole of it answer?

Exits with 1 when something does not.

Example:
    ops run smoke
    ops run smoke --service hubspot -o json
"""

from __future__ import annotations

import time
from typing import Any

import masterops
from masterops import errors
from masterops.scripting import Arguments, Column, columns, milliseconds, run, show

COLUMNS = (
    *columns("what", "result"),
    Column("took_ms", "took", show=milliseconds, right=True),
    *columns("detail"),
)


def tried(what: str, doing: Any) -> dict[str, Any]:
    """How it went, and how long it took."""
    begun = time.perf_counter()
    try:
        doing()
        result, detail = "ok", None
    except errors.MasterOpsError as error:
        result, detail = "failed", f"{error.message} [{error.code}]"
    return {
        "what": what,
        "result": result,
        "took_ms": round((time.perf_counter() - begun) * 1000, 1),
        "detail": detail,
    }


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--service", help="only this service")
    given = arguments.parse()
    with masterops.open_sync() as ops:
        rows = [tried("database", lambda: ops.query("businesses", limit=1))]
        for connection in ops.connections(given.service, given.business):
            rows.append(tried(connection.id, lambda each=connection: ops.connector(each).ping()))
    show(rows, COLUMNS, given.output)
    return 1 if any(row["result"] != "ok" for row in rows) else 0


if __name__ == "__main__":
    run(main)
