"""
Files of declared properties: what is read, and where a mistake is said to be.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from masterops import errors
from masterops.connectors.hubspot.schema_sync import read
from masterops.connectors.hubspot.schema_sync.declared import (
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
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
