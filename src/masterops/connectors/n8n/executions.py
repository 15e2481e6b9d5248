"""
n8n's executions: the runs of workflows, newest first.

A list says nothing of running ones unless it is asked for them (`status="running"`), and nothing of what
happened inside: `get(id, data=True)` tells it, of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec

from masterops.connectors.client import Page, ResourceClient
from masterops.connectors.n8n.paging import BY_LAST_ID
from masterops.connectors.n8n.paths import PAGE_SIZE, path
from masterops.connectors.resource import Listing, Resource, Verb
from masterops.transport import Request, Target, Transport


class Execution(msgspec.Struct, frozen=True, rename="camel"):
    """
    One run. `status` is n8n's word (canceled, crashed, error, new, running, success, unknown, waiting);
    `data` is what happened inside, where it was asked for; it holds what workflows were sent, secrets too.
    """

    id: str
    status: str = "unknown"
    mode: str | None = None
    workflow_id: str | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    wait_till: datetime | None = None
    retry_of: str | None = None
    retry_success_id: str | None = None
    created_at: datetime | None = None
    data: Any = None


EXECUTIONS = Resource(
    "executions",
    path("executions"),
    Execution,
    listing=Listing(rows="data", pager=BY_LAST_ID, size=PAGE_SIZE),
)
STOPPABLE = ("queued", "running", "waiting")
WITH_DATA = Verb("GET", "/{id}", query={"includeData": "true"})
# A second one would run the workflow a second time.
RETRY = Verb("POST", "/{id}/retry", repeatable=False)


class Stopped(msgspec.Struct, frozen=True, rename="camel"):
    """
    What n8n says of an execution that it stopped.
    """

    status: str = "canceled"
    started_at: datetime | None = None
    stopped_at: datetime | None = None


class StoppedMany(msgspec.Struct, frozen=True):
    """
    How many executions n8n stopped.
    """

    stopped: int


class ExecutionsClient(ResourceClient[Execution]):
    """
    The executions of one server.
    """

    def __init__(self, transport: Transport, target: Target) -> None:
        super().__init__(transport, target, EXECUTIONS)
        self._transport, self._target = transport, target
        self._stopped = msgspec.json.Decoder(Stopped).decode
        self._stopped_many = msgspec.json.Decoder(StoppedMany).decode

    def find(
        self,
        *,
        status: str | None = None,
        workflow: str | None = None,
        project: str | None = None,
        started_after: datetime | None = None,
        started_before: datetime | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Execution]:
        """The executions that fit, newest first; running ones only with `status="running"`."""
        return self.list(query=asked(status, workflow, project, started_after, started_before), limit=limit)

    async def some(
        self,
        after: str | None = None,
        *,
        status: str | None = None,
        started_after: datetime | None = None,
    ) -> Page[Execution]:
        """One page of them, with the place of the next; the same filters go with every page."""
        return await self.page(after, query=asked(status=status, started_after=started_after))

    async def get(self, id: str, *, data: bool = False) -> Execution:
        """One execution, with `data` what happened inside. Raises NotFound, also for one that was purged."""
        return await self._verb(WITH_DATA if data else self.resource.get, "get", id)

    async def retry(self, id: str) -> Execution:
        """
        Run a failed one again; the new execution. Raises Conflict for one that did not fail, OutcomeUnknown
        when nobody can say whether it ran.
        """
        return await self._verb(RETRY, "retry", id)

    async def stop(self, id: str) -> Stopped:
        """End a running or waiting one. Raises Conflict for one that has ended."""
        request = self._request(Verb("POST", "/{id}/stop"), "stop", id)
        return await self._transport.call(self._target, request, self._stopped)

    async def stop_all(
        self,
        *statuses: str,
        workflow: str | None = None,
        started_after: datetime | None = None,
        started_before: datetime | None = None,
    ) -> int:
        """
        End all that are `queued`, `running` or `waiting`, or have one of the `statuses` given; how many.
        Those of every workflow unless one is named. A server before 2.0 has no such call: NotServed.
        """
        body = asked(workflow=workflow, started_after=started_after, started_before=started_before)
        whole = {"status": list(statuses or STOPPABLE), **body}
        request = Request("POST", f"{EXECUTIONS.path}/stop", "executions.stop_all", body=whole)
        return (await self._transport.call(self._target, request, self._stopped_many)).stopped


def asked(
    status: str | None = None,
    workflow: str | None = None,
    project: str | None = None,
    started_after: datetime | None = None,
    started_before: datetime | None = None,
) -> dict[str, str]:
    """The filters as n8n writes them."""
    given = {
        "status": status,
        "workflowId": workflow,
        "projectId": project,
        "startedAfter": started_after.isoformat() if started_after else None,
        "startedBefore": started_before.isoformat() if started_before else None,
    }
    return {name: value for name, value in given.items() if value is not None}
