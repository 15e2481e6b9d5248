"""
What `ops test-integration n8n` tries, each against the server itself.

What a licence or a version lacks is told, and no failure.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from masterops import errors
from masterops.connectors.connector import Capability

if TYPE_CHECKING:
    from masterops.connectors.n8n.connector import N8n

Run = Callable[[], Awaitable[str]]

SOME = 100
# A trigger that nobody pulls: it can be activated, and does nothing by itself.
NODES = [
    {
        "id": "trigger",
        "name": "Webhook",
        "type": "n8n-nodes-base.webhook",
        "typeVersion": 2,
        "position": [0, 0],
        "parameters": {"httpMethod": "POST"},
    }
]


def capabilities(n8n: N8n) -> list[Capability]:
    """Every capability of the connector, the reading ones first."""

    async def health() -> str:
        return await n8n.health()

    async def workflows() -> str:
        rows = [row async for row in n8n.workflows.list(limit=SOME)]
        return f"{len(rows)} workflows, {sum(row.active for row in rows)} active"

    async def executions() -> str:
        return f"{await _count(n8n.executions.find(limit=SOME))} executions"

    async def failures() -> str:
        return f"{await _count(n8n.executions.find(status='error', limit=SOME))} failed executions"

    async def inside() -> str:
        newest = await anext(n8n.executions.find(limit=1), None)
        if newest is None:
            return "no executions"
        whole = await n8n.executions.get(newest.id, data=True)
        return "an execution with its data" if whole.data else "an execution whose data n8n does not keep"

    async def tags() -> str:
        return f"{await _count(n8n.tags.list(limit=SOME))} tags"

    async def users() -> str:
        return f"{await _count(n8n.users.list(limit=SOME))} users"

    async def credentials() -> str:
        return f"{await _count(n8n.credentials.list(limit=SOME))} credentials, without their secrets"

    async def projects() -> str:
        return f"{await _count(n8n.projects.list(limit=SOME))} projects"

    async def variables() -> str:
        return f"{await _count(n8n.variables.list(limit=SOME))} variables"

    async def audit() -> str:
        found = await n8n.audit()
        return f"risks in {len(found)} reports" if found else "no risks"

    async def writing() -> str:
        return await _write(n8n)

    return [
        Capability("health.get", health),
        Capability("workflows.list", workflows),
        Capability("executions.list", executions),
        Capability("executions.failed", failures),
        Capability("executions.data", inside),
        Capability("tags.list", tags),
        Capability("users.list", users),
        Capability("credentials.list", _where_there(credentials)),
        Capability("projects.list", _where_there(projects)),
        Capability("variables.list", _where_there(variables)),
        Capability("audit.run", audit),
        Capability("workflows.write", writing, writes=True),
    ]


async def _write(n8n: N8n) -> str:
    """A workflow is made, changed, switched on and off, and taken away."""
    name, path = f"masterops test {uuid4()}", str(uuid4())
    node = {**NODES[0], "webhookId": path, "parameters": {"httpMethod": "POST", "path": path}}
    made = await n8n.workflows.create(
        {"name": name, "nodes": [node], "connections": {}, "settings": {"executionOrder": "v1"}}
    )
    try:
        renamed = await n8n.workflows.change(made.id, name=f"{name} again")
        active = await n8n.workflows.activate(made.id)
        idle = await n8n.workflows.deactivate(made.id)
    except errors.RemoteError:
        with suppress(errors.RemoteError):  # an active one could not be deleted
            await n8n.workflows.deactivate(made.id)
        raise
    finally:
        await n8n.workflows.delete(made.id)
    if (renamed.name, active.active, idle.active) != (f"{name} again", True, False):
        raise errors.UnexpectedAnswer(service=n8n.connection, reason="a write is not what it was told")
    return "made, renamed, switched on and off, deleted"


def _where_there(run: Run) -> Run:
    """The same, where the licence and the version have it."""

    async def tried() -> str:
        try:
            return await run()
        except errors.NotLicensed:
            return "not in this licence"
        except errors.NotServed:
            return "not in this version"
        except errors.UnexpectedAnswer as error:
            if error.status != 405:
                raise
            return "not in this version"

    return tried


async def _count(rows: AsyncIterator[Any]) -> int:
    return len([row async for row in rows])
