"""
What n8n does with executions.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.n8n.call import Call, by_last_id, cursor
from masterops.sandbox.n8n.instance import ENDED, Instance, Run, iso
from masterops.sandbox.n8n.problems import Refusal

STOPPABLE = ("queued", "running", "waiting")
STATUSES = ("canceled", "crashed", "error", "new", "running", "success", "unknown", "waiting")


def listed(home: Instance, call: Call) -> Answer:
    """A page, newest first; running ones only where they are asked for."""
    home.settle()
    status, workflow = call.asked("status"), call.asked("workflowId")
    if status is not None and status not in STATUSES:
        one_of = " | ".join(f"'{each}'" for each in STATUSES)
        raise Refusal(400, f"request/query/status Invalid enum value. Expected {one_of}, received '{status}'")
    after = before = None
    if not home.traits.older:
        after, before = _moment(call, "startedAfter"), _moment(call, "startedBefore")
    limit, last = by_last_id(call)
    fitting = (
        run
        for run in home.newest(before=last)
        if (run.status == status if status is not None else run.status != "running")
        and (workflow is None or run.workflow == workflow)
        and (after is None or run.started >= after)
        and (before is None or run.started <= before)
    )
    # One more than the page holds, to know whether another page follows.
    found = list(islice(fitting, limit + 1 if limit else None))
    page, whole = found[:limit] if limit else found, call.asked("includeData") == "true"
    following = cursor(lastId=str(page[-1].number), limit=limit) if len(page) < len(found) else None
    return json_answer(200, {"data": [shown(home, run, data=whole) for run in page], "nextCursor": following})


def fetched(home: Instance, call: Call) -> Answer:
    """One, with its data where that is asked for."""
    run = _one(home, call)
    return json_answer(200, shown(home, run, data=call.asked("includeData") == "true"))


def removed(home: Instance, call: Call) -> Answer:
    """Take one away; its id is a number here, where it is a text elsewhere."""
    run = _one(home, call)
    if run.status == "running":
        raise Refusal(400, "Cannot delete a running execution")
    del home.runs[run.number]
    return json_answer(200, {**shown(home, run), "id": run.number})


def retried(home: Instance, call: Call) -> Answer:
    """Run a failed one again; this time it goes well."""
    run = _one(home, call)
    if run.status not in ("error", "crashed"):
        raise Refusal(409, "The execution succeeded, so it cannot be retried.")
    again = home.begin(run.workflow, "retry", at=home.clock.now(), seconds=0, retry_of=run.number)
    run.retried = again.number
    return json_answer(200, shown(home, again))


def stopped(home: Instance, call: Call) -> Answer:
    """End a running one."""
    run = _one(home, call)
    if run.status in ENDED:
        words = (
            f"Only running or waiting executions can be stopped and {run.number} is currently {run.status}"
        )
        raise Refusal(409, words)
    run.status, run.stopped = "canceled", home.clock.now()
    kept = shown(home, run)
    return json_answer(
        200, {name: kept[name] for name in ("mode", "startedAt", "stoppedAt", "finished", "status")}
    )


def stopped_many(home: Instance, call: Call) -> Answer:
    """End all that have one of the statuses, of one workflow or of all."""
    home.settle()
    given = call.object()
    statuses = given.get("status")
    if not isinstance(statuses, list) or not statuses:
        raise Refusal(400, "request/body must have required property 'status'")
    if wrong := [each for each in statuses if each not in STOPPABLE]:
        raise Refusal(
            400, f"request/body/status/{statuses.index(wrong[0])} must be equal to one of the allowed values"
        )
    wanted = given.get("workflowId", "all")
    found = [
        run
        for run in home.runs.values()
        if run.status in statuses and wanted in ("all", run.workflow) and _within(run, given)
    ]
    for run in found:
        run.status, run.stopped = "canceled", home.clock.now()
    return json_answer(200, {"stopped": len(found)})


def shown(home: Instance, run: Run, *, data: bool = False) -> dict[str, Any]:
    """An execution as n8n gives it."""
    plain = {
        "id": str(run.number),
        "finished": run.status == "success",
        "mode": run.mode,
        "retryOf": str(run.retry_of) if run.retry_of else None,
        "retrySuccessId": str(run.retried) if run.retried else None,
        "status": run.status,
        "startedAt": iso(run.started),
        "stoppedAt": iso(run.stopped) if run.stopped else None,
        "workflowId": run.workflow,
        "waitTill": None,
    }
    return {**plain, "data": _inside(home, run), "customData": {}} if data else plain


def _inside(home: Instance, run: Run) -> dict[str, Any]:
    """What happened in it: each node up to the one that failed."""
    nodes = [node["name"] for node in home.workflows.get(run.workflow, {}).get("nodes", [])]
    if run.failing in nodes:
        nodes = nodes[: nodes.index(run.failing) + 1]
    ran: dict[str, Any] = {}
    failed = run.status in ("error", "crashed") and run.failing
    for name, before in zip(nodes, [None, *nodes], strict=False):
        items = [{"json": {"number": number}} for number in range(run.items if name == nodes[-1] else 1)]
        source = [{"previousNode": before}] if before else []
        one: dict[str, Any] = {
            "executionTime": 5, "executionStatus": "success", "source": source, "data": {"main": [items]},
        }  # fmt: skip
        if failed and name == run.failing:
            one = {"executionTime": 5, "executionStatus": "error", "error": _error(run)}
        ran[name] = [one]
    result: dict[str, Any] = {"runData": ran, "lastNodeExecuted": nodes[-1] if nodes else None}
    if failed:
        result["error"] = _error(run)
    return {"resultData": result}


def _error(run: Run) -> dict[str, Any]:
    return {
        "name": "NodeOperationError",
        "message": run.words,
        "node": {"name": run.failing},
        "stack": "at x",
    }


def _one(home: Instance, call: Call) -> Run:
    home.settle()
    text = call.parts[0]
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise Refusal(400, "request/params/executionId must be a positive integer")
    run = home.runs.get(int(text))
    if run is None:
        raise Refusal(404, "Not Found")
    return run


def _within(run: Run, given: dict[str, Any]) -> bool:
    """Whether it began in the time that a body names."""
    after, before = (_read(given.get(name), f"body/{name}") for name in ("startedAfter", "startedBefore"))
    return (after is None or run.started >= after) and (before is None or run.started <= before)


def _moment(call: Call, name: str) -> datetime | None:
    return _read(call.asked(name), f"query/{name}")


def _read(text: str | None, place: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, f'request/{place} must match format "date-time"') from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
