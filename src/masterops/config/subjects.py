"""
What may be named where something depends on, or a window of maintenance applies to, what is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from masterops.config.check_model import subject_of
from masterops.config.model import Business, Connection
from masterops.config.services import SERVICES
from masterops.config.setting import GROUP

EVERYTHING = "*"
PLATFORM = "masterops/platform"
# What is looked at beside whether a connection, or the platform, answers.
ASPECTS = ("token", "quota", "clock", "version", "circuit", "workflows", "spool", "disk", "database")


def connection_ids(
    accounts: Iterable[Connection], businesses: Iterable[Business], *, demo: bool
) -> tuple[str, ...]:
    """The connections that there are; in demo mode those to the twins of every business too."""
    twins = [f"{service}/{each.slug}" for each in businesses for service in SERVICES] if demo else []
    return tuple(dict.fromkeys((*(each.id for each in accounts), *twins)))


def maintainable(
    connections: Collection[str], checks: Collection[str], businesses: Iterable[Business]
) -> tuple[str, ...]:
    """Everything that a window of maintenance may apply to; `checks` are the names of those."""
    names = (
        *connections,
        *(each.partition("/")[0] for each in connections),
        *checks,
        *map(subject_of, checks),
        *(each.slug for each in businesses),
        *(GROUP, EVERYTHING, PLATFORM),
        *ASPECTS,
        *(f"{each} {aspect}" for each in (*connections, PLATFORM) for aspect in ASPECTS),
    )
    return tuple(dict.fromkeys(names))
