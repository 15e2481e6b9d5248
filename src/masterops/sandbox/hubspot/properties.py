"""
Property definitions: what HubSpot knows about one field, and the changes a client may make to it.

Pure values. Only custom properties may be archived, and neither the type nor "has a unique value" can
be changed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from masterops.sandbox.hubspot import problems

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
FIELD_TYPES = {
    "string": ("text", "textarea", "phonenumber", "file", "html"),
    "number": ("number", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
    "bool": ("booleancheckbox",),
}
MOST_UNIQUE = 10


class Option(msgspec.Struct, frozen=True, rename="camel"):
    """
    One value of an enumeration.
    """

    label: str
    value: str
    display_order: int = -1
    hidden: bool = False
    description: str | None = None


class Group(msgspec.Struct, frozen=True, rename="camel"):
    """
    Properties that belong together.
    """

    name: str
    label: str
    display_order: int = -1
    archived: bool = False


class Property(msgspec.Struct, frozen=True, rename="camel"):
    """
    One definition. What a client may send is in `Draft`.
    """

    name: str
    label: str
    type: str
    field_type: str
    group_name: str
    created_at: str
    updated_at: str
    description: str = ""
    options: tuple[Option, ...] = ()
    display_order: int = -1
    has_unique_value: bool = False
    hidden: bool = False
    form_field: bool = True
    external_options: bool = False
    hubspot_defined: bool = False
    read_only: bool = False
    archived: bool = False
    archived_at: str | None = None
    allowed: frozenset[str] | None = None  # the values of external options

    @property
    def values(self) -> frozenset[str] | None:
        """The values of an enumeration; None when anything goes."""
        if self.external_options:
            return self.allowed
        return frozenset(option.value for option in self.options) if self.type == "enumeration" else None

    def wire(self) -> dict[str, Any]:
        """As HubSpot shows it."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        for own in ("readOnly", "allowed"):
            del shown[own]
        if not self.archived:
            del shown["archivedAt"]
        shown["calculated"] = False
        shown["modificationMetadata"] = {
            "archivable": not self.hubspot_defined,
            "readOnlyDefinition": self.hubspot_defined,
            "readOnlyValue": self.read_only,
        }
        return shown


class Draft(msgspec.Struct, frozen=True, rename="camel"):
    """
    What a client sends to make a property.
    """

    name: str
    label: str
    type: str
    field_type: str
    group_name: str
    description: str = ""
    options: tuple[Option, ...] = ()
    display_order: int = -1
    has_unique_value: bool = False
    hidden: bool = False
    form_field: bool = True
    external_options: bool = False


class Edit(msgspec.Struct, frozen=True, rename="camel"):
    """
    What a client sends to change one.
    """

    label: str | msgspec.UnsetType = msgspec.UNSET
    type: str | msgspec.UnsetType = msgspec.UNSET
    field_type: str | msgspec.UnsetType = msgspec.UNSET
    group_name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    options: tuple[Option, ...] | msgspec.UnsetType = msgspec.UNSET
    display_order: int | msgspec.UnsetType = msgspec.UNSET
    hidden: bool | msgspec.UnsetType = msgspec.UNSET
    form_field: bool | msgspec.UnsetType = msgspec.UNSET


def made(draft: Draft, existing: Mapping[str, Property], groups: Mapping[str, Group], now: str) -> Property:
    """The property that `draft` makes. Raises Refusal."""
    if not NAME.fullmatch(draft.name):
        message = (
            f"Property name {draft.name!r} must start with a letter and hold small letters, digits and _."
        )
        raise problems.invalid(message, name=draft.name)
    known = existing.get(draft.name)
    if known and not known.archived:
        raise problems.Refusal(
            409,
            f"A property named '{draft.name}' already exists.",
            "OBJECT_ALREADY_EXISTS",
            sub_category="Properties.PROPERTY_EXISTS",
            context={"name": [draft.name]},
        )
    _check_form(draft.type, draft.field_type, draft.options)
    _check_group(draft.group_name, groups)
    if draft.has_unique_value:
        _check_unique(draft, existing)
    facts = {name: getattr(draft, name) for name in Draft.__struct_fields__}
    return Property(**facts, created_at=now, updated_at=now)


def edited(before: Property, edit: Edit, groups: Mapping[str, Group], now: str) -> Property:
    """The property as `edit` leaves it. Raises Refusal."""
    given = {name: getattr(edit, name) for name in Edit.__struct_fields__}
    changes = {name: value for name, value in given.items() if value is not msgspec.UNSET}
    if changes.get("type", before.type) != before.type:
        message = f"The type of property {before.name!r} cannot be changed."
        raise problems.invalid(message, propertyName=before.name)
    if before.read_only and "options" in changes:
        raise problems.invalid(f"The definition of {before.name!r} is read only.", propertyName=before.name)
    after = msgspec.structs.replace(before, **changes, updated_at=now)
    _check_form(after.type, after.field_type, after.options)
    _check_group(after.group_name, groups)
    return after


def archived(before: Property, now: str) -> Property:
    """The property in the recycle bin. Raises Refusal for one of HubSpot's own."""
    if before.hubspot_defined:
        message = f"Property {before.name!r} is defined by HubSpot and cannot be archived."
        raise problems.invalid(message, propertyName=before.name)
    return msgspec.structs.replace(before, archived=True, archived_at=now, updated_at=now)


def missing(name: str) -> problems.Refusal:
    """There is no such property."""
    return problems.Refusal(
        404,
        f"Property '{name}' does not exist",
        "OBJECT_NOT_FOUND",
        sub_category="PropertiesError.PROPERTY_NOT_FOUND",
        context={"propertyName": [name]},
    )


def _check_form(type: str, field_type: str, options: tuple[Option, ...]) -> None:
    if type not in FIELD_TYPES:
        raise problems.invalid(f"{type!r} is not one of the types {', '.join(FIELD_TYPES)}.", type=type)
    if field_type not in FIELD_TYPES[type]:
        fitting = ", ".join(FIELD_TYPES[type])
        message = f"Field type {field_type!r} does not fit type {type!r}; use one of {fitting}."
        raise problems.invalid(message, fieldType=field_type)
    values = [option.value for option in options]
    if len(values) != len(set(values)):
        raise problems.invalid("Two options of one property have the same value.")


def _check_group(group: str, groups: Mapping[str, Group]) -> None:
    if group not in groups:
        raise problems.invalid(f"Property group {group!r} does not exist.", groupName=group)


def _check_unique(draft: Draft, existing: Mapping[str, Property]) -> None:
    if draft.type not in ("string", "number"):
        message = "Only properties of type string or number can hold a unique value."
        raise problems.invalid(message, type=draft.type)
    own = [each for each in existing.values() if each.has_unique_value and not each.hubspot_defined]
    if len([each for each in own if not each.archived]) >= MOST_UNIQUE:
        raise problems.invalid(
            f"There can be {MOST_UNIQUE} properties with unique values for an object type."
        )
