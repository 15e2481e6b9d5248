"""
What a deployment that was cut has left in n8n: ours, though it is neither as it was nor as it shall be.

A workflow that it had begun is found by its id or, where n8n made it and we never learnt its id, by the name
that nobody had before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from masterops.db import Pool
from masterops.workflows.code import journal
from masterops.workflows.code.document import Document, canonical
from masterops.workflows.code.journal import Entry
from masterops.workflows.code.planning import Past
from masterops.workflows.code.pulling import agreement
from masterops.workflows.code.server import Live

# What stands in for a workflow that calls one which is not there yet: nothing sets it off but a call.
STAND_IN = canonical(
    {
        "nodes": [
            {
                "name": "Not deployed yet",
                "type": "n8n-nodes-base.executeWorkflowTrigger",
                "typeVersion": 1.1,
                "position": [0, 0],
                "parameters": {"inputSource": "passthrough"},
            }
        ]
    }
)


async def reconciled(pool: Pool, live: Live, cut: Sequence[Entry]) -> set[str]:
    """
    What was begun is counted as done, so far as it can be found; what was not is left to the new plan.
    Answers with the ids of workflows that are as our own work left them, and not as a person would.
    """
    halfway = set[str]()
    for entry in cut:
        found = entry.workflow_id or found_by_name(live, entry)
        if entry.state == "begun" and found is not None and found in live.workflows:
            await journal.mark(pool, entry, "done", id=found)
            now = live.documents[found]
            if agreement(now, entry.file) == entry.before_digest or is_halfway(
                now, _before(live, entry), entry.after_json
            ):
                halfway.add(found)
        else:
            await journal.mark(pool, entry, "left")
    return halfway


def is_halfway(now: Document, before: Document | None, after: Document) -> bool:
    """
    Whether each part is as it was, or as it shall be, or what stands in for a while. `before` is None for a
    workflow that was not there. Pure.
    """
    was = before if before is not None else {**after, "tags": [], "active": False}
    if any(now[part] not in (was[part], after[part]) for part in ("name", "active", "tags")):
        return False
    if any(now[part] not in (was[part], after[part], STAND_IN[part]) for part in ("nodes", "connections")):
        return False
    held, old, new = ({**each["settings"], "errorWorkflow": None} for each in (now, was, after))
    return held in (old, new, {**old, **new})


def _before(live: Live, entry: Entry) -> Document | None:
    return None if entry.before_json is None else canonical(entry.before_json, name_of=live.names.get)


def allowing(past: Mapping[str, Past], live: Live, halfway: set[str]) -> dict[str, Past]:
    """What a deployment that was cut left halfway is no change of somebody else's."""
    return {
        id: replace(was, digests=was.digests | {agreement(live.documents[id], was.file)})
        if id in halfway
        else was
        for id, was in past.items()
    }


def found_by_name(live: Live, entry: Entry) -> str | None:
    """A workflow that was made and whose id we never learnt: nobody had its name when it was planned."""
    named = live.named(entry.workflow_name)
    return named[0] if entry.action == "create" and entry.state == "begun" and len(named) == 1 else None
