"""
A workflow as a file: what n8n holds of it, without what changes by itself or is true of one server alone.

Pure. Left out are ids, moments, versions, sharing, pinned and static data. What n8n says by id is said by
name: credentials by type and name, other workflows as `workflow:Name`. The same workflow, the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from masterops.core.spelling import nearest

Document = dict[str, Any]
Node = dict[str, Any]

BY_NAME = "workflow:"
GROUP = "group"
TOP = ("name", "active", "tags", "settings", "nodes", "connections")
# In this order; what else a node has follows by the alphabet.
NODE = ("name", "type", "typeVersion", "position", "parameters", "credentials")
NOT_OF_A_FILE = frozenset({"id", "webhookId", "issues", "color", "selected", "width", "height"})
# n8n adds these by itself, or they only say who may see it.
NOT_OF_SETTINGS = frozenset({"callerPolicy", "callerIds", "availableInMCP", "timeSavedMode", "binaryMode"})
# The value by which n8n takes a setting away, and the settings that its API lets go of (n8n 2.41.1).
DEFAULT, REMOVABLE = "DEFAULT", ("errorWorkflow", "timezone")
CALLING = (".executeWorkflow", ".toolWorkflow")
TIDY = {"cachedResultName", "cachedResultUrl"}


def canonical(raw: Mapping[str, Any], *, name_of: Callable[[str], str | None] = lambda id: None) -> Document:
    """
    The document of a workflow as n8n gives it, or as a file has it; what is already canonical stays as it is.
    `name_of` tells the name of another workflow by its id.
    """
    nodes = [_node(each, name_of) for each in raw.get("nodes") or []]
    settings = {k: v for k, v in (raw.get("settings") or {}).items() if _is_said(k, v)}
    if isinstance(settings.get("errorWorkflow"), str):
        settings["errorWorkflow"] = _said_by_name(settings["errorWorkflow"], name_of)
    return {
        "name": raw.get("name") or "",
        "active": bool(raw.get("active")),
        "tags": sorted({each["name"] if isinstance(each, dict) else each for each in raw.get("tags") or []}),
        "settings": _sorted(settings),
        "nodes": sorted(nodes, key=_place),
        "connections": _connections(raw.get("connections") or {}),
    }


def text(document: Mapping[str, Any]) -> str:
    """The bytes of the file, but for their encoding."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def digest(document: Mapping[str, Any]) -> str:
    """What tells one content from another."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def tagged(document: Document, file: str) -> Document:
    """With the tag of the business in whose folder the file is."""
    folder, slash, _ = file.partition("/")
    if not slash or folder in (GROUP, "", "..") or folder in document["tags"]:
        return document
    return {**document, "tags": sorted([*document["tags"], folder])}


def nodes_of(document: Mapping[str, Any]) -> dict[str, Node]:
    """The nodes by their names."""
    return {node["name"]: node for node in document["nodes"]}


def mentions(document: Mapping[str, Any]) -> set[str]:
    """The names of other workflows that this one calls or hands its errors to."""
    found = {_named(each) for each in texts([node.get("parameters") for node in document["nodes"]])}
    found.add(_named(document["settings"].get("errorWorkflow")))
    return {name for name in found if name}


def named_by_id(document: Mapping[str, Any]) -> set[str]:
    """The ids of other workflows that it calls or hands its errors to, where nobody knew their names."""
    found = {document["settings"].get("errorWorkflow")}
    for node in document["nodes"]:
        parameters = node.get("parameters") or {}
        if node["type"].endswith(CALLING) and not node.get("disabled") and _from_database(parameters):
            given = parameters.get("workflowId")
            found.add(given.get("value") if isinstance(given, dict) else given)
    return {each for each in found if isinstance(each, str) and each and not each.startswith((BY_NAME, "="))}


def needed_credentials(document: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    """The credentials that it uses, by type and name, and the nodes that do."""
    found: dict[tuple[str, str], list[str]] = {}
    for node in document["nodes"]:
        for kind, given in (node.get("credentials") or {}).items():
            found.setdefault((kind, str(given.get("name"))), []).append(node["name"])
    return found


def definition(
    document: Mapping[str, Any],
    *,
    credentials: Mapping[tuple[str, str], str],
    workflows: Mapping[str, str],
    held: Iterable[Node] = (),
) -> dict[str, Any]:
    """
    What n8n takes: credentials and workflows by the ids of one server. Nodes keep the ids of those of the
    same name that are there (`held`): addresses of forms and chats hang on them. An error workflow that is
    not there yet is left out.
    """
    there = {node.get("name"): node for node in held}
    known = {f"{BY_NAME}{name}": id for name, id in workflows.items()}
    settings = dict(document["settings"])
    error = settings.get("errorWorkflow")
    if isinstance(error, str) and error.startswith(BY_NAME):
        settings["errorWorkflow"] = known.get(error)
        if settings["errorWorkflow"] is None:
            del settings["errorWorkflow"]
    nodes = [
        _as_held(node, document["name"], there.get(node["name"], {}), credentials, known)
        for node in document["nodes"]
    ]
    return {
        "name": document["name"],
        "nodes": nodes,
        "connections": document["connections"],
        "settings": settings,
    }


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)


def near(name: str, names: Iterable[str]) -> str:
    """What a wrong name may have meant, as a sentence; empty when nothing is near."""
    found = nearest(name, list(names))
    return f"Did you mean `{found}`?" if found else ""


def _is_said(name: str, value: Any) -> bool:
    """Whether a setting is one of a file."""
    return name not in NOT_OF_SETTINGS and not (name in REMOVABLE and value == DEFAULT)


def _from_database(parameters: Mapping[str, Any]) -> bool:
    return bool(parameters.get("source", "database") == "database")


def _node(raw: Mapping[str, Any], name_of: Callable[[str], str | None]) -> Node:
    """One node; a file may still lack what every node has."""
    kept = {name: raw[name] for name in NODE if name in raw}
    rest = {k: raw[k] for k in sorted(raw) if k not in kept and k not in NOT_OF_A_FILE and raw[k] is not None}
    position = raw.get("position")
    if isinstance(position, list):
        kept["position"] = [round(each) for each in position if isinstance(each, int | float)]
    kept["parameters"] = _tidy(raw.get("parameters") or {}, name_of)
    credentials = raw.get("credentials")
    kept.pop("credentials", None)
    if isinstance(credentials, dict) and credentials:
        kept["credentials"] = {
            kind: {"name": given.get("name")} for kind, given in sorted(credentials.items())
        }
    return {**kept, **_sorted({k: v for k, v in rest.items() if v not in (False, {}, [])})}


def _tidy(value: Any, name_of: Callable[[str], str | None]) -> Any:
    """Sorted by key, without what n8n's editor remembers for itself."""
    if isinstance(value, list):
        return [_tidy(each, name_of) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {k: _tidy(value[k], name_of) for k in sorted(value) if k not in TIDY}
    if (
        value.get("__rl")
        and isinstance(value.get("value"), str)
        and "workflow" in str(value.get("cachedResultUrl", ""))
    ):
        kept["value"] = _said_by_name(value["value"], name_of)
    return {k: _by_id(k, v, name_of) for k, v in kept.items()}


def _by_id(key: str, value: Any, name_of: Callable[[str], str | None]) -> Any:
    """n8n's two ways of naming a workflow in a parameter."""
    if key != "workflowId":
        return value
    if isinstance(value, dict) and isinstance(value.get("value"), str):
        return {**value, "value": _said_by_name(value["value"], name_of)}
    return _said_by_name(value, name_of) if isinstance(value, str) else value


def _said_by_name(id: str, name_of: Callable[[str], str | None]) -> str:
    name = None if id.startswith(BY_NAME) else name_of(id)
    return id if name is None else f"{BY_NAME}{name}"


def _connections(raw: Mapping[str, Any]) -> dict[str, Any]:
    """By the alphabet, without outputs that lead nowhere behind the last that leads somewhere."""
    kept: dict[str, Any] = {}
    for name in sorted(raw):
        kinds = raw[name]
        if not isinstance(kinds, dict):
            kept[name] = kinds
            continue
        cut = {kind: _cut(outputs) for kind, outputs in sorted(kinds.items())}
        if any(cut.values()):
            kept[name] = {kind: outputs for kind, outputs in cut.items() if outputs}
    return kept


def _cut(outputs: Any) -> Any:
    if not isinstance(outputs, list):
        return outputs
    found = [sorted(map(_sorted, each), key=json.dumps) if isinstance(each, list) else [] for each in outputs]
    while found and not found[-1]:
        found.pop()
    return found


def _as_held(
    node: Node,
    workflow: str,
    there: Node,
    credentials: Mapping[tuple[str, str], str],
    known: Mapping[str, str],
) -> Node:
    made = str(uuid5(NAMESPACE_URL, f"masterops {workflow} {node['name']}"))
    body = {**node, "id": there.get("id") or made, "parameters": _replaced(node["parameters"], known)}
    if there.get("webhookId"):
        body["webhookId"] = there["webhookId"]
    elif "webhook" in node["type"].lower() or "trigger" in node["type"].lower():
        body["webhookId"] = made
    if "credentials" in node:
        body["credentials"] = {
            kind: {"id": credentials[kind, given["name"]], "name": given["name"]}
            for kind, given in node["credentials"].items()
        }
    return body


def _replaced(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {k: _replaced(v, known) for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(each, known) for each in value]
    return known.get(value, value) if isinstance(value, str) else value


def _named(value: Any) -> str | None:
    return value.removeprefix(BY_NAME) if isinstance(value, str) and value.startswith(BY_NAME) else None


def _place(node: Mapping[str, Any]) -> tuple[Any, ...]:
    """By the name, which is a node's identity: one that is moved does not move in the file."""
    return (str(node.get("name")), str(node.get("type")))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sorted(value[k]) for k in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value
