"""
The people of an n8n. A record is found by its id or its e-mail address.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from masterops.connectors.n8n.paging import LISTING
from masterops.connectors.n8n.paths import path
from masterops.connectors.resource import Resource


class User(msgspec.Struct, frozen=True, rename="camel"):
    """
    One person; `is_pending` until an invitation is taken.
    """

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    is_pending: bool = False
    role: str | None = None
    created_at: datetime | None = None


USERS = Resource("users", path("users"), User, listing=LISTING)
