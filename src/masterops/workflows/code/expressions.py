"""
Expressions and code that ask another node for its data. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from masterops.workflows.code.document import near
from masterops.workflows.code.problems import Loose
from masterops.workflows.code.secrets import CODE

# $('Name'), $node["Name"], $items("Name"), $node.Name
ASKED = re.compile(
    r"\$(?:node\[|items\(|\()\s*(?P<quote>[\"'`])(?P<name>(?:\\.|(?!(?P=quote))[^\\\n])+)(?P=quote)"
    r"|\$node\.(?P<word>\w+)"
)
COMMENT = re.compile(r"(?m)^\s*//.*$|/\*.*?\*/", re.DOTALL)


def asked(parameters: Any, key: str = "") -> Iterator[str]:
    """The names of the nodes that are asked."""
    if isinstance(parameters, dict):
        for name, value in parameters.items():
            yield from asked(value, name)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from asked(value, key)
    elif isinstance(parameters, str) and (parameters.startswith("=") or CODE.search(key)):
        text = COMMENT.sub("", parameters) if CODE.search(key) else parameters
        for each in ASKED.finditer(text):
            name = re.sub(r"\\(.)", r"\1", each["name"] or each["word"])
            if "${" not in name:
                yield name


def problems(node: Mapping[str, Any], names: Collection[str]) -> Iterator[Loose]:
    """Each name that no node has, once."""
    for name in dict.fromkeys(asked(node.get("parameters"))):
        if name not in names:
            words = f"{node['name']!r} asks {name!r}, which is no node"
            yield Loose("WF019", words, node["name"], near(name, names))
