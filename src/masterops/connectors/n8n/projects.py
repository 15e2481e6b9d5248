"""
n8n's projects, which need a licence: without one every call is NotLicensed.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.connectors.n8n.paging import LISTING
from masterops.connectors.n8n.paths import path
from masterops.connectors.resource import Resource


class Project(msgspec.Struct, frozen=True, rename="camel"):
    """
    One project; a user's own is of type `personal`, another one of type `team`.
    """

    id: str
    name: str = ""
    type: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


PROJECTS = Resource("projects", path("projects"), Project, listing=LISTING)
