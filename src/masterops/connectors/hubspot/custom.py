"""
Objects by name: those that people define themselves, and those of HubSpot's that have no struct here.

A name is a type id (`2-40000001`, `0-27`), a fully qualified name (`p40000001_cars`), its short form
(`p_cars`), or the plain one (`cars`, `tasks`, `orders`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from masterops import errors
from masterops.connectors.hubspot.records import CrmRecord
from masterops.connectors.hubspot.resource import Resource

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


class NoProperties(msgspec.Struct, frozen=True):
    """
    Nothing is known of the properties: they are in `extra` and `values`.
    """


class CustomRecord(CrmRecord[NoProperties], frozen=True, dict=True):
    """
    One record of an object without a struct of its own.
    """

    kind = NoProperties


def custom(name: str, properties: Sequence[str] = ()) -> Resource[CustomRecord]:
    """
    The resource of an object by name. Without `properties` HubSpot's own choice of them comes with a record.
    Raises BadValue for a name that would not stay one part of a path.
    """
    return Resource(checked(name), CustomRecord, tuple(properties), "hs_lastmodifieddate")


def checked(name: str) -> str:
    """The name of an object, if it is one. Raises BadValue."""
    if not NAME.fullmatch(name):
        reason = "a name has letters, digits, - and _ alone, as in cars, p_cars or 2-40000001."
        raise errors.BadValue(value=name, kind="HubSpot object", reason=reason)
    return name
