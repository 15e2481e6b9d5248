"""
What differs between the kinds of CRM objects, as data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from masterops.connectors.coalescing import Coalescing
from masterops.connectors.hubspot.records import CrmRecord

R = TypeVar("R", bound=CrmRecord[Any])


# Gets, and updates, that are in flight together share requests. Eight at a time: at 250 ms each that is 32 a
# second, three times what HubSpot lets through for long.
COALESCING = Coalescing(most=100, seconds=0.005, parallel=8)


@dataclass(frozen=True, slots=True)
class Resource(Generic[R]):
    """
    One kind of object: its name in paths, its struct, what to ask for, and how changes are told.
    """

    name: str
    row: type[R]
    properties: tuple[str, ...]
    changed: str
    page_size: int = 100  # the vendor's maximum for lists
    batch_size: int = 100  # the vendor's maximum for every batch of objects
    coalescing: Coalescing = COALESCING
