"""
n8n's tags: words on workflows. One name is one tag; making it again is a Conflict.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.connectors.n8n.paging import LISTING
from masterops.connectors.n8n.paths import path
from masterops.connectors.resource import Resource, Verb


class Tag(msgspec.Struct, frozen=True, rename="camel"):
    """
    One tag.
    """

    id: str
    name: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


TAGS = Resource("tags", path("tags"), Tag, listing=LISTING, update=Verb("PUT", "/{id}"))
