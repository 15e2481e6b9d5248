"""
Workflows as the tests need them.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from masterops.workflows.code import canonical


def node(name: str, kind: str = "noOp", version: float = 1, **parameters: Any) -> dict[str, Any]:
    """A node."""
    return {
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [0, 0],
        "parameters": parameters,
    }


def hook(path: str = "tea") -> dict[str, Any]:
    """A node that starts a workflow."""
    return node("Hook", "webhook", 2, httpMethod="POST", path=path)


def chain(*nodes: dict[str, Any], **besides: Any) -> dict[str, Any]:
    """A workflow of nodes, each leading to the next."""
    links = {
        left["name"]: {"main": [[{"node": right["name"], "type": "main", "index": 0}]]}
        for left, right in pairwise(nodes)
    }
    settings = {"executionOrder": "v1", "errorWorkflow": "workflow:Tea"}
    whole = {"name": "Tea", "nodes": list(nodes), "connections": links, "settings": settings}
    return {**whole, **besides}


def data(workflow: Any) -> bytes:
    """The bytes of its file."""
    return json.dumps(workflow, indent=2).encode()


TEA = canonical(chain(hook(), node("End"), active=True, settings={"executionOrder": "v1"}))
CAKE = canonical(
    chain(hook("cake"), node("End"), name="Cake", settings={"errorWorkflow": "workflow:Tea"}, tags=["food"])
)
FILES = {"teelixir/cake.json": CAKE, "teelixir/tea.json": TEA}


def caller(name: str, called: str) -> Any:
    """A workflow that is called, and calls another."""
    start = {**node("When called", "executeWorkflowTrigger", 1.1, inputSource="passthrough")}
    target = {"__rl": True, "mode": "id", "value": f"workflow:{called}"}
    call = node("Call", "executeWorkflow", 1.2, workflowId=target)
    whole = chain(start, call, name=name, active=True, settings={"executionOrder": "v1"})
    return canonical(whole)


CIRCLE = {
    "group/one.json": caller("One", "Two"),
    "group/self.json": caller("Self", "Self"),
    "group/two.json": caller("Two", "One"),
}
