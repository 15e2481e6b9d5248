"""
Files of declared properties: what is read, and where a mistake is said to be.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops import errors
from masterops.connectors.hubspot import Option, Property, PropertyGroup
from masterops.connectors.hubspot.schema_sync import Held, diff, read, text
from masterops.connectors.hubspot.schema_sync.declared import (
    FIELDS,
    UNIQUE_TYPES,
    DeclaredGroup,
    DeclaredKind,
    DeclaredOption,
    DeclaredProperty,
)

GOOD = """
[contacts.groups.trade]
label = "Trade"
order = 2

[contacts.properties.tier]
label = "Tier"
type = "enumeration"
group = "trade"
field = "radio"
options = ["gold", { value = "tin", label = "Tin", hidden = true }]

[2-40000001.properties.plate]
label = "Plate"
type = "string"
group = "car_information"
unique = true
"""
HEAD = '[contacts.properties.tier]\nlabel = "Tier"\ngroup = "trade"\n'


def test_a_file_is_read(tmp_path: Path) -> None:
    """
    With the line of everything in it.
    """
    (tmp_path / "p.toml").write_text(GOOD)

    options = (DeclaredOption("gold", "gold"), DeclaredOption("tin", "Tin", True))
    assert {
        "contacts": DeclaredKind(
            (DeclaredGroup("trade", "Trade", "p.toml:2", 2),),
            (DeclaredProperty("tier", "Tier", "enumeration", "trade", "p.toml:6", "radio", None, options),),
        ),
        "2-40000001": DeclaredKind(
            properties=(
                DeclaredProperty("plate", "Plate", "string", "car_information", "p.toml:13", unique=True),
            )
        ),
    } == read(tmp_path / "p.toml", tmp_path)


# What TOML has a meaning for, and what it has not.
LABELS = st.text("aZ7 .,\"'\\#=[]{}é\u2028\U0001f600", min_size=1, max_size=5).filter(str.strip)
KINDS_OF_FIELD = st.sampled_from([(type, field) for type, fields in FIELDS.items() for field in fields])
OPTIONS = st.lists(
    st.builds(Option, LABELS, LABELS, st.integers(-1, 9), st.booleans(), st.none() | LABELS),
    min_size=1,
    max_size=2,
    unique_by=lambda option: option.value,
)


@st.composite
def properties(draw: st.DrawFn) -> Property:
    """Any that people can make."""
    type, field = draw(KINDS_OF_FIELD)
    return Property(
        draw(st.sampled_from(["a", "a_1", "x" * 100])),
        draw(LABELS),
        type,
        field,
        draw(st.sampled_from(["info", "ours"])),
        draw(st.just("") | LABELS),
        draw(OPTIONS) if type == "enumeration" else [],
        draw(st.integers(-1, 9)),
        draw(st.booleans()),
        draw(st.none() | st.booleans()),
        has_unique_value=draw(st.booleans()) if type in UNIQUE_TYPES else False,
    )


@settings(max_examples=40)
@given(found=st.lists(properties(), max_size=2, unique_by=lambda each: each.name), label=LABELS)
def test_what_is_written_of_an_account_is_what_it_has(
    tmp_path_factory: pytest.TempPathFactory, found: list[Property], label: str
) -> None:
    """
    Read again, there is nothing to do.
    """
    groups = [PropertyGroup("info", "Info"), PropertyGroup("ours", label, 3)]
    held = Held(groups, [*found, Property("email", "E", group_name="info", hubspot_defined=True)])
    file = tmp_path_factory.mktemp("shown") / "p.toml"
    file.write_text(text("contacts", held), encoding="utf-8")

    declared = read(file, file.parent).get("contacts", DeclaredKind())

    assert {each.name for each in found} == {each.name for each in declared.properties}
    assert {"leave"} >= {step.action for step in diff("contacts", declared, held, delete=True)}


def test_what_is_not_as_usual_is_written() -> None:
    """
    And nothing else.
    """
    options = [Option("B", "b", 1), Option("a", "a", 0, True, "D")]
    tier = Property("tier", "Tier", "enumeration", "radio", "ours", "Of shops", options, 4, True, True)
    code = Property("code", "Code", "string", "text", "ours", has_unique_value=True)
    held = Held(
        [PropertyGroup("ours", "Ours", 3)], [tier, code, Property("email", "E", hubspot_defined=True)]
    )

    assert """[contacts.groups.ours]
label = "Ours"
order = 3

[contacts.properties.code]
label = "Code"
type = "string"
group = "ours"
unique = true

