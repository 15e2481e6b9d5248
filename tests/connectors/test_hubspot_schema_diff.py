"""
What would have to be done for an account to be as declared: decided without one.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.connectors.hubspot import Option, Property, PropertyGroup
from masterops.connectors.hubspot.properties import Modification
from masterops.connectors.hubspot.schema_sync import Change, Held, Step, diff
from masterops.connectors.hubspot.schema_sync.declared import (
    DeclaredGroup,
    DeclaredKind,
    DeclaredOption,
    DeclaredProperty,
)

INFO = PropertyGroup("info", "Info")
TIER = Property(
    "tier",
    "Tier",
    "enumeration",
    "select",
    "info",
    options=[Option("Gold", "gold", 0), Option("Tin", "tin", 1)],
)
EMAIL = Property("email", "Email", group_name="info", hubspot_defined=True)


def declared(name: str = "tier", **more: Any) -> DeclaredProperty:
    facts = {"label": "Tier", "type": "enumeration", "group": "info", "where": "p.toml:1"} | more
    if facts["type"] == "enumeration":
        facts.setdefault("options", (DeclaredOption("gold", "Gold"), DeclaredOption("tin", "Tin")))
    return DeclaredProperty(name, **facts)


def steps(*properties: DeclaredProperty, held: Property = TIER, delete: bool = False) -> list[Step]:
    found = Held([INFO], [held, EMAIL])
    return diff("contacts", DeclaredKind(properties=properties), found, delete=delete)


def test_what_is_as_declared_is_left() -> None:
    """
    And what the file does not say is no difference.
    """
    [step] = steps(declared(), held=msgspec.structs.replace(TIER, description="Of old", display_order=7))

    assert ("leave", (), {}) == (step.action, step.changes, step.body)


@pytest.mark.parametrize(
    ("said", "change", "body"),
    [
        ({"label": "Level"}, Change("label", "Tier", "Level"), {"label": "Level"}),
        ({"field": "radio"}, Change("field", "select", "radio"), {"fieldType": "radio"}),
        ({"description": "D"}, Change("description", "", "D"), {"description": "D"}),
        ({"order": 3}, Change("order", -1, 3), {"displayOrder": 3}),
        ({"hidden": True}, Change("hidden", False, True), {"hidden": True}),
        ({"form": True}, Change("form", None, True), {"formField": True}),
    ],
    ids=["label", "field", "description", "order", "hidden", "form"],
)
def test_only_what_differs_is_sent(said: dict[str, Any], change: Change, body: dict[str, Any]) -> None:
    """
    By HubSpot's own name.
    """
    [step] = steps(declared(**said))

    assert ("change", (change,), body) == (step.action, step.changes, step.body)


def test_an_option_keeps_what_the_file_does_not_say_of_it() -> None:
    """
    Hidden ones stay hidden, in their order: those without a place are behind the others.
    """
    kept = [Option("Tin", "tin", -1, True, "Of old"), Option("Gold", "gold", 5)]
    [step] = steps(declared(), held=msgspec.structs.replace(TIER, options=kept))

    assert "leave" == step.action


def test_what_is_read_only_is_left_when_it_is_as_declared() -> None:
    """
    Only a change is blocked.
    """
    fixed = Modification(read_only_definition=True, read_only_options=True)
    [step] = steps(declared(), held=msgspec.structs.replace(TIER, modification_metadata=fixed))

    assert "leave" == step.action


def test_a_property_that_hubspot_keeps_is_not_deleted() -> None:
    """
    Nor one that could not stand in the file.
    """
    kept = msgspec.structs.replace(TIER, modification_metadata=Modification(archivable=False))
    sums = msgspec.structs.replace(TIER, calculated=True)

    assert [
        ("unknown", "never deleted: HubSpot keeps it"),
        ("unknown", "never deleted: it is calculated"),
    ] == [(step.action, step.note) for held in (kept, sums) for step in steps(held=held, delete=True)]


def test_a_new_property_has_the_usual_where_the_file_says_nothing() -> None:
    """
    A bool gets HubSpot's two options.
    """
    [step, _] = steps(declared("vip", type="bool", label="VIP"))

    assert ("create", "booleancheckbox") == (step.action, step.body["fieldType"])
    assert ["true", "false"] == [option["value"] for option in step.body["options"]]
    assert "hubspotDefined" not in step.body


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        (("gold", "tin", "clay"), ["gold", "tin", "clay"]),
        (("tin", "gold"), ["tin", "gold"]),
        (("clay",), ["clay", "gold", "tin"]),
    ],
    ids=["one more", "another order", "others kept behind"],
)
def test_an_option_that_the_file_does_not_name_is_kept(wanted: tuple[str, ...], after: list[str]) -> None:
    """
    Records may hold it.
    """
    options = tuple(DeclaredOption(each, each.capitalize()) for each in wanted)
    [step] = steps(declared(options=options))

    assert (after, ()) == ([each["value"] for each in step.body["options"]], step.gone)
    assert list(range(len(after))) == [each["displayOrder"] for each in step.body["options"]]
    assert ("keeps" in step.note) is (set(after) != set(wanted))


def test_with_delete_options_and_properties_go_and_are_named() -> None:
    """
    HubSpot's own properties do not.
    """
    clay = (DeclaredOption("clay", "Clay"),)
    [change] = steps(declared(options=clay), delete=True)
    [deletion] = steps(delete=True)

    assert ("change", ("gold", "tin"), "") == (change.action, change.gone, change.note)
    assert ("delete", "tier") == (deletion.action, deletion.name)


def test_what_the_file_does_not_name_is_shown_and_nothing_else() -> None:
    """
    Properties that people made, and groups that hold nothing of HubSpot's own.
    """
    held = Held(
        [INFO, PropertyGroup("ours", "Ours"), PropertyGroup("empty", "Empty")],
        [EMAIL, msgspec.structs.replace(TIER, group_name="ours")],
    )

    assert [("unknown", "group", "ours"), ("unknown", "property", "tier")] == [
        (step.action, step.part, step.name) for step in diff("contacts", DeclaredKind(), held)
    ]


@pytest.mark.parametrize(
    ("wanted", "held", "reason"),
    [
        (declared(type="string"), TIER, "its type is enumeration"),
        (declared(type="string", unique=True), msgspec.structs.replace(TIER, type="string"), "not unique"),
        (
            declared(type="string", unique=False),
            msgspec.structs.replace(TIER, type="string", has_unique_value=True),
            "its values are unique",
        ),
        (declared(group="other"), TIER, "neither in the file nor in the account"),
        (
            declared(label="Level"),
            msgspec.structs.replace(TIER, modification_metadata=Modification(read_only_definition=True)),
            "definition is HubSpot's own",
        ),
        (
            declared(options=(DeclaredOption("clay", "Clay"),)),
            msgspec.structs.replace(TIER, modification_metadata=Modification(read_only_options=True)),
            "options are HubSpot's own",
        ),
    ],
    ids=["type", "unique", "not unique", "group", "read-only", "read-only options"],
)
def test_what_cannot_be_is_blocked_and_says_why(
    wanted: DeclaredProperty, held: Property, reason: str
) -> None:
    """
    With the line of the file.
    """
    [step] = steps(wanted, held=held)

    assert ("blocked", "p.toml:1", True) == (step.action, step.where, reason in step.note)


def test_a_group_comes_before_what_goes_into_it() -> None:
    """
    A property may go into a group that is declared beside it.
    """
    kind = DeclaredKind((DeclaredGroup("trade", "Trade", "p.toml:1", 2),), (declared(group="trade"),))

    assert [("create", "group"), ("create", "property")] == [
        (step.action, step.part) for step in diff("contacts", kind, Held([INFO], [EMAIL]))
    ]


VALUES = st.lists(st.sampled_from("abcdef"), min_size=1, unique=True)


@given(
    wanted=VALUES,
    held=VALUES,
    labels=st.sampled_from(["", "x"]),
    hidden=st.none() | st.booleans(),
    delete=st.booleans(),
)
def test_what_was_changed_is_as_declared_the_next_time(
    wanted: list[str], held: list[str], labels: str, hidden: bool | None, delete: bool
) -> None:
    """
    Whatever options there are and were: one change is enough, and keeps every value unless told otherwise.
    """
    options = tuple(DeclaredOption(each, each + labels, hidden) for each in wanted)
    before = msgspec.structs.replace(
        TIER, options=[Option(each, each, place) for place, each in enumerate(held)]
    )
    [step] = steps(declared(options=options), held=before, delete=delete)
    after = before
    if step.action == "change":
        after = msgspec.structs.replace(before, options=msgspec.convert(step.body["options"], list[Option]))
    [again] = steps(declared(options=options), held=after, delete=delete)
    values = {each.value for each in after.options}

    assert "leave" == again.action
    assert set(wanted) | (set() if delete else set(held)) == values
    assert (set(held) - set(wanted) if delete else set()) == set(step.gone)
