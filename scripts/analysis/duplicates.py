"""
Contacts or companies of HubSpot that are there more than once: same address, phone number, name or domain.

Spelling does not count: case, blanks and what phone numbers are written with. It reads, and changes nothing.
One line a group; ids are in the order in which the records were made.

Example:
    ops run duplicates --business teelixir --by phone
    ops run duplicates --object companies --by domain -o csv
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import masterops
from masterops.errors import UsageError
from masterops.scripting import Arguments, Column, count, run, show

COLUMNS = (
    Column("business", "business"),
    Column("value", "value"),
    Column("records", "records", show=count, right=True),
    Column("ids", "ids", show=" ".join),
)
SHORTEST_PHONE = 6


def words(text: str) -> str:
    """A text without what does not count."""
    return " ".join(text.casefold().split())


def digits(text: str) -> str:
    """A phone number as its last nine digits, which are the same with and without a country's code."""
    found = re.sub(r"[^0-9]", "", text)
    return found[-9:] if len(found) >= SHORTEST_PHONE else ""


WAYS: dict[str, tuple[tuple[str, ...], Callable[[str], str]]] = {
    "email": (("email",), words),
    "phone": (("phone",), digits),
    "name": (("firstname", "lastname"), words),
}
OF_COMPANIES = {"name": (("name",), words), "domain": (("domain",), words), "phone": (("phone",), digits)}


def groups(
    records: Iterable[tuple[str, Mapping[str, str | None]]],
    properties: tuple[str, ...],
    key: Callable[[str], str],
) -> dict[str, list[str]]:
    """The ids of those that have the same value; one that has none is like no other."""
    found: dict[str, list[str]] = defaultdict(list)
    for id, values in records:
        value = key(" ".join(values.get(name) or "" for name in properties))
        if value:
            found[value].append(id)
    return {value: ids for value, ids in found.items() if len(ids) > 1}


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--object", choices=("contacts", "companies"), default="contacts")
    arguments.add_argument(
        "--by", default="email", help="email, phone, name; of companies name, domain, phone"
    )
    given = arguments.parse()
    ways = WAYS if given.object == "contacts" else OF_COMPANIES
    if given.by not in ways:
        hint = f"Known: {', '.join(ways)}."
        raise UsageError(what=f"{given.object} are not told apart by {given.by}", hint=hint)
    properties, key = ways[given.by]
    rows: list[dict[str, Any]] = []
    with masterops.open_sync() as ops:
        for connection in ops.connections("hubspot", given.business):
            client = ops.connector(connection).objects(given.object, properties)
            records = sorted(((each.id, each.values) for each in client.list()), key=_age)
            rows += [
                {"business": connection.business, "value": value, "records": len(ids), "ids": ids}
                for value, ids in groups(records, properties, key).items()
            ]
    rows.sort(key=lambda row: (row["business"], -row["records"], row["value"]))
    show(rows, COLUMNS, given.output, empty="No two are the same.")
    return 0


def _age(record: tuple[str, Mapping[str, str | None]]) -> int:
    return int(record[0])


if __name__ == "__main__":
    run(main)
