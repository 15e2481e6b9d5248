"""
Properties and their groups as a file declares them: values, and what of them may be said.
"""

from __future__ import annotations

import re

import msgspec

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")

# Which field shows a value of which type; the first is the usual one. HubSpot's calculated fields are made
# by people, and are not declared.
FIELDS = {
    "string": ("text", "textarea", "phonenumber", "file", "html"),
    "number": ("number",),
    "date": ("date",),
    "datetime": ("date",),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
    "bool": ("booleancheckbox",),
}
UNIQUE_TYPES = ("string", "number")


class DeclaredOption(msgspec.Struct, frozen=True):
    """
    One value of an enumeration; they are shown in the order of the file. What is None is not said.
    """

    value: str
    label: str
    hidden: bool | None = None
    description: str | None = None


class DeclaredGroup(msgspec.Struct, frozen=True):
    """
    A group. What is None is not said, and left as it is.
    """

    name: str
    label: str
    where: str
    order: int | None = None


class DeclaredProperty(msgspec.Struct, frozen=True):
    """
    A property. What is None is not said: the usual where it is made, left as it is where it is there.
    """

    name: str
    label: str
    type: str
    group: str
    where: str
    field: str | None = None
    description: str | None = None
    options: tuple[DeclaredOption, ...] | None = None
    order: int | None = None
    hidden: bool | None = None
    form: bool | None = None
    unique: bool | None = None


class DeclaredKind(msgspec.Struct, frozen=True):
    """
    What is declared of one kind of object.
    """

    groups: tuple[DeclaredGroup, ...] = ()
    properties: tuple[DeclaredProperty, ...] = ()


Declaration = dict[str, DeclaredKind]  # by kind: contacts, companies, p_cars, ...
