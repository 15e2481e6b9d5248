"""
Everything that is wrong with some files, found without asking anybody. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from masterops.logs import REDACTED
from masterops.workflows.code import expressions, graph, nodes, schedules
from masterops.workflows.code.catalogue import Catalogue
from masterops.workflows.code.conditions import is_expression
from masterops.workflows.code.document import (
    Document,
    canonical,
    mentions,
    named_by_id,
    near,
    needed_credentials,
    text,
    texts,
)
from masterops.workflows.code.problems import Loose, Problem
from masterops.workflows.code.reading import Read, read
from masterops.workflows.code.secrets import secrets

PLACEHOLDER = re.compile(r"\{\{\s*(?:!\s*)?([A-Z][A-Z0-9_]+)\s*!?\s*\}\}")
HANDLED = ("continueErrorOutput", "continueRegularOutput")


class Checked(NamedTuple):
    """
    The files that hold a workflow, and what is wrong with any of them.
    """

    documents: dict[str, Document]
    problems: list[Problem]

    @property
    def errors(self) -> list[Problem]:
        """What must be mended before it can be deployed."""
        return [each for each in self.problems if each.severity == "error"]


def validate(
    given: Mapping[str, bytes],
    catalogue: Catalogue,
    *,
    credentials: Collection[tuple[str, str]] | None = None,
    workflows: Collection[str] | None = None,
    beside: Collection[str] = (),
) -> Checked:
    """
    `given` are bytes by file. `credentials` (type and name) and `workflows` (names and ids) are those of the
    server, where they are known; `beside` are the names of workflows in files that are not looked at.
    """
    found: list[Problem] = []
    documents: dict[str, Document] = {}
    reads = {file: read(data) for file, data in given.items()}
    names = {*beside, *(each.document["name"] for each in reads.values() if each.document is not None)}
    for file, held in reads.items():
        found += [_placed(file, loose, line) for loose, line in held.wrong]
        if held.document is None:
            continue
        documents[file] = document = canonical(held.document)
        lines = _lines(held)
        loose_ones = [
            *_one(document, held.document, catalogue),
            *_elsewhere(document, credentials),
            *_called(document, names, workflows),
        ]
        found += [_placed(file, each, lines.get(each.node or "")) for each in loose_ones]
    found += _across(documents, {file: _lines(reads[file]) for file in documents})
    return Checked(documents, sorted(found, key=lambda each: (each.file, each.line or 0, each.code)))


def _lines(held: Read) -> dict[str, int]:
    if held.document is None:
        return {}
    listed = enumerate(held.document["nodes"])
    return {node["name"]: held.lines[at] for at, node in listed if at in held.lines}


def _placed(file: str, loose: Loose, line: int | None) -> Problem:
    return Problem(file, line, loose.node, loose.code, loose.message, loose.hint)


def _one(document: Document, raw: Mapping[str, Any], catalogue: Catalogue) -> Iterator[Loose]:
    names = [node["name"] for node in document["nodes"]]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Loose("WF006", f"{names.count(name)} nodes are named {name!r}", name)
    for node in document["nodes"]:
        if node["type"] == graph.NOTE:
            continue
        yield from nodes.problems(node, catalogue)
        yield from expressions.problems(node, set(names))
        yield from schedules.problems(node)
        yield from _secret(node)
    yield from graph.problems(document, catalogue)
    yield from _unfilled(raw)
    if not _handles_errors(document, catalogue):
        yield Loose("WF021", "when it fails nobody is told: no errorWorkflow, and no node has onError")


def _secret(node: Mapping[str, Any]) -> Iterator[Loose]:
    for each in secrets(node["parameters"]):
        yield Loose("WF020", f"{node['name']!r}: a secret in parameters.{each.where}", node["name"])
    if any(REDACTED in value for value in texts(node["parameters"])):
        yield Loose("WF024", f"{node['name']!r}: `{REDACTED}` stands where a secret was", node["name"])


def _unfilled(raw: Mapping[str, Any]) -> Iterator[Loose]:
    for name in sorted(set(PLACEHOLDER.findall(text(raw)))):
        yield Loose("WF025", f"the placeholder {name} is not filled in")


def _handles_errors(document: Document, catalogue: Catalogue) -> bool:
    """One that starts with an error is itself what handles them."""
    told = document["settings"].get("errorWorkflow")
    careful = any(node.get("onError") in HANDLED or node.get("continueOnFail") for node in document["nodes"])
    handler = any(node["type"].endswith(".errorTrigger") for node in document["nodes"])
    return bool(told or careful or handler or not document["nodes"])


def names_in(given: Mapping[str, bytes]) -> set[str]:
    """The names of the workflows in some files, as far as they can be read."""
    return {
        str(held["name"]) for held in (read(data).document for data in given.values()) if held is not None
    }


def _elsewhere(document: Document, credentials: Collection[tuple[str, str]] | None) -> Iterator[Loose]:
    """The credentials that must be there."""
    if credentials is not None:
        for (kind, name), users in needed_credentials(document).items():
            if (kind, name) not in credentials:
                same = [other for other_kind, other in credentials if other_kind == kind]
                yield Loose("WF018", f"there is no credential {name!r} ({kind})", users[0], near(name, same))


def _called(document: Document, names: Collection[str], workflows: Collection[str] | None) -> Iterator[Loose]:
    """The workflows that must be there: an error only where it is known what n8n has."""
    known = {*names, *(workflows or ())}
    for name in sorted(mentions(document) - known):
        if workflows is None:
            yield Loose("WF027", f"the workflow {name!r} is not among the files", hint=near(name, names))
        else:
            words = f"the workflow {name!r} is neither among the files nor in n8n"
            yield Loose("WF029", words, hint=near(name, known))
    for id in sorted(named_by_id(document) - known) if workflows is not None else ():
        yield Loose("WF029", f"n8n has no workflow with the id {id}")


def _across(documents: Mapping[str, Document], lines: Mapping[str, Mapping[str, int]]) -> list[Problem]:
    """What two files claim. Another folder is another business, which may have a server of its own."""
    found: list[Problem] = []
    hooks: dict[tuple[str, str, str], tuple[str, str]] = {}
    names: dict[tuple[str, str], str] = {}
    for file, document in documents.items():
        folder = file.rpartition("/")[0]
        first = names.setdefault((folder, document["name"]), file)
        if first != file:
            words = f"{document['name']!r} is also in {first}"
            found.append(Problem(file, None, None, "WF026", words))
        for node in document["nodes"]:
            for method, path in webhooks(node):
                key = (folder, method, path)
                other, by = hooks.setdefault(key, (file, node["name"]))
                if (other, by) != (file, node["name"]):
                    words = f"{node['name']!r}: {method} {path} is also in {other} ({by!r})"
                    found.append(Problem(file, lines[file].get(node["name"]), node["name"], "WF017", words))
    return found


def webhooks(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Method and path of each that a node answers."""
    parameters = node.get("parameters") or {}
    path = parameters.get("path")
    if not node["type"].endswith(".webhook") or node.get("disabled"):
        return []
    if not isinstance(path, str) or not path or is_expression(path):
        return []
    given = parameters.get("httpMethod", "GET")
    methods = given if isinstance(given, list) else [given]
    return [(str(method), path.strip("/")) for method in methods if not is_expression(method)]
