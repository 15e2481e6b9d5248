"""
What the author of a new connector decides, checked: its name, and how its service works.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass

from masterops import errors
from masterops.config import kinds

AUTHS = ("bearer", "header", "basic")
PAGINGS = ("cursor", "page", "offset", "link")
UNITS = {"second": 1.0, "minute": 60.0}

SHORTEST_NAME, LONGEST_NAME = 3, 24
MOST_CALLS = 100_000
LARGEST_PAGE = 10_000
# Words that the made code uses for something else.
SPOKEN_FOR = frozenset(
    [
        "answer",
        "any",
        "capability",
        "changed",
        "connection",
        "connector",
        "customer",
        "group",
        "kind",
        "kit",
        "mapping",
        "order",
        "patient",
        "path",
        "pipeline",
        "pulse",
        "random",
        "row",
        "running",
        "said",
        "secret",
        "sequence",
        "target",
        "transport",
        "twin",
    ]
)


@dataclass(frozen=True, slots=True)
class Choices:
    """
    A service as the author describes it.
    """

    name: str
    base_url: str
    auth: str = "bearer"
    header: str = "X-Api-Key"
    paging: str = "cursor"
    page_size: int = 100
    calls: int = 300
    unit: str = "minute"

    @property
    def title(self) -> str:
        """The connector's class: `parcel_post` is ParcelPost."""
        return "".join(part.capitalize() for part in self.name.split("_"))


def checked_name(name: str, taken: Iterable[str]) -> str:
    """The name of a new service. Raises BadValue."""
    shape = "write small letters, digits and single underscores, and begin with a letter, like parcelpost"
    reason = ""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        reason = shape
    elif not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        reason = f"it must have from {SHORTEST_NAME} to {LONGEST_NAME} letters"
    elif keyword.iskeyword(name) or name in SPOKEN_FOR:
        reason = "the made code uses this word for something else"
    elif name in taken:
        reason = "there is a connector of this name already"
    if reason:
        hint = "Choose another name: it stands in connections (`NAME/business`), tables and commands."
        raise errors.BadValue(kind="name of a connector", value=name, reason=f"{reason}.", hint=hint)
    return name


def checked_url(text: str) -> str:
    """Where the service's API is. Raises BadValue."""
    try:
        return str(kinds.URL.read(text))
    except kinds.Unfit as unfit:
        reason = f"it must be {unfit.expected}, not {unfit.got}."
        raise errors.BadValue(kind="base URL", value=text, reason=reason) from None


def checked_header(text: str) -> str:
    """The header that bears the credential. Raises BadValue."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,39}", text):
        return text
    reason = "write a header's name of at most 40 letters, digits and hyphens, like X-Api-Key."
    raise errors.BadValue(kind="header", value=text, reason=reason)


def checked_rate(text: str) -> tuple[int, str]:
    """`300/minute` as calls and unit. Raises BadValue."""
    found = re.fullmatch(rf"([0-9]{{1,6}})/({'|'.join(UNITS)})", text)
    if found is None or not 1 <= int(found[1]) <= MOST_CALLS:
        reason = f"write calls a second or a minute, from 1 to {MOST_CALLS}, like 300/minute."
        raise errors.BadValue(kind="rate", value=text, reason=reason)
    return int(found[1]), found[2]
