"""
HubSpot's paths by API version, in one table.

The order of version and name differs between the families, so a version is not just a prefix. HubSpot
releases a dated version twice a year and supports each for 18 months; v3 ends in September 2027
(developers.hubspot.com/changelog/legacy-apis-and-legacy-apps-whats-going-unsupported-and-when).
"""

from __future__ import annotations

from masterops.core.spelling import unknown

DATED = {
    "objects": "/crm/objects/{version}/{kind}",
    "properties": "/crm/properties/{version}/{kind}",
    "owners": "/crm/owners/{version}",
    "account": "/account-info/{version}/details",
    "oauth": "/oauth/{version}/token",
    "usage": "/account-info/{version}/api-usage/daily/private-apps",
}
LEGACY = {
    "objects": "/crm/v3/objects/{kind}",
    "properties": "/crm/v3/properties/{kind}",
    "owners": "/crm/v3/owners",
    "account": "/account-info/v3/details",
    "oauth": "/oauth/v3/token",
    "usage": "/account-info/v3/api-usage/daily/private-apps",
}
VERSIONS = {"2026-09": DATED, "2026-03": DATED, "v3": LEGACY}
DEFAULT_VERSION = "2026-03"


def path(version: str, family: str, kind: str = "") -> str:
    """The path of `family` (see the tables) for objects of `kind`; raises UnknownName for a version."""
    if version not in VERSIONS:
        raise unknown("HubSpot API version", version, VERSIONS)
    return VERSIONS[version][family].format(version=version, kind=kind)
