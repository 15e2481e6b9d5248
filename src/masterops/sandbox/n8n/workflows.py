"""
What n8n does with workflows.
"""

from __future__ import annotations

from typing import Any

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.n8n.call import Call, by_offset
from masterops.sandbox.n8n.instance import Instance
from masterops.sandbox.n8n.problems import Refusal

NEEDED = {"name": str, "nodes": list, "connections": dict, "settings": dict}
WORDS = {str: "string", list: "array", dict: "object"}
READ_ONLY = frozenset(
    (
        "id",
        "active",
        "createdAt",
        "updatedAt",
        "tags",
        "versionId",
        "activeVersionId",
        "isArchived",
        "triggerCount",
    )
)
TRIGGERS = ("trigger", "webhook", "cron", "start")
# The value that takes a setting away; the API takes it for these two alone.
DEFAULT, WITH_A_DEFAULT = "DEFAULT", ("errorWorkflow", "timezone")
NO_TIMEOUT = -1
CALLS = "n8n-nodes-base.executeWorkflow"
BESIDES = ("description", "versionCounter", "sourceWorkflowId", "parentFolder")


def listed(home: Instance, call: Call) -> Answer:
    """A page, in the order of ids."""
    rows = [home.workflows[id] for id in sorted(home.workflows)]
    active, name, tags = call.asked("active"), call.asked("name"), call.asked("tags")
    if active is not None:
        rows = [row for row in rows if row["active"] == (active == "true")]
    if name is not None:
        rows = [row for row in rows if name.lower() in row["name"].lower()]
    if tags is not None:
        wanted = set(tags.split(","))
        rows = [row for row in rows if wanted <= {tag["name"] for tag in row["tags"]}]
    page = by_offset(call, rows)
    data = [{name: value for name, value in row.items() if name not in BESIDES} for row in page["data"]]
    return json_answer(200, {**page, "data": data})


def created(home: Instance, call: Call) -> Answer:
    """Make one; n8n says 200, not 201."""
    given = _checked(call.object())
    made = {
        **home.stamped(),
        **given,
        "description": None,
        "active": False,
        "activeVersionId": None,
        "isArchived": False,
        "versionId": home.uuid(),
        "versionCounter": 1,
        "sourceWorkflowId": None,
        "triggerCount": 0,
        "staticData": None,
        "pinData": None,
        "meta": None,
        "tags": [],
        "parentFolder": None,
    }
    home.workflows[made["id"]] = made
    return json_answer(200, made)


def fetched(home: Instance, call: Call) -> Answer:
    """One."""
    return json_answer(200, _one(home, call))


def changed(home: Instance, call: Call) -> Answer:
    """Put another in its place; an active one goes on with the new version."""
    row = _one(home, call, to="update")
    given = _checked(call.object())
    new = given["nodes"] != row["nodes"] or given["connections"] != row["connections"]
    settings = _merged(row["settings"] or {}, given["settings"])
    row.update({**given, "settings": settings}, updatedAt=home.now())
    if new:
        row["versionId"] = home.uuid()
        row["versionCounter"] += 1
        if row["active"]:
            _check_called(home, row)  # what was given is kept all the same, and the former version goes on
            row["activeVersionId"] = row["versionId"]
    return json_answer(200, row)


def removed(home: Instance, call: Call) -> Answer:
    """Take one away, and its executions with it."""
    row = _one(home, call)
    if row["active"]:
        raise Refusal(409, "Cannot delete a published workflow. Unpublish it before deleting.")
    if row.pop("unpublishing", False):  # n8n needs a moment; here it is over when it was asked once
        raise Refusal(409, "Workflow is still being unpublished. Please try again in a few moments.")
    del home.workflows[row["id"]]
    for number in [number for number, run in home.runs.items() if run.workflow == row["id"]]:
        del home.runs[number]
    return json_answer(200, row)


