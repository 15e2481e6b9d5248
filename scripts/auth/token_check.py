"""
Every connection's credentials: whether they are good, until when, and what they may not do.

Each is asked for one small thing. Exits with 1 when one is missing, refused, or ends within --days.

Example:
    ops run token_check
    ops run token_check --days 30 -o json
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import masterops
from masterops import errors
from masterops.scripting import Arguments, columns, run, show

COLUMNS = columns("connection", "state", "expires", "days_left", "refused", "detail")


def told(facts: Mapping[str, Any], now: datetime, days: float) -> dict[str, Any]:
    """What a pulse says of the credentials."""
    ends = facts.get("token_expires_at")
    if not isinstance(ends, str):
        return {"state": "ok"}
    left = (datetime.fromisoformat(ends) - now).total_seconds() / 86_400
    state = "expired" if left <= 0 else "ends soon" if left < days else "ok"
    return {"state": state, "expires": ends[:10], "days_left": round(left, 1)}


def looked_at(ops: Any, connection: Any, now: datetime, days: float) -> dict[str, Any]:
    """One connection's row: its pulse, and which of its readings its credentials may not do."""
    try:
        connector = ops.connector(connection)
        row = told(connector.ping().facts, now, days)
    except errors.ConfigReference as error:
        return {"state": "missing", "detail": error.message}
    except errors.RemoteError as error:
        state = "refused" if error.category in ("authentication", "authorization") else "unknown"
        return {"state": state, "detail": error.message}
    return {**row, "refused": ", ".join(_refused(ops, connector)) or None}


def _refused(ops: Any, connector: Any) -> list[str]:
    """The capabilities that only read and are forbidden: scopes that lack."""
    found = []
    for each in connector.capabilities():
        if not each.writes:
            try:
                ops.wait(each.run())
            except errors.Forbidden:
                found.append(each.name)
            except errors.RemoteError:
                continue  # something else is wrong, which health says
    return found


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--days", type=float, default=14, help="what ends within so many days is told")
    arguments.add_argument("--service", help="only this service")
    given = arguments.parse()
    rows = []
    with masterops.open_sync() as ops:
        for connection in ops.connections(given.service, given.business):
            row = looked_at(ops, connection, datetime.now(UTC), given.days)
            rows.append({"connection": connection.id, **row})
    show(rows, COLUMNS, given.output, empty="No connection is configured.")
    return 1 if any(row["state"] not in ("ok", "unknown") for row in rows) else 0


if __name__ == "__main__":
    run(main)