[contacts.properties.tier]
label = "Tier"
type = "enumeration"
group = "ours"
field = "radio"
description = "Of shops"
order = 4
hidden = true
form = true
options = [
    { value = "a", hidden = true, description = "D" },
    { value = "b", label = "B" },
]
""" == text("contacts", held)


def test_what_cannot_be_declared_is_a_comment_and_is_never_deleted(tmp_path: Path) -> None:
    """
    Calculated ones, those whose options are kept elsewhere, types and fields that are not known here.
    """
    odd = [
        Property("sum", "Sum", "number", "calculation_equation", "ours"),
        Property("who", "Who", "enumeration", "select", "ours", external_options=True),
        Property("where", "Where", "object_coordinates", "text", "ours"),
        Property("bare", "Bare", "enumeration", "select", "ours"),
    ]
    held = Held([PropertyGroup("ours", "Ours")], odd)
    (tmp_path / "p.toml").write_text(text("contacts", held))

    declared = read(tmp_path / "p.toml", tmp_path)["contacts"]
    steps = diff("contacts", declared, held, delete=True)

    assert () == declared.properties
    assert ["# contacts.bare: it has no options", "# contacts.sum: it is calculated"] == [
        line for line in (tmp_path / "p.toml").read_text().splitlines() if line.startswith("#")
    ][:2]
    assert [("group", "leave"), *[("property", "unknown")] * 4] == [
        (step.part, step.action) for step in steps
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD + 'type = "date"\norder = 4294967296',
            "p.toml:5: `contacts.properties.tier.order` must be a whole",
        ),
        (HEAD + 'typ = "string"', "p.toml:4: unknown key `contacts.properties.tier.typ`"),
        (HEAD + 'type = "text"', "p.toml:4: `contacts.properties.tier.type` must be one of string, number"),
        (HEAD, "p.toml:1: `contacts.properties.tier.type` must be one of string, number"),
        (
            HEAD + 'type = "date"\nfield = "text"',
            "p.toml:5: `contacts.properties.tier.field` must be one of date",
        ),
        (
            HEAD + 'type = "enumeration"',
            "p.toml:1: `contacts.properties.tier.options` must be a list of options",
        ),
        (
            HEAD + 'type = "enumeration"\noptions = []',
            "p.toml:5: `contacts.properties.tier.options` must be a list",
        ),
        (
            HEAD + 'type = "string"\noptions = ["a"]',
            "p.toml:5: `contacts.properties.tier.options` must be absent",
        ),
        (
            HEAD + 'type = "enumeration"\noptions = [\n  "a",\n  { value = "a" },\n]',
            "p.toml:7: `contacts.properties.tier.options.1` must be a value of its own, not 'a'",
        ),
        (
            HEAD + 'type = "enumeration"\noptions = [{ label = "A" }]',
            "p.toml:5: `contacts.properties.tier.options.0.value` must be text, not absent",
        ),
        (
            HEAD + 'type = "enumeration"\noptions = [5]',
            "p.toml:5: `contacts.properties.tier.options.0` must be a table",
        ),
        (HEAD + 'type = "date"\nunique = true', "p.toml:5: `contacts.properties.tier.unique` must be false"),
        (
            HEAD + 'type = "date"\norder = true',
            "p.toml:5: `contacts.properties.tier.order` must be a whole number",
        ),
        (
            HEAD + 'type = "date"\nhidden = "no"',
            "p.toml:5: `contacts.properties.tier.hidden` must be true or false",
        ),
        (
            '[contacts.properties.Tier]\nlabel = "T"',
            "p.toml:1: `contacts.properties.Tier` must be a name of small",
        ),
        (
            '[contacts.groups.trade]\nlabel = ""',
            "p.toml:2: `contacts.groups.trade.label` must be text, not ''",
        ),
        ("[contacts.propertes.tier]", "p.toml:1: unknown key `contacts.propertes`"),
        ('["con/tacts"]', 'p.toml:1: `"con/tacts"` must be the name of a kind of objects'),
        ("contacts = 5", "p.toml:1: `contacts` must be a table, not '5'"),
        ("contacts.properties = []", "p.toml:1: `contacts.properties` must be a table, not an empty list"),
        ("[contacts", "p.toml:1: not valid TOML"),
    ],
)
def test_a_mistake_is_said_with_its_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    """
    And with what would be right.
    """
    (tmp_path / "p.toml").write_text(text)

    with pytest.raises(errors.ConfigError) as caught:
        read(tmp_path / "p.toml", tmp_path)

    assert message in caught.value.message
    assert "init" not in caught.value.advice or isinstance(caught.value, errors.ConfigSyntax)
