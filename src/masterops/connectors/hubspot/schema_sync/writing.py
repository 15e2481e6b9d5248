"""
An account's own properties as a file that declares them: what one begins with. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from masterops.config.toml import dotted, quote
from masterops.connectors.hubspot.properties import Option, Property
from masterops.connectors.hubspot.property_groups import PropertyGroup
from masterops.connectors.hubspot.schema_sync.declared import FIELDS
from masterops.connectors.hubspot.schema_sync.diff import Held, in_order, owned_groups, undeclarable


def text(kind: str, held: Held) -> str:
    """
    The properties of one kind that are not HubSpot's own, and the groups that hold no others. What cannot
    be declared is a comment that says why.
    """
    parts = [_group(kind, each) for each in owned_groups(held)]
    for each in sorted(held.properties, key=lambda each: each.name):
        if each.hubspot_defined:
            continue
        reason = undeclarable(each)
        parts.append(_property(kind, each) if not reason else f"# {kind}.{each.name}: {reason}\n")
    return "\n".join(parts)


def _group(kind: str, group: PropertyGroup) -> str:
    lines = [f"[{dotted(kind, 'groups', group.name)}]", f"label = {quote(group.label)}"]
    if group.display_order >= 0:
        lines.append(f"order = {group.display_order}")
    return "\n".join(lines) + "\n"


def _property(kind: str, each: Property) -> str:
    head = [
        f"[{dotted(kind, 'properties', each.name)}]",
        f"label = {quote(each.label)}",
        f"type = {quote(each.type)}",
        f"group = {quote(each.group_name)}",
    ]
    return "\n".join([*head, *_said(each)]) + "\n"


def _said(each: Property) -> Iterator[str]:
    """What is not as usual."""
    if each.field_type != FIELDS[each.type][0]:
        yield f"field = {quote(each.field_type)}"
    if each.description:
        yield f"description = {quote(each.description)}"
    if each.display_order >= 0:
        yield f"order = {each.display_order}"
    if each.hidden:
        yield "hidden = true"
    if each.form_field:
        yield "form = true"
    if each.has_unique_value:
        yield "unique = true"
    if each.type == "enumeration":
        yield "options = ["
        yield from (f"    {_option(option)}," for option in in_order(each.options))
        yield "]"


def _option(option: Option) -> str:
    facts = [f"value = {quote(option.value)}"]
    if option.label != option.value:
        facts.append(f"label = {quote(option.label)}")
    if option.hidden:
        facts.append("hidden = true")
    if option.description:
        facts.append(f"description = {quote(option.description)}")
    return quote(option.value) if len(facts) == 1 else f"{{ {', '.join(facts)} }}"
