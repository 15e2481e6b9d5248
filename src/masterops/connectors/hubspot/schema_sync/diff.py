"""
What would have to be done for an account to be as a file declares it. Pure.

Nothing is deleted unless that is asked for: what the file does not name is shown as unknown, and an option
that it does not name is kept behind those that it names. Groups are not deleted at all, because HubSpot does
not say which are its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from masterops.connectors.hubspot.properties import Option, Property, option_sent, sent
from masterops.connectors.hubspot.property_groups import PropertyGroup
from masterops.connectors.hubspot.schema_sync.declared import (
    FIELDS,
    DeclaredGroup,
    DeclaredKind,
    DeclaredOption,
    DeclaredProperty,
)

Action = Literal["create", "change", "delete", "leave", "unknown", "blocked"]

# What may be said of a property and changed later: in the file, here, and on the wire.
COMPARED = (
    ("label", "label", "label"),
    ("field", "field_type", "fieldType"),
    ("group", "group_name", "groupName"),
    ("description", "description", "description"),
    ("order", "display_order", "displayOrder"),
    ("hidden", "hidden", "hidden"),
    ("form", "form_field", "formField"),
)
YES_OR_NO = [Option("Yes", "true", 0), Option("No", "false", 1)]  # HubSpot's own for every bool


class Change(msgspec.Struct, frozen=True):
    """
    One thing that is otherwise: by the key of the file.
    """

    key: str
    before: Any
    after: Any


class Step(msgspec.Struct, frozen=True):
    """
    One row of a plan. `body` is what would be sent; `gone` are the options that a change takes away; `note`
    says why it is blocked, or what is kept.
    """

    action: Action
    kind: str
    part: Literal["group", "property"]
    name: str
    changes: tuple[Change, ...] = ()
    body: Mapping[str, Any] = {}
    gone: tuple[str, ...] = ()
    note: str = ""
    where: str = ""

    @property
    def acts(self) -> bool:
        """Whether it would change the account."""
        return self.action in ("create", "change", "delete")


class Held(msgspec.Struct, frozen=True):
    """
    What an account has of one kind.
    """

    groups: Sequence[PropertyGroup] = ()
    properties: Sequence[Property] = ()


def diff(kind: str, declared: DeclaredKind, held: Held, *, delete: bool = False) -> list[Step]:
    """
    The steps of one kind, in an order in which they can be taken: groups before what goes into them, and
    deletions at the end.
    """
    groups = {each.name: each for each in held.groups}
    properties = {each.name: each for each in held.properties}
    open_to = groups.keys() | {each.name for each in declared.groups}
    return [
        *(_group(kind, each, groups.get(each.name)) for each in declared.groups),
        *(
            _property(kind, each, properties.get(each.name), open_to, delete=delete)
            for each in declared.properties
        ),
        *_unknown_groups(kind, declared, held),
        *_unknown_properties(kind, declared, held, delete=delete),
    ]


def _group(kind: str, wanted: DeclaredGroup, held: PropertyGroup | None) -> Step:
    said = {"label": wanted.label} | ({} if wanted.order is None else {"order": wanted.order})
    wire = {"label": "label", "order": "displayOrder"}
    if held is None:
        body = {"name": wanted.name} | {wire[key]: value for key, value in said.items()}
        changes = tuple(Change(key, None, value) for key, value in said.items())
        return Step("create", kind, "group", wanted.name, changes, body, where=wanted.where)
    before = {"label": held.label, "order": held.display_order}
    changes = tuple(Change(key, before[key], value) for key, value in said.items() if before[key] != value)
    body = {wire[change.key]: change.after for change in changes}
    action: Action = "change" if changes else "leave"
    return Step(action, kind, "group", wanted.name, changes, body, where=wanted.where)


def _property(
    kind: str, wanted: DeclaredProperty, held: Property | None, groups: Iterable[str], *, delete: bool
) -> Step:
    if wanted.group not in groups:
        note = f"group {wanted.group} is neither in the file nor in the account"
        return Step("blocked", kind, "property", wanted.name, note=note, where=wanted.where)
    if held is None:
        return _creation(kind, wanted)
    changes = [
        Change(key, getattr(held, field), value)
        for key, field, _ in COMPARED
        if (value := getattr(wanted, key)) is not None and value != getattr(held, field)
    ]
    wire = {key: name for key, _, name in COMPARED}
    body: dict[str, Any] = {wire[change.key]: change.after for change in changes}
    gone: tuple[str, ...] = ()
    note = ""
    if wanted.options is not None:
        before, after, extra = _options(wanted.options, held.options, delete=delete)
        gone = extra if delete else ()
        note = "" if delete or not extra else f"keeps {_counted(extra)}: {', '.join(extra)}"
        if before != after:
            shown = ([_shown(each) for each in options] for options in (before, after))
            changes.append(Change("options", *shown))
            body["options"] = [option_sent(each) for each in after]
    reason = _blocked(wanted, held, changes)
    action: Action = "blocked" if reason else "change" if changes else "leave"
    return Step(
        action, kind, "property", wanted.name, tuple(changes), body, gone, reason or note, wanted.where
    )


def _creation(kind: str, wanted: DeclaredProperty) -> Step:
    options = [_option(each, place) for place, each in enumerate(wanted.options or ())]
    made = Property(
        name=wanted.name,
        label=wanted.label,
        type=wanted.type,
        field_type=wanted.field or FIELDS[wanted.type][0],
        group_name=wanted.group,
        description=wanted.description or "",
        options=YES_OR_NO if wanted.type == "bool" else options,
        display_order=-1 if wanted.order is None else wanted.order,
        hidden=bool(wanted.hidden),
        form_field=wanted.form,
        has_unique_value=bool(wanted.unique),
    )
    said: dict[str, Any] = {"label": made.label, "type": made.type, "field": made.field_type}
    said["group"] = made.group_name
    said |= {"options": [_shown(each) for each in options]} if options else {}
    said |= {"unique": True} if wanted.unique else {}
    changes = tuple(Change(key, None, value) for key, value in said.items())
    return Step("create", kind, "property", wanted.name, changes, sent(made), where=wanted.where)


def _blocked(wanted: DeclaredProperty, held: Property, changes: Sequence[Change]) -> str:
    """Why HubSpot, or we, would not do it."""
    if wanted.type != held.type:
        return f"its type is {held.type} and stays so; make another property of type {wanted.type}"
    if wanted.unique not in (None, held.has_unique_value):
        now = "unique" if held.has_unique_value else "not unique"
        return f"its values are {now} and stay so; make another property"
    metadata = held.modification_metadata
    if changes and metadata.read_only_definition:
        return "its definition is HubSpot's own and read-only"
    if metadata.read_only_options and any(change.key == "options" for change in changes):
        return "its options are HubSpot's own and read-only"
    return ""


def _options(
    wanted: Sequence[DeclaredOption], held: Sequence[Option], *, delete: bool
) -> tuple[list[Option], list[Option], tuple[str, ...]]:
    """
    The options before, those after, and the values that the file does not name. Places are counted anew in
    both, so that only their order is compared.
    """
    now = in_order(held)
    known = {each.value: each for each in now}
    names = {each.value for each in wanted}
    extra = [each for each in now if each.value not in names]
    after = [_option(each, 0, known.get(each.value)) for each in wanted] + ([] if delete else extra)
    return _placed(now), _placed(after), tuple(each.value for each in extra)


def _option(wanted: DeclaredOption, place: int, held: Option | None = None) -> Option:
    """What the file does not say of an option stays as it is."""
    hidden, description = (held.hidden, held.description) if held else (False, None)
    return Option(
        wanted.label,
        wanted.value,
        place,
        hidden if wanted.hidden is None else wanted.hidden,
        description if wanted.description is None else wanted.description,
    )


def _placed(options: Sequence[Option]) -> list[Option]:
    return [
        msgspec.structs.replace(each, display_order=place, description=each.description or None)
        for place, each in enumerate(options)
    ]


def _shown(option: Option) -> str:
    marks = "" if option.label == option.value else f"={option.label}"
    return f"{option.value}{marks}{' (hidden)' if option.hidden else ''}"


def owned_groups(held: Held) -> list[PropertyGroup]:
    """The groups that hold something, and nothing of HubSpot's; it does not say which are its own."""
    of_hubspot = {each.group_name for each in held.properties if each.hubspot_defined}
    of_people = {each.group_name for each in held.properties} - of_hubspot
    return [each for each in held.groups if each.name in of_people]


