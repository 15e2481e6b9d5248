"""
What leads where in a workflow: links into nothing, nodes that nothing reaches, loops without a way out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from masterops.workflows.code.catalogue import ALSO_OURS, Catalogue
from masterops.workflows.code.conditions import is_expression
from masterops.workflows.code.document import near
from masterops.workflows.code.problems import Loose

NOTE = "n8n-nodes-base.stickyNote"
# These lead on by themselves when they have gone round.
WAYS_OUT = ("splitInBatches", "if", "switch", "filter", "wait", "code", "executeWorkflow")
MAIN = "main"


class Link(NamedTuple):
    """
    From an output of a node to another node.
    """

    source: str
    kind: str
    output: int
    target: str


def links(connections: Mapping[str, Any]) -> list[Link]:
    """All, as a flat list."""
    return [
        Link(source, kind, output, link["node"])
        for source, kinds in connections.items()
        for kind, outputs in kinds.items()
        for output, some in enumerate(outputs)
        for link in some or []
    ]


def problems(document: Mapping[str, Any], catalogue: Catalogue) -> Iterator[Loose]:
    """What is wrong with the connections."""
    nodes = {node["name"]: node for node in document["nodes"]}
    found = links(document["connections"])
    yield from _dangling(nodes, document["connections"], found)
    yield from _outputs(nodes, found, catalogue)
    real = {name: node for name, node in nodes.items() if node["type"] != NOTE}
    starts = [name for name, node in real.items() if is_trigger(node, catalogue)]
    if not starts:
        yield Loose("WF016", "no node of this workflow starts it" if real else "the workflow has no nodes")
    else:
        for name in _unreached(real, found, starts):
            yield Loose("WF014", f"no trigger leads to {name!r}", name)
    yield from _endless(real, [each for each in found if each.kind == MAIN])


def is_trigger(node: Mapping[str, Any], catalogue: Catalogue) -> bool:
    """Whether it can start a workflow."""
    kind = catalogue.kind(node["type"], node["typeVersion"])
    if kind is not None:
        return kind.trigger
    word = node["type"].rpartition(".")[2].lower()
    return word.endswith("trigger") or word in ("webhook", "cron", "interval", "start", "emailreadimap")


def outputs_of(node: Mapping[str, Any], catalogue: Catalogue) -> int | None:
    """How many lead out of it; None where that is not known."""
    kind = catalogue.kind(node["type"], node["typeVersion"])
    if kind is None:
        return None
    count = kind.outputs
    parameters = node.get("parameters") or {}
    word = node["type"].rpartition(".")[2]
    if word == "webhook":
        methods = parameters.get("httpMethod")
        count = max(1, len(methods)) if isinstance(methods, list) else 1
    elif word == "switch" and count is None:
        count = _ways_of_a_switch(parameters)
    if count is None:
        return None
    return count + (node.get("onError") == "continueErrorOutput")


def _ways_of_a_switch(parameters: Mapping[str, Any]) -> int | None:
    if parameters.get("mode") == "expression":
        number = parameters.get("numberOutputs", parameters.get("outputsAmount", 4))
        return number if isinstance(number, int) else None
    rules = parameters.get("rules")
    if not isinstance(rules, dict):
        return None
    listed = rules.get("values", rules.get("rules"))
    options = parameters.get("options")
    fallback = (options if isinstance(options, dict) else {}).get("fallbackOutput")
    extra = fallback == "extra" or "fallbackOutput" in parameters or is_expression(fallback)
    return len(listed) + extra if isinstance(listed, list) else None


def _dangling(
    nodes: Mapping[str, Any], connections: Mapping[str, Any], found: Iterable[Link]
) -> Iterator[Loose]:
    for name in connections:
        if name not in nodes:
            yield Loose("WF012", f"a connection from {name!r}, which is no node", hint=near(name, nodes))
    for each in found:
        if each.source in nodes and each.target not in nodes:
            words = f"a connection to {each.target!r}, which is no node"
            yield Loose("WF012", words, each.source, near(each.target, nodes))


def _outputs(nodes: Mapping[str, Any], found: Iterable[Link], catalogue: Catalogue) -> Iterator[Loose]:
    for name, output in sorted({(e.source, e.output) for e in found if e.kind == MAIN and e.source in nodes}):
        count = outputs_of(nodes[name], catalogue)
        if count is not None and output >= count:
            yield Loose("WF013", f"output {output} of {name!r}, which has {count}", name)


def _unreached(nodes: Mapping[str, Any], found: Iterable[Link], starts: Iterable[str]) -> list[str]:
    """Parts of an AI agent lead to it, and not from it: they are reached by what they lead to."""
    onward: dict[str, list[str]] = {}
    for each in found:
        pair = (each.source, each.target) if each.kind == MAIN else (each.target, each.source)
        onward.setdefault(pair[0], []).append(pair[1])
    seen = _from(onward, starts)
    return [
        name for name, node in nodes.items() if name not in seen and not node["type"].startswith(ALSO_OURS)
    ]


def _from(onward: Mapping[str, list[str]], starts: Iterable[str]) -> set[str]:
    seen, ahead = set(starts), list(starts)
    while ahead:
        for name in onward.get(ahead.pop(), []):
            if name not in seen:
                seen.add(name)
                ahead.append(name)
    return seen


def _endless(nodes: Mapping[str, Any], found: Iterable[Link]) -> Iterator[Loose]:
    """A loop in which no node decides whether it goes on."""
    onward: dict[str, list[str]] = {}
    for each in found:
        if each.source in nodes and each.target in nodes and not _decides(nodes[each.source]):
            onward.setdefault(each.source, []).append(each.target)
    for name in _in_a_loop(onward):
        yield Loose("WF015", f"{name!r} is in a loop in which no node can lead out", name)


def _decides(node: Mapping[str, Any]) -> bool:
    return node["type"].rpartition(".")[2] in WAYS_OUT


def _in_a_loop(onward: Mapping[str, list[str]]) -> list[str]:
    """One node of each loop, by colouring: no recursion, however long the chain."""
    state: dict[str, int] = {}
    loops: list[str] = []
    for first in onward:
        if first in state:
            continue
        stack = [(first, iter(onward[first]))]
        state[first] = 1
        while stack:
            name, rest = stack[-1]
            nxt = next(rest, None)
            if nxt is None:
                state[name] = 2
                stack.pop()
            elif state.get(nxt) == 1:
                loops.append(nxt)
            elif nxt not in state:
                state[nxt] = 1
                stack.append((nxt, iter(onward.get(nxt, []))))
    return list(dict.fromkeys(loops))
