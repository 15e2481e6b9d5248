"""
Custom objects: the schemas endpoints. What is made here behaves like any other kind of object from then on.

A path may name one by its type id (2-...), its fully qualified name (p{portal}_{name}) or the short form of
that (p_{name}); the bare name is accepted too, which is only reported.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import problems, properties, values
from masterops.sandbox.hubspot.account import Account, Schema
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.definitions import OWN_OF_CUSTOM
from masterops.sandbox.hubspot.kinds import Kind
from masterops.sandbox.hubspot.properties import Option
from masterops.sandbox.hubspot.store import Store

FIRST_TYPE = 40_000_001


class PropertyDraft(msgspec.Struct, frozen=True, rename="camel"):
    """
    A property of a new schema: only its name and label are needed.
    """

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group_name: str | None = None
    description: str = ""
    options: tuple[Option, ...] = ()
    display_order: int = -1
    has_unique_value: bool = False
    hidden: bool = False
    form_field: bool = True


class Draft(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that makes a custom object.
    """

    name: str
    labels: dict[str, str]
    properties: list[PropertyDraft]
    required_properties: list[str]
    primary_display_property: str | None = None
    searchable_properties: list[str] = []
    secondary_display_properties: list[str] = []
    associated_objects: list[str] = []
    description: str = ""