def undeclarable(held: Property) -> str:
    """Why a property that is there cannot stand in a file; empty when it can."""
    if held.calculated or held.field_type.startswith("calculation"):
        return "it is calculated"
    if held.external_options:
        return "its options are kept elsewhere"
    if held.field_type not in FIELDS.get(held.type, ()):
        return f"its type is {held.type}, shown as {held.field_type}"
    if held.type == "enumeration" and not held.options:
        return "it has no options"
    names = all(option.value.strip() and option.label.strip() for option in held.options)
    return "" if held.label.strip() and names else "it has no label, or an option has none"


def in_order(options: Sequence[Option]) -> list[Option]:
    """Options as HubSpot shows them: those without a place behind the others."""
    return sorted(options, key=lambda each: (each.display_order < 0, each.display_order))


def _unknown_groups(kind: str, declared: DeclaredKind, held: Held) -> list[Step]:
    named = {each.name for each in declared.groups}
    return [
        Step("unknown", kind, "group", each.name) for each in owned_groups(held) if each.name not in named
    ]


def _unknown_properties(kind: str, declared: DeclaredKind, held: Held, *, delete: bool) -> list[Step]:
    """What cannot be declared is not deleted for not being."""
    named = {each.name for each in declared.properties}
    return [
        _unknown(kind, each, delete=delete)
        for each in held.properties
        if each.name not in named and not each.hubspot_defined
    ]


def _unknown(kind: str, held: Property, *, delete: bool) -> Step:
    reason = undeclarable(held) or ("" if held.modification_metadata.archivable else "HubSpot keeps it")
    action: Action = "delete" if delete and not reason else "unknown"
    note = f"never deleted: {reason}" if reason else ""
    return Step(action, kind, "property", held.name, note=note)


def _counted(values: Sequence[str]) -> str:
    return "an option not in the file" if len(values) == 1 else f"{len(values)} options not in the file"
