"""
Variables that look like ours and are not: a slip that would otherwise be silently without effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from masterops.config.files import FILE_VARIABLE, HOME_VARIABLE
from masterops.config.keys import SETTINGS
from masterops.config.setting import ALLOW_INLINE_VARIABLE
from masterops.core.spelling import nearest

PREFIX = "MASTEROPS_"
# The last three are for tests, the first two of them for the project's own.
OTHERS = (
    HOME_VARIABLE,
    FILE_VARIABLE,
    ALLOW_INLINE_VARIABLE,
    "MASTEROPS_REQUIRE_PG15",
    "MASTEROPS_SPEC_DIR",
    "MASTEROPS_TEST_SERVER",
)


class Stray(NamedTuple):
    """
    A variable that sets nothing, and the one that was probably meant.
    """

    name: str
    meant: str | None


def strays(names: Iterable[str]) -> list[Stray]:
    """Those of `names` that begin like ours and are none of ours."""
    known = {name for setting in SETTINGS for name in setting.variables} | set(OTHERS)
    return [
        Stray(name, nearest(name, known))
        for name in sorted(names)
        if name.startswith(PREFIX) and name not in known
    ]
