"""
What a request prefers (the header `Prefer`), and what an answer says of how many rows there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Count = Literal["exact", "planned", "estimated"]

_TOTAL = re.compile(r"(?:\*|[0-9]+-[0-9]+)/([0-9]{1,18})")


def prefer(
    *,
    returning: bool | None = None,
    count: Count | None = None,
    resolution: Literal["merge-duplicates", "ignore-duplicates"] | None = None,
    missing_default: bool = False,
    max_affected: int | None = None,
) -> dict[str, str]:
    """The header of some preferences; none where nothing is preferred."""
    said = []
    if returning is not None:
        said.append(f"return={'representation' if returning else 'minimal'}")
    if count is not None:
        said.append(f"count={count}")
    if resolution is not None:
        said.append(f"resolution={resolution}")
    if missing_default:
        said.append("missing=default")
    if max_affected is not None:
        # Without strict handling a limit that is not understood would be passed over.
        said += ["handling=strict", f"max-affected={max_affected}"]
    return {"Prefer": ", ".join(said)} if said else {}


def profile(schema: str, *, writes: bool) -> dict[str, str]:
    """The header that chooses a schema; none for the usual one."""
    return {"Content-Profile" if writes else "Accept-Profile": schema} if schema else {}


def total_of(headers: Mapping[str, str]) -> int | None:
    """How many rows there are in all, by `Content-Range: 0-24/3573458`; None where it is not told."""
    found = _TOTAL.fullmatch(headers.get("content-range", ""))
    return int(found[1]) if found else None
