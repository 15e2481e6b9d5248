"""
Mend what `property_audit` finds and nobody need be asked about: blanks around labels and descriptions of the
properties that an account's people made.

Without --apply it only shows what it would do. Doing it twice is safe: then there is nothing to do.

Example:
    ops run property_fix --business teelixir
    ops run property_fix --business teelixir --apply
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import masterops
from masterops.scripting import Arguments, Column, columns, run, say, show

COLUMNS = (
    *columns("business", "object", "property"),
    Column("changes", "changes", show=str),
    *columns("result"),
)


def mended(property: Any) -> dict[str, str]:
    """What is to be changed of a property, by HubSpot's own names."""
    texts = {"label": property.label, "description": property.description}
    return {name: text.strip() for name, text in texts.items() if text != text.strip() and text.strip()}


def wanting(properties: Iterable[Any]) -> list[tuple[str, dict[str, str]]]:
    """Every property that is to be changed, and how; HubSpot's own are left alone."""
    own = (each for each in properties if not each.hubspot_defined)
    return [(each.name, changes) for each in own if (changes := mended(each))]


def main() -> int:
    arguments = Arguments(__doc__, writes=True)
    arguments.add_argument("--object", default="contacts", help="contacts, companies, deals, ...")
    given = arguments.parse()
    rows: list[dict[str, Any]] = []
    with masterops.open_sync() as ops:
        for connection in ops.connections("hubspot", given.business):
            hub = ops.connector(connection)
            for name, changes in wanting(hub.properties.list(given.object)):
                if given.apply:
                    hub.properties.update(given.object, name, changes)
                rows.append(
                    {
                        "business": connection.business,
                        "object": given.object,
                        "property": name,
                        "changes": changes,
                        "result": "changed" if given.apply else "would be changed",
                    }
                )
    show(rows, COLUMNS, given.output, empty="There is nothing to mend.")
    if rows and not given.apply:
        say("Nothing was changed; --apply does it.")
    return 0


if __name__ == "__main__":
    run(main)
