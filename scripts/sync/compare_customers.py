"""
Which customers of Unleashed and companies of HubSpot do not agree: on one side alone, another name or phone.

They are matched by name, whose case, blanks and company form (Pty Ltd, Inc, ...) do not count. It reads, and
changes nothing.

Example:
    ops run compare_customers --business teelixir
    ops run compare_customers --business teelixir --all -o csv
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import masterops
from masterops.scripting import Arguments, columns, run, show

COLUMNS = columns("business", "customer", "difference", "unleashed", "hubspot")
FORM = re.compile(r"\b(pty|ltd|limited|inc|llc|gmbh|co|corp)\b\.?")


def key(name: str) -> str:
    """A company's name without what does not count."""
    return " ".join(re.sub(r"[^\w]+", " ", FORM.sub(" ", name.casefold())).split())


def digits(text: str | None) -> str:
    """A phone number as its last nine digits."""
    return re.sub(r"[^0-9]", "", text or "")[-9:]


def differences(
    customers: Iterable[Mapping[str, str | None]], companies: Iterable[Mapping[str, str | None]]
) -> list[dict[str, str | None]]:
    """What differs, by customer: `name` and `phone` of either side."""
    left = {key(each["name"] or ""): each for each in customers if key(each["name"] or "")}
    right = {key(each["name"] or ""): each for each in companies if key(each["name"] or "")}
    rows: list[dict[str, str | None]] = []
    for name in sorted({*left, *right}):
        ours, theirs = left.get(name), right.get(name)
        if ours is None or theirs is None:
            side, there = ("only in HubSpot", theirs) if ours is None else ("only in Unleashed", ours)
            rows.append({"customer": there["name"] if there else name, "difference": side})
            continue
        for field, same in (("name", str), ("phone", digits)):
            one, other = ours[field], theirs[field]
            if one and other and same(one) != same(other):
                row = {"customer": ours["name"], "difference": field, "unleashed": one, "hubspot": other}
                rows.append(row)
    return rows


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--all", action="store_true", help="also customers that are obsolete")
    given = arguments.parse()
    rows: list[dict[str, Any]] = []
    with masterops.open_sync() as ops:
        for connection in ops.connections("unleashed", given.business):
            unleashed, hub = ops.connector(connection), ops.connect("hubspot", business=connection.business)
            customers = [
                {"name": each.customer_name, "phone": each.phone_number}
                for each in unleashed.customers.list()
                if given.all or not each.obsolete
            ]
            companies = [
                {"name": each.properties.name, "phone": each.properties.phone}
                for each in hub.companies.list()
            ]
            found = differences(customers, companies)
            rows += [{"business": connection.business, **each} for each in found]
    show(rows, COLUMNS, given.output, empty="Both sides agree.")
    return 0


if __name__ == "__main__":
    run(main)