class Edit(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that changes one.
    """

    labels: dict[str, str] | None = None
    required_properties: list[str] | None = None
    searchable_properties: list[str] | None = None
    primary_display_property: str | None = None
    secondary_display_properties: list[str] | None = None
    description: str | None = None


def listed(account: Account, call: Call) -> Answer:
    """GET /crm-object-schemas/{version}/schemas"""
    names = [] if calls.truth(call.asked(), "archived") else list(account.schemas)
    return json_answer(200, {"results": [_shown(account, account.stores[name]) for name in names]})


def created(account: Account, call: Call) -> Answer:
    """POST /crm-object-schemas/{version}/schemas"""
    draft, now = call.json(Draft), values.iso(account.clock.now())
    kind, groups = _checked(account, draft), {}
    groups[kind.group] = properties.Group(kind.group, f"{draft.labels['singular']} information")
    ends = [account.store(each).kind for each in draft.associated_objects]
    made = [_property(each, kind, groups, now) for each in draft.properties]
    store = account.open(kind, now)
    store.groups = groups
    for each in made:
        store.define(each)
    _named(account, kind, draft.name)
    for end in ends:
        account.relations.define(
            kind, end, f"{draft.name}_to_{end.singular.lower()}", None, None, "USER_DEFINED"
        )
    account.schemas[kind.name] = Schema(
        draft.labels, draft.required_properties, draft.searchable_properties,
        draft.primary_display_property or draft.properties[0].name, draft.secondary_display_properties,
        draft.description, now, now,
    )  # fmt: skip
    store.required = tuple(draft.required_properties)
    return json_answer(201, _shown(account, store))


def fetched(account: Account, call: Call) -> Answer:
    """GET /crm-object-schemas/{version}/schemas/{kind}"""
    return json_answer(200, _shown(account, _one(account, call)))


def changed(account: Account, call: Call) -> Answer:
    """PATCH /crm-object-schemas/{version}/schemas/{kind}"""
    store, edit = _one(account, call), call.json(Edit)
    for name in [*(edit.required_properties or []), *(edit.searchable_properties or [])]:
        if name not in store.definitions:
            raise properties.missing(name)
    schema = account.schemas[store.kind.name]
    schema.labels = edit.labels or schema.labels
    schema.required = schema.required if edit.required_properties is None else edit.required_properties
    schema.searchable = edit.searchable_properties or schema.searchable
    schema.primary = edit.primary_display_property or schema.primary
    schema.secondary = edit.secondary_display_properties or schema.secondary
    schema.description = schema.description if edit.description is None else edit.description
    schema.updated_at = values.iso(account.clock.now())
    store.required = tuple(schema.required)
    return json_answer(200, _shown(account, store))


def archived(account: Account, call: Call) -> Answer:
    """DELETE /crm-object-schemas/{version}/schemas/{kind}: only when no record of it is left"""
    store = _one(account, call)
    if store.live:
        message = f"Unable to delete object type {store.kind.type_id}: it has {len(store.live)} records."
        raise problems.invalid(message, objectTypeId=store.kind.type_id)
    del account.schemas[store.kind.name]
    account.kinds = {name: kind for name, kind in account.kinds.items() if kind is not store.kind}
    return Answer(204)


def _checked(account: Account, draft: Draft) -> Kind:
    """The kind that a draft makes. Raises Refusal."""
    names = [each.name for each in draft.properties]
    wanted = [*draft.required_properties, *draft.searchable_properties, *draft.secondary_display_properties]
    if draft.primary_display_property is not None:
        wanted.append(draft.primary_display_property)
    if not properties.NAME.fullmatch(draft.name.lower()) or not names:
        raise problems.invalid(f"{draft.name!r} with {len(names)} properties is not a valid object type.")
    if not {"singular", "plural"} <= set(draft.labels):
        raise problems.invalid("labels needs singular and plural.")
    for name in wanted:
        if name not in names:
            raise problems.invalid(f"Property {name!r} is not among the properties.", propertyName=name)
    if f"p_{draft.name}".lower() in account.kinds or draft.name.lower() in account.kinds:
        message = f"Object type named '{draft.name}' already exists."
        raise problems.Refusal(409, message, "CONFLICT", context={"name": [draft.name]})
    return _kind(account, draft)


def _kind(account: Account, draft: Draft) -> Kind:
    return Kind(
        f"p{account.portal_id}_{draft.name}".lower(),
        draft.name.upper(),
        f"2-{FIRST_TYPE + len(account.stores)}",
        "hs_lastmodifieddate",
        ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
        tuple(draft.searchable_properties or draft.required_properties),
        group=f"{draft.name}_information".lower(),
    )


def _named(account: Account, kind: Kind, name: str) -> None:
    for alias in (kind.name, kind.type_id, f"p_{name}".lower(), name.lower()):
        account.kinds.setdefault(alias, kind)


def _property(
    draft: PropertyDraft, kind: Kind, groups: dict[str, properties.Group], now: str
) -> properties.Property:
    facts: dict[str, Any] = {name: getattr(draft, name) for name in PropertyDraft.__struct_fields__}
    facts["group_name"] = draft.group_name or kind.group
    return properties.made(properties.Draft(**facts), {}, groups, now)


def _one(account: Account, call: Call) -> Store:
    kind = account.kinds.get(call.parts[0].lower())
    if kind is None or kind.name not in account.schemas:
        raise problems.not_found("SCHEMA", call.parts[0])
    return account.stores[kind.name]


def _shown(account: Account, store: Store) -> dict[str, Any]:
    kind, schema = store.kind, account.schemas[store.kind.name]
    name = kind.name.removeprefix(f"p{account.portal_id}_")
    own = [each for each in store.definitions.values() if not each.archived]
    return {
        "id": kind.type_id.removeprefix("2-"),
        "objectTypeId": kind.type_id,
        "fullyQualifiedName": kind.name,
        "name": name,
        "labels": schema.labels,
        "description": schema.description,
        "primaryDisplayProperty": schema.primary,
        "secondaryDisplayProperties": schema.secondary,
        "requiredProperties": schema.required,
        "searchableProperties": schema.searchable,
        "properties": [each.wire() for each in own if each.name not in OWN_OF_CUSTOM],
        "associations": _associations(account, kind),
        "allowsSensitiveProperties": False,
        "archived": False,
        "createdAt": schema.created_at,
        "updatedAt": schema.updated_at,
    }


def _associations(account: Account, kind: Kind) -> list[dict[str, str]]:
    ids = {each.name: each.type_id for each in account.kinds.values()}
    return [
        {
            "id": str(row.id),
            "name": row.name,
            "fromObjectTypeId": ids[row.left],
            "toObjectTypeId": ids[row.right],
        }
        for row in account.relations.types.values()
        if kind.name in (row.left, row.right) and {row.left, row.right} <= set(ids)
    ]
