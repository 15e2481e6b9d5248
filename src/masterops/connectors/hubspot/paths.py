"""
HubSpot's paths by API version, in one table.

The order of version and name differs between the families, so a version is not just a prefix. HubSpot
releases a dated version twice a year and supports each for 18 months; v3 ends in September 2027
(developers.hubspot.com/changelog/legacy-apis-and-legacy-apps-whats-going-unsupported-and-when).
"""

from __future__ import annotations

from datetime import date

from masterops.core.spelling import unknown

DATED = {
    "objects": "/crm/objects/{version}/{kind}",
    "linked": "/crm/objects/{version}",
    "associations": "/crm/associations/{version}",
    "schemas": "/crm-object-schemas/{version}/schemas",
    "properties": "/crm/properties/{version}/{kind}",
    "pipelines": "/crm/pipelines/{version}/{kind}",
    "owners": "/crm/owners/{version}",
    "oauth": "/oauth/{version}/token",
    "lists": "/crm/lists/{version}",
    "imports": "/crm/imports/{version}",
    "exports": "/crm/exports/{version}/export",
    "account": "/account-info/{version}",
}
# The associations of v3 are of another shape (and its batch read passes cursors over): those of v4 are used.
LEGACY = {
    "objects": "/crm/v3/objects/{kind}",
    "linked": "/crm/v4/objects",
    "associations": "/crm/v4/associations",
    "schemas": "/crm-object-schemas/v3/schemas",
    "properties": "/crm/v3/properties/{kind}",
    "pipelines": "/crm/v3/pipelines/{kind}",
    "owners": "/crm/v3/owners",
    "oauth": "/oauth/v3/token",
    "lists": "/crm/v3/lists",
    "imports": "/crm/v3/imports",
    "exports": "/crm/v3/exports/export",
    "account": "/account-info/v3",
}
VERSIONS = {"2026-09": DATED, "2026-03": DATED, "v3": LEGACY}
DEFAULT_VERSION = "2026-03"
# The first day of the month in which the 18 months end; with v3 go the associations of v4, which end first.
SUPPORTED_UNTIL = {"2026-09": date(2028, 3, 1), "2026-03": date(2027, 9, 1), "v3": date(2027, 3, 30)}


def path(version: str, family: str, kind: str = "") -> str:
    """The path of `family` (see the tables) for objects of `kind`; raises UnknownName for a version."""
    if version not in VERSIONS:
        raise unknown("HubSpot API version", version, VERSIONS)
    return VERSIONS[version][family].format(version=version, kind=kind)
