"""
The statements behind the bars of a day: as many as there are rows, on every version.
"""

from __future__ import annotations

import pytest

from masterops.reports.sql import statements
from tests.sql.conftest import Connection
from tests.sql.rows import HOUR, MOMENT, ago, business, error, every, log

PLAIN = """
SELECT {name} AS name, count(*) AS number,
    (extract(epoch FROM date_trunc('hour', now()) - date_trunc('hour', l.created_at)) / 3600)::integer AS hours_ago
FROM integration_logs AS l LEFT JOIN ops.business_keys AS k ON k.key = l.business_id
WHERE {which} AND l.created_at >= date_trunc('hour', now()) - interval '23 hours'
GROUP BY 1, 3
ORDER BY 1, 3
"""


@pytest.mark.parametrize("rolled", [False, True], ids=["waiting", "rolled up"])
@pytest.mark.parametrize(
    ("question", "name", "which"),
    [
        ("records_by_hour", "l.source", "true"),
        ("errors_by_hour", "k.slug", "l.level = 'error' AND k.id IS NOT NULL"),
    ],
    ids=["records", "errors"],
)
def test_each_hour_has_as_many_as_there_are_rows(
    db: Connection, question: str, name: str, which: str, rolled: bool
) -> None:
    """
    Of two businesses, one written in both ways, and of a stranger; around both ends of the day.
    """
    id, _ = business(db), business(db, "other")
    for back in [MOMENT, HOUR, 3 * HOUR, 22 * HOUR, 23 * HOUR, 24 * HOUR, 25 * HOUR]:
        error(db, business_id="teelixir", created_at=ago(back))
        error(db, business_id=id, created_at=ago(back), source="n8n")
        error(db, business_id="stranger", created_at=ago(back))
        log(db, business_id="other", created_at=ago(back))
    if rolled:
        db.execute("SELECT ops.roll_up()")

    answer = db.execute(statements()[question].encode(), {"hours": 24, "business": None}).fetchall()
    plain = every(db, PLAIN.format(name=name, which=which))

    assert plain
    assert plain == [
        {key: row[key] for key in ("name", "number", "hours_ago")}
        for row in sorted(answer, key=lambda row: (row["name"], row["hours_ago"]))
    ]
