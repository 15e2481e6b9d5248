"""
Rows for the tests, with only what a test cares about.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from tests.sql.conftest import Connection

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# More than a test needs from one statement to the next, less than any window.
MOMENT = timedelta(minutes=1)


def ago(distance: timedelta = MOMENT) -> datetime:
    """A moment that lies `distance` back."""
    return datetime.now(UTC) - distance


def add(db: Connection, table: str, **values: Any) -> dict[str, Any]:
    """One row, as it is in the table afterwards."""
    statement = SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING *").format(
        Identifier(*table.split(".")),
        SQL(", ").join(map(Identifier, values)),
        SQL(", ").join(Placeholder() for _ in values),
    )
    given = [Jsonb(value) if isinstance(value, (dict, list)) else value for value in values.values()]
    row = db.execute(statement, given).fetchone()
    assert row is not None
    return row


def log(db: Connection, **values: Any) -> dict[str, Any]:
    """A log record of HubSpot, a minute ago unless said otherwise."""
    return add(db, "integration_logs", **{"source": "hubspot", "message": "m", "created_at": ago(), **values})


def error(db: Connection, **values: Any) -> dict[str, Any]:
    """A log record of something that went wrong."""
    return log(db, **{"level": "error", "status": "error", **values})


def attempt(db: Connection, **values: Any) -> dict[str, Any]:
    """An HTTP attempt that succeeded."""
    given = {
        "service": "hubspot",
        "endpoint": "/contacts",
        "method": "GET",
        "success": True,
        "created_at": ago(),
    }
    return add(db, "api_metrics", **(given | values))


def execution(db: Connection, **values: Any) -> dict[str, Any]:
    """An execution of workflow w1 that succeeded."""
    given = {"workflow_id": "w1", "execution_id": "1", "status": "success", "started_at": ago()}
    return add(db, "workflow_execution_logs", **(given | values))


def business(db: Connection, slug: str = "teelixir", name: str | None = None, **values: Any) -> str:
    """A business; answers its id."""
    given = {"slug": slug, "name": name or slug.title(), "type": "ecommerce"} | values
    return str(add(db, "businesses", **given)["id"])


def connection(db: Connection, id: str = "hubspot/teelixir", **values: Any) -> None:
    """A connection that was configured two days ago."""
    service, _, owner = id.partition("/")
    given = {"business_slug": None if owner == "group" else owner, "configured_at": ago(2 * DAY)}
    add(db, "ops.connections", **{"id": id, "service": service, **given, **values})


def look(db: Connection, state: str = "up", **values: Any) -> dict[str, Any]:
    """What record_health answers to a look at hubspot/teelixir."""
    given = {
        "service": "hubspot",
        "business_id": "teelixir",
        "integration_id": "hubspot/teelixir",
        "state": state,
    }
    given |= {
        key: value.isoformat() if isinstance(value, datetime) else value for key, value in values.items()
    }
    return one(db, "SELECT * FROM ops.record_health(%s)", Jsonb(given))


def one(db: Connection, sql: str, *values: Any) -> dict[str, Any]:
    """The only row of an answer."""
    rows = every(db, sql, *values)
    assert len(rows) == 1, rows
    return rows[0]


def every(db: Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    """The rows of an answer."""
    return db.execute(sql.encode(), values or None).fetchall()


def value(db: Connection, sql: str, *values: Any) -> Any:
    """The only column of the only row of an answer."""
    (found,) = one(db, sql, *values).values()
    return found


def refusal(db: Connection, sql: str, *values: Any) -> psycopg.Error:
    """The error with which a statement is refused; the transaction goes on."""
    with pytest.raises(psycopg.Error) as refused, db.transaction():
        db.execute(sql.encode(), values or None)
    return refused.value


def code(db: Connection, sql: str, *values: Any) -> str | None:
    """The code of the error with which a statement is refused; ours say how to mend it as well."""
    error = refusal(db, sql, *values)
    assert not (error.sqlstate or "").startswith("OP") or error.diag.message_hint
    return error.sqlstate
