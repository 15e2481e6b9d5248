"""
Undo a deployment: what was made is deleted, what was changed is put back, the last first.

Doing it twice is safe, and one that is cut goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from masterops import errors
from masterops.connectors.n8n import N8n
from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows.code import journal, touching
from masterops.workflows.code.cut import found_by_name
from masterops.workflows.code.diff import differences
from masterops.workflows.code.files import Agreed
from masterops.workflows.code.journal import Entry
from masterops.workflows.code.planning import brief
from masterops.workflows.code.pulling import agreement
from masterops.workflows.code.server import Live, document, look

Keep = Callable[[str, Agreed | None], None]
WAYS = {"create": "delete", "update": "restore"}


async def rollback(
    n8n: N8n,
    pool: Pool,
    log: Logger,
    deployment: UUID,
    *,
    keep: Keep,
    force: bool = False,
    dry_run: bool = False,
) -> list[Entry]:
    """
    The steps that were undone, or would be. `keep` is told what is agreed afterwards, None for a file whose
    workflow is gone. Raises RollbackRefused before anything is done where somebody changed a workflow since.
    """
    async with journal.alone(pool, n8n.connection):
        entries = list(reversed(await journal.steps(pool, deployment)))
        acting = [each for each in entries if each.state in ("begun", "done") and each.action in WAYS]
        live = await look(n8n, credentials=False)
        _check(deployment, acting, live, force=force)
        if dry_run:
            return acting
        for entry in entries:
            if entry.state == "planned":
                await journal.mark(pool, entry, "left")
        for entry in acting:
            agreed = await _undo(n8n, live, entry)
            await journal.mark(pool, entry, "undone")
            keep(entry.file, agreed)
        log.info("workflows.rolled_back", service="n8n", operation="workflows.rollback", status="success",
                 deployment=str(deployment), steps=len(acting))  # fmt: skip
        return acting


def _check(deployment: UUID, entries: Sequence[Entry], live: Live, *, force: bool) -> None:
    """The newest step of each workflow says what it should be like now."""
    told, seen = [], set[str]()
    for entry in entries:
        if entry.before_secret:
            told.append(
                f"{entry.file}: a secret stood in the former workflow and is not kept; n8n's history has it"
            )
        id = entry.workflow_id or ""
        if id in live.documents and id not in seen and not force:
            now = agreement(live.documents[id], entry.file)
            if now not in (entry.before_digest, entry.after_digest) and entry.state == "done":
                found = brief(differences(entry.after_json, live.documents[id]))
                told.append(f"{entry.file} was changed since ({found})")
        seen.add(id)
    if told:
        raise errors.RollbackRefused(deployment=deployment, reason="; ".join(told))


async def _undo(n8n: N8n, live: Live, entry: Entry) -> Agreed | None:
    """What is agreed afterwards: as n8n has it then, which keeps a setting that the deployment had added."""
    id = entry.workflow_id or found_by_name(live, entry)
    if entry.action == "create":
        if id is not None and id in live.workflows:
            await touching.remove(n8n, id)
        return None
    before = entry.before_json
    if id is None or before is None:
        return None
    body = {name: before[name] for name in ("name", "nodes", "connections", "settings")}
    try:
        tags = [tag["name"] for tag in before["tags"]]
        await touching.put(n8n, id, body, tags, active=before["active"])
        now = document(await n8n.workflows.get(id), {**live.names, id: before["name"]})
    except errors.NotFound as error:
        gone = f"{entry.file}: n8n has the workflow no more"
        raise errors.RollbackRefused(deployment=entry.deployment, reason=gone) from error
    return Agreed(id, agreement(now, entry.file))