def activated(home: Instance, call: Call) -> Answer:
    """Let it run by itself."""
    row = _one(home, call, to="activate")
    if row["isArchived"]:
        raise Refusal(400, "Cannot activate an archived workflow.")
    kinds = [str(node.get("type", "")).lower() for node in row["nodes"] if isinstance(node, dict)]
    if not any(word in kind for kind in kinds for word in TRIGGERS):
        needs = "At least one trigger, webhook, or polling node is required."
        raise Refusal(400, f"Workflow cannot be activated because it has no trigger node. {needs}")
    _check_called(home, row)
    row.update(active=True, activeVersionId=row["versionId"], triggerCount=1, updatedAt=home.now())
    row.pop("unpublishing", None)
    return json_answer(200, row)


def deactivated(home: Instance, call: Call) -> Answer:
    """Let it run by itself no more."""
    row = _one(home, call, to="deactivate")
    was = row["active"]
    row.update(active=False, activeVersionId=None, updatedAt=home.now())
    answer = json_answer(200, row)
    if was:
        row["unpublishing"] = True
    return answer


def archived(home: Instance, call: Call) -> Answer:
    """Put it aside."""
    row = _one(home, call, to="archive")
    row.update(active=False, activeVersionId=None, isArchived=True, updatedAt=home.now())
    return json_answer(200, row)


def tags(home: Instance, call: Call) -> Answer:
    """Its tags."""
    return json_answer(200, _one(home, call)["tags"])


def tagged(home: Instance, call: Call) -> Answer:
    """Give it these tags and no others."""
    row, given = _one(home, call, to="update"), call.json()
    rows = given if isinstance(given, list) else []
    ids = [str(each.get("id")) for each in rows if isinstance(each, dict)]
    if any(id not in home.tags for id in ids):
        raise Refusal(404, "Some tags not found")
    row.update(tags=[home.tags[id] for id in ids], updatedAt=home.now())
    return json_answer(200, row["tags"])


def _one(home: Instance, call: Call, to: str = "") -> dict[str, Any]:
    row = home.workflows.get(call.parts[0])
    if row is None:
        allowed = f"You do not have permission to {to} this workflow. Ask the owner to share it with you."
        raise Refusal(404, allowed if to else "Not Found")
    return row


def _merged(held: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What it is not told of it keeps."""
    whole = {**held, **given}
    gone = {name for name in WITH_A_DEFAULT if whole.get(name) == DEFAULT}
    if whole.get("executionTimeout") == NO_TIMEOUT:
        gone.add("executionTimeout")
    return {name: value for name, value in whole.items() if name not in gone}


def _check_called(home: Instance, row: dict[str, Any]) -> None:
    """A workflow that is published calls only such as are published. Raises Refusal."""
    told = []
    for node in row["nodes"]:
        if not isinstance(node, dict) or node.get("type") != CALLS or node.get("disabled"):
            continue
        called = (node.get("parameters") or {}).get("workflowId")
        id = called.get("value") if isinstance(called, dict) else called
        if not isinstance(id, str) or not id or id.startswith("=") or id == row["id"]:
            continue
        other = home.workflows.get(id)
        if other is None or other["activeVersionId"] is None:
            words = f' ("{other["name"]}")' if other is not None else ""
            told.append(f'Node "{node.get("name")}" references workflow {id}{words} which is not published')
    if told:
        first = "Please publish all referenced sub-workflows first."
        raise Refusal(400, f"Cannot publish workflow: {'; '.join(told)}. {first}")


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """The four things that a workflow is made of, no less and no more. Raises Refusal."""
    for name in NEEDED:
        if name not in given:
            raise Refusal(400, f"request/body must have required property '{name}'")
    for name in given:
        if name in READ_ONLY:
            raise Refusal(400, f"request/body/{name} is read-only")
        if name not in NEEDED:
            raise Refusal(400, f"request/body Unrecognized key(s) in object: '{name}'")
    for name, kind in NEEDED.items():
        if not isinstance(given[name], kind):
            got = next((word for type, word in WORDS.items() if isinstance(given[name], type)), "another")
            raise Refusal(400, f"request/body/{name} Expected {WORDS[kind]}, received {got}")
    if not 1 <= len(given["name"]) <= 128:
        raise Refusal(400, "Workflow name must be 1 to 128 characters long.")
    return dict(given)
