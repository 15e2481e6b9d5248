"""
Workflows to begin with: ours, with a few placeholders.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, NamedTuple

from masterops import errors
from masterops.core.spelling import unknown
from masterops.workflows.code.document import Document, canonical, text
from masterops.workflows.code.reading import read
from masterops.workflows.code.validate import PLACEHOLDER


class Template(NamedTuple):
    """
    One workflow of the library; `values` are its placeholders, each with what stands there by default.
    """

    name: str
    about: str
    values: dict[str, str]
    workflow: dict[str, Any]


def templates() -> list[Template]:
    """All, by the alphabet."""
    folder = files("masterops.workflows").joinpath("library")
    found = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.name.endswith(".json"):
            held = json.loads(each.read_bytes())
            name = each.name.removesuffix(".json")
            found.append(Template(name, held["about"], held["values"], held["workflow"]))
    return found


def template(name: str) -> Template:
    """One. Raises UnknownName."""
    found = {each.name: each for each in templates()}
    if name not in found:
        raise unknown("library workflow", name, list(found))
    return found[name]


def filled(chosen: Template, business: str, name: str, given: dict[str, str]) -> Document:
    """
    The workflow of a business (its slug and its name). Raises UnknownName for a value that it does not take,
    BadValue for a workflow that the values spoil.
    """
    for key in given:
        if key not in chosen.values:
            raise unknown("value", key, list(chosen.values))
    values = {**chosen.values, **given, "BUSINESS": business, "BUSINESS_NAME": name}
    # Twice: a value may itself name the business.
    content = text(chosen.workflow)
    for _ in range(2):
        content = PLACEHOLDER.sub(lambda found: _inside(values.get(found[1], found[0])), content)
    document = read(content.encode()).document
    if document is None:
        raise errors.BadValue(kind="values", value=", ".join(given), reason="no workflow comes of them.")
    return canonical(document)


def _inside(value: str) -> str:
    """A value within a text of JSON."""
    return json.dumps(value, ensure_ascii=False)[1:-1]
