"""
What differs between the kinds of CRM objects, as data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from masterops.connectors.hubspot.records import CrmRecord

R = TypeVar("R", bound=CrmRecord[Any])


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
