"""
docs/schema.md: every table, view and function, as a migrated database describes them.
"""

from __future__ import annotations

from masterops.cli.references.text import table
from masterops.db import Function, Relation, connect, describe

HEAD = """# The database

Every table, view and function of Master-Ops with its comment, from a database that has all
migrations. What has no schema in its name is in `public`; `ops` is the platform's own. Rows are
seen by row level security: [who may see what](security.md#who-may-read-what). `ops db query NAME`
reads any of them.
"""
CALLERS = {
    "read": "whoever reads",
    "act": "operators and the service role",
    "write": "the service role",
    "owner": "the owner",
}


async def schema_page(url: str) -> str:
    """The page, from the migrated database at `url`."""
    async with await connect(url) as connection:
        relations, functions = await describe(connection)
    parts = [HEAD]
    for kind, title in (("table", "## Tables\n"), ("view", "## Views\n")):
        parts += [title, *[relation_text(each) for each in relations if each.kind == kind]]
    parts += ["## Functions\n", functions_text(functions)]
    return "\n".join(parts)


def relation_text(relation: Relation) -> str:
    """One table or view: its comment, columns and keys."""
    parts = [f"### {relation.name}\n", f"{relation.comment}\n"]
    commented = any(each.comment for each in relation.columns)
    rows = [
        (f"`{each.name}`", each.type + (", required" if each.required else ""), *([each.comment] * commented))
        for each in relation.columns
    ]
    parts.append(table(("column", "type", *(["is"] * commented)), rows))
    parts += [f"- {key}" for key in relation.keys]
    return "\n".join(parts) + ("\n" if relation.keys else "")


def functions_text(functions: list[Function]) -> str:
    """All functions in one table."""
    return table(
        ("function", "answers", "may be called by", "does"),
        [
            (f"`{each.name}({each.arguments})`", f"`{each.result}`", CALLERS[each.access], each.comment)
            for each in functions
        ],
    )
