"""
What depends on what among the things that are looked at, pure.

An aspect of a connection depends on the connection; a check or heartbeat on what its `depends_on` names.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

CONNECTION = "connection"

Needs = Mapping[str, tuple[str, ...]]


def name_of(integration: str, check: str) -> str:
    """`hubspot/teelixir`, `check/shop`; `hubspot/teelixir quota` for what is not the whole connection."""
    whole = check == CONNECTION or integration.startswith(("check/", "heartbeat/"))
    return integration if whole else f"{integration} {check}"


def needs_of(name: str, declared: Needs) -> tuple[str, ...]:
    """What something of this name depends on."""
    whole, blank, _ = name.partition(" ")
    return (whole,) if blank else declared.get(name, ())


def below(name: str, wrong: Container[str], declared: Needs) -> list[str]:
    """What it depends on, step by step down as far as that is wrong; a circle ends where it was entered."""
    found: list[str] = []
    while True:
        step = next((each for each in needs_of(name, declared) if each in wrong), None)
        if step is None or step in found:
            return found
        found.append(step)
        name = step
