"""
What is wrong with the properties that people made in a HubSpot account: no label or description, an option
twice, two properties with one label.

It reads, and changes nothing; `property_fix` mends what can be mended without asking anybody.

Example:
    ops run property_audit --business teelixir
    ops run property_audit --object companies -o json
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import masterops
from masterops.scripting import Arguments, columns, run, show

COLUMNS = columns("business", "object", "property", "problem", "detail")


def flaws(properties: Iterable[Any]) -> list[tuple[str, str, str]]:
    """Property, problem and detail, of those that are not HubSpot's own."""
    own = [each for each in properties if not each.hubspot_defined and not each.calculated]
    labels = Counter(each.label.strip().casefold() for each in own if each.label.strip())
    found: list[tuple[str, str, str]] = []
    for each in sorted(own, key=lambda each: each.name):
        if not each.label.strip():
            found.append((each.name, "no label", ""))
        elif labels[each.label.strip().casefold()] > 1:
            found.append((each.name, "label twice", each.label))
        if not each.description.strip():
            found.append((each.name, "no description", ""))
        if each.label != each.label.strip() or each.description != each.description.strip():
            found.append((each.name, "blanks around a text", each.label))
        told = Counter(option.label.strip().casefold() for option in each.options)
        found += [(each.name, "option twice", label) for label, times in told.items() if times > 1]
    return found


def main() -> int:
    arguments = Arguments(__doc__)
    arguments.add_argument("--object", default="contacts", help="contacts, companies, deals, ...")
    given = arguments.parse()
    rows: list[dict[str, Any]] = []
    with masterops.open_sync() as ops:
        for connection in ops.connections("hubspot", given.business):
            properties = ops.connector(connection).properties.list(given.object)
            for name, problem, detail in flaws(properties):
                rows.append(
                    {
                        "business": connection.business,
                        "object": given.object,
                        "property": name,
                        "problem": problem,
                        "detail": detail,
                    }
                )
    show(rows, COLUMNS, given.output, empty="Every property is as it should be.")
    return 0


if __name__ == "__main__":
    run(main)
