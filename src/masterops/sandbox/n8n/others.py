"""
What n8n does with tags, users, credentials, variables and projects, and what it says of itself.
"""

from __future__ import annotations

from typing import Any

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.n8n.call import Call, by_offset
from masterops.sandbox.n8n.instance import Instance
from masterops.sandbox.n8n.problems import Refusal, unlicensed

Records = dict[str, dict[str, Any]]


def tags(home: Instance, call: Call) -> Answer:
    """A page of tags."""
    return _page(call, home.tags)


def tag_created(home: Instance, call: Call) -> Answer:
    """Make a tag; each name is there once."""
    name = _text(call.object(), "name")
    if any(tag["name"] == name for tag in home.tags.values()):
        raise Refusal(409, "Tag already exists")
    return json_answer(201, _kept(home, home.tags, name=name))


def tag(home: Instance, call: Call) -> Answer:
    """One tag."""
    return json_answer(200, _one(home.tags, call))


def tag_changed(home: Instance, call: Call) -> Answer:
    """Give a tag another name."""
    row, name = _one(home.tags, call), _text(call.object(), "name")
    if any(tag["name"] == name and tag is not row for tag in home.tags.values()):
        raise Refusal(409, "Tag already exists")
    row.update(name=name, updatedAt=home.now())
    return json_answer(200, row)


def tag_removed(home: Instance, call: Call) -> Answer:
    """Take a tag away, from its workflows too."""
    row = _one(home.tags, call)
    del home.tags[row["id"]]
    for workflow in home.workflows.values():
        workflow["tags"] = [tag for tag in workflow["tags"] if tag["id"] != row["id"]]
    return json_answer(200, row)


def users(home: Instance, call: Call) -> Answer:
    """A page of users."""
    return _page(call, home.users)


def user(home: Instance, call: Call) -> Answer:
    """One user, by id or e-mail address."""
    wanted = call.parts[0]
    found = next((row for row in home.users.values() if wanted in (row["id"], row["email"])), None)
    if found is None:
        raise Refusal(404, f"Could not find user with id: {wanted}")
    return json_answer(200, found)


def credentials(home: Instance, call: Call) -> Answer:
    """A page of credentials, without what is in them."""
    if home.traits.older:
        raise Refusal(405, "GET method not allowed")
    return _page(call, home.credentials)


def credential_created(home: Instance, call: Call) -> Answer:
    """Make a credential; what is in it is not given back."""
    given = call.object()
    return json_answer(
        200, _kept(home, home.credentials, name=_text(given, "name"), type=_text(given, "type"))
    )


def credential_removed(home: Instance, call: Call) -> Answer:
    """Take a credential away."""
    row = _one(home.credentials, call)
    return json_answer(200, home.credentials.pop(row["id"]))


def schema(home: Instance, call: Call) -> Answer:
    """What a credential of a type is made of."""
    if not call.parts[0].endswith(("Api", "Token", "Auth")):
        raise Refusal(404, "Not Found")
    return json_answer(
        200, {"additionalProperties": False, "type": "object", "properties": {}, "required": []}
    )


def variables(home: Instance, call: Call) -> Answer:
    """A page of variables."""
    _licensed(home, "feat:variables")
    return _page(call, home.variables)


def variable_created(home: Instance, call: Call) -> Answer:
    """Make a variable; the answer is empty."""
    _licensed(home, "feat:variables")
    given = call.object()
    _kept(home, home.variables, key=_text(given, "key"), value=_text(given, "value"))
    return Answer(201)


def variable_changed(home: Instance, call: Call) -> Answer:
    """Set a variable; the answer is empty."""
    _licensed(home, "feat:variables")
    row, given = _one(home.variables, call), call.object()
    row.update(key=_text(given, "key"), value=_text(given, "value"))
    return Answer(204)


def variable_removed(home: Instance, call: Call) -> Answer:
    """Take a variable away."""
    _licensed(home, "feat:variables")
    del home.variables[_one(home.variables, call)["id"]]
    return Answer(204)


def projects(home: Instance, call: Call) -> Answer:
    """A page of projects."""
    _licensed(home, "feat:projectRole:admin")
    return _page(call, home.projects)


def project_created(home: Instance, call: Call) -> Answer:
    """Make a team's project."""
    _licensed(home, "feat:projectRole:admin")
    return json_answer(201, _kept(home, home.projects, name=_text(call.object(), "name"), type="team"))


def project_renamed(home: Instance, call: Call) -> Answer:
    """Give a project another name; the answer is empty."""
    _licensed(home, "feat:projectRole:admin")
    row = _one(home.projects, call)
    row.update(name=_text(call.object(), "name"), updatedAt=home.now())
    return Answer(204)


def project_removed(home: Instance, call: Call) -> Answer:
    """Take a project away; one's own stays."""
    _licensed(home, "feat:projectRole:admin")
    row = _one(home.projects, call)
    if row["type"] == "personal":
        raise Refusal(403, "Can't delete a personal project")
    del home.projects[row["id"]]
    return Answer(204)


def audit(home: Instance, call: Call) -> Answer:
    """What is risky about this server."""
    idle = sum(not row["active"] for row in home.workflows.values())
    report = {"risk": "instance", "sections": [{"title": "Unprotected webhooks in instance", "location": []}]}
    return json_answer(200, {"Instance Risk Report": report} if idle else [])


def discover(home: Instance, call: Call) -> Answer:
    """What this key may do."""
    if home.traits.older:
        raise Refusal(404, "not found")
    return json_answer(200, {"data": {"scopes": ["workflow:list", "execution:list"]}})


def _licensed(home: Instance, feature: str) -> None:
    if not home.traits.licensed:
        raise unlicensed(feature)


def _page(call: Call, records: Records) -> Answer:
    return json_answer(200, by_offset(call, list(records.values())))


def _one(records: Records, call: Call) -> dict[str, Any]:
    if call.parts[0] not in records:
        raise Refusal(404, "Not Found")
    return records[call.parts[0]]


def _kept(home: Instance, records: Records, **fields: Any) -> dict[str, Any]:
    made = {**home.stamped(), **fields}
    records[made["id"]] = made
    return made


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        raise Refusal(400, f"request/body must have required property '{name}'")
    if not isinstance(value, str):
        raise Refusal(400, f"request/body/{name} must be string")
    return value
