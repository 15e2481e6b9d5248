"""
The header `Prefer`, and the header that says how many rows there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from masterops.sandbox.supabase.problems import rest

KNOWN = {
    "return": ("minimal", "headers-only", "representation"),
    "count": ("exact", "planned", "estimated"),
    "resolution": ("merge-duplicates", "ignore-duplicates"),
    "missing": ("default", "null"),
    "handling": ("strict", "lenient"),
    "tx": ("commit", "rollback"),
}
FREE = ("max-affected", "timezone")


@dataclass(frozen=True)
class Preferences:
    """
    What a request prefers.
    """

    returns: str = "minimal"
    count: str = ""
    resolution: str = ""
    missing: str = "null"
    strict: bool = False
    most: int | None = None
    zone: str = ""
    applied: str = ""


def read(header: str) -> Preferences:
    """The preferences of a header. Raises Refusal for one that is not known, where handling is strict."""
    given = dict(each.strip().partition("=")[::2] for each in header.split(",") if each.strip())
    wrong = [
        f"{name}={value}"
        for name, value in given.items()
        if name not in FREE and value not in KNOWN.get(name, ())
    ]
    strict = given.get("handling") == "strict"
    if strict and wrong:
        message = "Invalid preferences given with handling=strict"
        raise rest(400, "PGRST122", message, f"Invalid preferences: {', '.join(wrong)}")
    most = given.get("max-affected", "")
    known = {name: value for name, value in given.items() if f"{name}={value}" not in wrong}
    return Preferences(
        returns=known.get("return", "minimal"),
        count=known.get("count", ""),
        resolution=known.get("resolution", ""),
        missing=known.get("missing", "null"),
        strict=strict,
        most=int(most) if strict and most.isascii() and most.isdigit() else None,
        zone=given.get("timezone", ""),
        applied=", ".join(f"{name}={value}" for name, value in known.items() if name != "tx"),
    )


def content_range(offset: int, given: int, total: int | None) -> str:
    """`0-24/3573458`, or `*` for what is not known or not there."""
    span = f"{offset}-{offset + given - 1}" if given else "*"
    return f"{span}/{'*' if total is None else total}"


def status(offset: int, given: int, total: int | None) -> int:
    """200 for all that there is, 206 for a part of it. Raises Refusal for a place beyond the end."""
    if total is None:
        return 200
    if offset > total:
        details = f"An offset of {offset} was requested, but there are only {total} rows."
        raise rest(416, "PGRST103", "Requested range not satisfiable", details)
    return 206 if given < total else 200
