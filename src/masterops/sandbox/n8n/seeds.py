"""
What a server of the sandbox begins with: workflows of a shop, and a week of their executions.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec

from masterops.sandbox.clock import Clock
from masterops.sandbox.n8n.call import Call
from masterops.sandbox.n8n.instance import Instance
from masterops.sandbox.n8n.workflows import activated, created

# Name, tags, the trigger's type and settings, the nodes behind it, the hours between two runs, the runs of a
# hundred that fail, where they fail and with what words.
SHOP: tuple[tuple[str, tuple[str, ...], str, dict[str, Any], tuple[str, ...], float, int, str, str], ...] = (
    (
        "Orders to Unleashed", ("orders",), "n8n-nodes-base.scheduleTrigger",
        {"rule": {"interval": [{"field": "hours", "hoursInterval": 1}]}},
        ("Read orders", "Map fields", "Create sales orders"), 1.0, 4, "Create sales orders",
        "The product code TEA-77 is not known",
    ),
    (
        "Stock to the shop", ("inventory",), "n8n-nodes-base.scheduleTrigger",
        {"rule": {"interval": [{"field": "hours", "hoursInterval": 6}]}},
        ("Read stock", "Update products"), 6.0, 0, "", "",
    ),
    (
        "New customer", ("customers",), "n8n-nodes-base.webhook", {"httpMethod": "POST", "path": "customer"},
        ("Find contact", "Upsert contact"), 9.0, 10, "Upsert contact", "The service refused the connection",
    ),
    (
        "Weekly report", ("reports",), "n8n-nodes-base.scheduleTrigger",
        {"rule": {"interval": [{"field": "cronExpression", "expression": "0 7 * * 1"}]}},
        ("Read figures", "Send mail"), 168.0, 0, "", "",
    ),
)  # fmt: skip
WEEK_HOURS = 168


def seeded(business: str, seed: int, clock: Clock, *, workflows: int | None = None) -> Instance:
    """A server as it was set up; with so many idle workflows and nothing else where a number is given."""
    home = empty(business, seed, clock)
    if workflows is not None:
        for number in range(workflows):
            workflow(home, f"Workflow {number + 1}", "n8n-nodes-base.manualTrigger", {}, ())
        return home
    for name, tags, trigger, settings, behind, hours, share, failing, words in SHOP:
        id = workflow(home, name, trigger, settings, behind)
        home.workflows[id]["tags"] = [tag(home, each) for each in (business, *tags)]
        activated(home, Call("POST", (id,)))
        ran(home, id, "webhook" if "webhook" in trigger else "trigger", hours, share, failing, words)
    home.in_order()
    return home


def busy(home: Instance, executions: int) -> None:
    """So many executions of the last six days in place of those that it has: each active workflow in turn."""
    home.runs.clear()
    home.traits = msgspec.structs.replace(home.traits, keep_executions=max(executions, 10_000))
    active = [id for id, row in home.workflows.items() if row["active"]]
    start, step = home.clock.now() - timedelta(days=6), timedelta(days=6) / max(1, executions)
    for number in range(executions):
        home.begin(active[number % len(active)], "trigger", at=start + step * number, seconds=1)


def empty(business: str, seed: int, clock: Clock) -> Instance:
    """A server with an owner and credentials, and without a workflow."""
    home = Instance(business, seed, clock)
    home.users["owner"] = {
        **home.stamped(), "id": home.uuid(), "email": f"owner@{business}.example", "firstName": "Owner",
        "lastName": "One", "isPending": False, "role": "global:owner",
    }  # fmt: skip
    home.projects["own"] = {**home.stamped(), "name": business, "type": "personal"}
    _credential(home, "HubSpot", "hubspotAppToken")
    _credential(home, "Mail", "smtp")
    return home


def workflow(
    home: Instance, name: str, trigger: str, settings: dict[str, Any], behind: tuple[str, ...]
) -> str:
    """A chain of nodes; its id."""
    nodes = [_node("Start", trigger, settings, 0)]
    nodes += [_node(each, "n8n-nodes-base.noOp", {}, place + 1) for place, each in enumerate(behind)]
    names = [node["name"] for node in nodes]
    links = {
        left: {"main": [[{"node": right, "type": "main", "index": 0}]]} for left, right in pairwise(names)
    }
    body = {"name": name, "nodes": nodes, "connections": links, "settings": {"executionOrder": "v1"}}
    before = set(home.workflows)
    created(home, Call("POST", body=msgspec.json.encode(body), content_type="application/json"))
    return next(id for id in home.workflows if id not in before)


def _node(name: str, kind: str, parameters: dict[str, Any], place: int) -> dict[str, Any]:
    return {
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "type": kind,
        "typeVersion": 1,
        "position": [place * 200, 0],
        "parameters": parameters,
    }


def ran(home: Instance, id: str, mode: str, hours: float, share: int, failing: str, words: str) -> None:
    """A week of its runs, the last one less than its distance ago."""
    now = home.clock.now()
    runs = max(1, int(WEEK_HOURS / hours))
    late = timedelta(hours=hours * 0.3)
    for back in range(runs, 0, -1):
        fails = bool(share) and home.chance.random() * 100 < share
        home.begin(
            id, mode, at=now - timedelta(hours=hours * back) + late, seconds=1 + home.chance.random() * 20,
            ends_as="error" if fails else "success", failing=failing if fails else "", words=words,
        )  # fmt: skip


def tag(home: Instance, name: str) -> dict[str, Any]:
    """One of its tags, made if it is not there."""
    found = next((tag for tag in home.tags.values() if tag["name"] == name), None)
    if found is None:
        found = {**home.stamped(), "name": name}
        home.tags[found["id"]] = found
    return found


def _credential(home: Instance, name: str, kind: str) -> None:
    made = {**home.stamped(), "name": name, "type": kind}
    home.credentials[made["id"]] = made
