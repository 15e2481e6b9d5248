"""
How n8n pages: `nextCursor` in the body, `cursor` in the query. The cursor knows no filters, so that they are
sent with every page.

Executions are paged by the last id, everything else by how many were passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from masterops.connectors.n8n.paths import PAGE_SIZE
from masterops.connectors.paginators import Cursor
from masterops.connectors.resource import Listing


@dataclass(frozen=True, slots=True)
class OffsetCursor(Cursor):
    """
    A cursor with an offset inside: what comes or goes meanwhile moves the others.
    """

    shifts: ClassVar[bool] = True


BY_OFFSET = OffsetCursor("nextCursor")
BY_LAST_ID = Cursor("nextCursor")

LISTING = Listing(rows="data", pager=BY_OFFSET, size=PAGE_SIZE)
