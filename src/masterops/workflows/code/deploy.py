"""
Bring workflows' files into n8n, so that it can be finished or undone wherever it is cut.

Every step is in the journal before n8n is asked. One that was cut is looked at first: what it did is found by
id or, where n8n made the workflow and we never learnt its id, by the name that nobody had before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from msgspec import structs

from masterops import errors
from masterops.connectors.n8n import N8n, Workflow
from masterops.core.ids import uuid7
from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows.code import journal, touching
from masterops.workflows.code.diff import differences
from masterops.workflows.code.document import Document, definition, lacks
from masterops.workflows.code.files import Agreed
from masterops.workflows.code.journal import Entry
from masterops.workflows.code.planning import Past, Step, brief, plan
from masterops.workflows.code.pulling import agreement, without_secrets
from masterops.workflows.code.server import Live, document, look, raw

Keep = Callable[[str, Agreed], None]
FINISHED_LATER = {"tags", "active", "errorWorkflow"}


@dataclass(frozen=True, slots=True)
class Deployed:
    """
    What came of it: the steps, and the deployment's id where anything was done.
    """

    steps: Sequence[Step]
    deployment: UUID | None = None


async def deploy(
    n8n: N8n,
    pool: Pool,
    log: Logger,
    documents: Mapping[str, Document],
    agreed: Mapping[str, Agreed],
    *,
    who: str,
    keep: Keep,
    activate: bool | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> Deployed:
    """
    Plan and, unless it is a dry run, carry out. `keep` is told what was agreed as soon as a file is done.
    Raises WorkflowMoved or CredentialsMissing before anything is done, DeploymentCut when n8n fails in the
    middle.
    """
    if dry_run:
        live, past = await look(n8n), await journal.past(pool, n8n.connection)
        return Deployed(plan(documents, live, agreed, past, activate=activate, force=force))
    async with journal.alone(pool, n8n.connection):
        cut = await journal.unfinished(pool, n8n.connection)
        live = await look(n8n)
        await _reconcile(pool, live, cut)
        past = _with_halves(await journal.past(pool, n8n.connection), live, cut)
        steps = plan(documents, live, agreed, past, activate=activate, force=force)
        for step in steps:
            if not step.acts and step.id is not None:
                keep(step.file, Agreed(step.id, agreement(step.document, step.file)))
        entries = await _written(pool, live, steps, past, cut, who)
        await _carried_out(n8n, pool, live, entries, keep)
        deployment = entries[0].deployment if entries else None
        log.info("workflows.deployed", service="n8n", operation="workflows.deploy", status="success",
                 deployment=str(deployment), steps=len(entries))  # fmt: skip
        return Deployed(steps, deployment)


async def _reconcile(pool: Pool, live: Live, cut: Sequence[Entry]) -> None:
    """What was begun is counted as done, so far as it can be found; what was not is left to the new plan."""
    for entry in cut:
        found = entry.workflow_id or found_by_name(live, entry)
        if entry.state == "begun" and found in live.workflows:
            await journal.mark(pool, entry, "done", id=found)
        else:
            await journal.mark(pool, entry, "left")


def _with_halves(past: Mapping[str, Past], live: Live, cut: Sequence[Entry]) -> dict[str, Past]:
    """
    What a step that was cut has left is ours too, though it is neither what was before nor what was to be:
    the nodes are there, tags or the switch are not.
    """
    known = dict(past)
    for entry in cut:
        id = entry.workflow_id or found_by_name(live, entry)
        if entry.state == "begun" and id in known and id in live.documents:
            left = {each.where for each in differences(entry.after_json, live.documents[id])}
            if left <= FINISHED_LATER:
                ours = known[id].digests | {agreement(live.documents[id], entry.file)}
                known[id] = replace(known[id], digests=ours)
    return known


def found_by_name(live: Live, entry: Entry) -> str | None:
    """A workflow that was made and whose id we never learnt: nobody had its name when it was planned."""
    named = live.named(entry.workflow_name)
    return named[0] if entry.action == "create" and entry.state == "begun" and len(named) == 1 else None


async def _written(
    pool: Pool,
    live: Live,
    steps: Sequence[Step],
    past: Mapping[str, Past],
    cut: Sequence[Entry],
    who: str,
) -> list[Entry]:
    """The plan, in the journal: behind the steps of a deployment that was cut, which it finishes."""
    deployment = cut[-1].deployment if cut else uuid7()
    before = await journal.steps(pool, deployment) if cut else []
    acting = [each for each in steps if each.acts or _is_news(each, past)]
    first = len(before) + 1
    entries = [_entry(deployment, first + at, step, live, who) for at, step in enumerate(acting)]
    if entries:
        await journal.add(pool, entries)
    return [each for each in entries if each.state == "planned"]


def _is_news(step: Step, past: Mapping[str, Past]) -> bool:
    """One that is as it should be, and of which the journal does not know it: from now on it does."""
    known = past.get(step.id or "")
    return known is None or agreement(step.document, step.file) not in known.digests


def _entry(deployment: UUID, number: int, step: Step, live: Live, who: str) -> Entry:
    folder, slash, _ = step.file.partition("/")
    entry = Entry(
        deployment=deployment,
        number=number,
        integration_id=live.connection,
        business_id=folder if slash and folder in step.document["tags"] else None,
        file=step.file,
        workflow_id=step.id,
        workflow_name=step.document["name"],
        action="create" if step.id is None else "update",
        after_json=step.document,
        after_digest=agreement(step.document, step.file),
        state="planned" if step.acts else "done",
        who=who,
    )
    if step.id is None:
        return entry
    held, shown = live.documents[step.id], without_secrets(live.documents[step.id])
    secret = held != shown
    kept = None if secret else raw(live.workflows[step.id])
    return structs.replace(
        entry, before_json=kept, before_secret=secret, before_digest=agreement(held, step.file)
    )


async def _carried_out(n8n: N8n, pool: Pool, live: Live, entries: Sequence[Entry], keep: Keep) -> None:
    ids = live.ids
    made: dict[int, str] = {}
    for entry in entries:
        try:
            made[entry.number] = ids[entry.workflow_name] = await _one(n8n, pool, live, entry, ids)
        except errors.RemoteError as error:
            raise errors.DeploymentCut(
                deployment=entry.deployment, file=entry.file, reason=error.message
            ) from error
        keep(entry.file, Agreed(made[entry.number], entry.after_digest))
    for entry in entries:  # those that refer to one that was made after them
        if entry.action == "create" and lacks(entry.after_json, live.ids):
            await _one(n8n, pool, live, structs.replace(entry, workflow_id=made[entry.number]), ids)


async def _one(n8n: N8n, pool: Pool, live: Live, entry: Entry, ids: Mapping[str, str]) -> str:
    """One step, from wherever it stands."""
    target = entry.after_json
    await journal.mark(pool, entry, "begun")
    id = entry.workflow_id
    row = await n8n.workflows.get(id) if id is not None else None
    if row is not None and entry.action == "update":
        _check_unmoved(row, live, entry)
    body = definition(
        target, credentials=live.credentials, workflows=ids, held=row.nodes if row is not None else ()
    )
    if id is None:
        id = (await n8n.workflows.create(body)).id
        await journal.mark(pool, entry, "begun", id=id)
    await touching.put(n8n, id, body, target["tags"], active=target["active"])
    await journal.mark(pool, entry, "done", id=id)
    return id


def _check_unmoved(row: Workflow, live: Live, entry: Entry) -> None:
    """Somebody may have changed it while we were busy with the others. Raises Conflict."""
    now = document(row, {id: each.name for id, each in live.workflows.items()})
    if agreement(now, entry.file) not in (entry.before_digest, entry.after_digest):
        found = brief(differences(live.documents[row.id], now))
        raise errors.Conflict(service=live.connection, reason=f"it was changed this very moment ({found})")
