"""
Bring workflows' files into n8n, so that it can be finished or undone wherever it is cut.

Every step is in the journal before n8n is asked; what one that was cut has left is looked at first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from msgspec import structs

from masterops import errors
from masterops.connectors.n8n import N8n, Workflow
from masterops.core.ids import uuid7
from masterops.db import Pool
from masterops.logs import Logger
from masterops.workflows.code import journal, touching
from masterops.workflows.code.cut import STAND_IN, allowing, reconciled
from masterops.workflows.code.diff import differences
from masterops.workflows.code.document import Document, definition, mentions
from masterops.workflows.code.files import Agreed
from masterops.workflows.code.journal import Entry
from masterops.workflows.code.planning import Past, Step, brief, plan
from masterops.workflows.code.pulling import agreement, without_secrets
from masterops.workflows.code.server import Live, document, look, raw

Keep = Callable[[str, Agreed], None]


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
        halfway = await reconciled(pool, live, cut)
        past = allowing(await journal.past(pool, n8n.connection), live, halfway)
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
        action="create" if step.id is None else "update" if step.acts else "adopt",
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
    """
    In two rounds where workflows call each other in a circle: n8n publishes none that calls one which is not
    published, so something stands in for the first until the others are there.
    """
    ids, later = live.ids, list[Entry]()
    for at, entry in enumerate(entries):
        with _cut_at(entry):
            if not _waits(entry, entries[at + 1 :], live, ids):
                ids[entry.workflow_name] = await _one(n8n, pool, live, entry, ids)
                keep(entry.file, Agreed(ids[entry.workflow_name], entry.after_digest))
            else:
                entry = await _stood_in(n8n, pool, live, entry)
                ids[entry.workflow_name] = entry.workflow_id or ""
                later.append(entry)
    for entry in later:
        with _cut_at(entry):
            id = await _one(n8n, pool, live, entry, ids)
        keep(entry.file, Agreed(id, entry.after_digest))


def _waits(entry: Entry, others: Sequence[Entry], live: Live, ids: Mapping[str, str]) -> bool:
    """Whether it calls one that is not there yet or, to be published itself, one that is not published."""
    called = mentions(entry.after_json)
    unpublished = {each.workflow_name for each in others if not _is_on(each, live)}
    return not called <= set(ids) or (entry.after_json["active"] and bool(called & unpublished))


def _is_on(entry: Entry, live: Live) -> bool:
    row = live.workflows.get(entry.workflow_id or "")
    return row is not None and row.active


@contextmanager
def _cut_at(entry: Entry) -> Iterator[None]:
    """Raises DeploymentCut where n8n fails or refuses."""
    try:
        yield
    except errors.RemoteError as error:
        deployment, file = entry.deployment, entry.file
        raise errors.DeploymentCut(deployment=deployment, file=file, reason=error.message) from error


async def _stood_in(n8n: N8n, pool: Pool, live: Live, entry: Entry) -> Entry:
    """
    Let others call a workflow of its name, which does nothing yet; the step, with its id. One that is
    switched on stays as it is for the while.
    """
    if _is_on(entry, live):
        return entry
    target, id = entry.after_json, entry.workflow_id
    body = definition(
        {**STAND_IN, "name": target["name"], "settings": target["settings"]}, credentials={}, workflows={}
    )
    if id is not None:
        _check_unmoved(await n8n.workflows.get(id), live, entry)
    await journal.mark(pool, entry, "begun")
    if id is None:
        id = (await n8n.workflows.create(body)).id
        await journal.mark(pool, entry, "begun", id=id)
    else:
        await n8n.workflows.update(id, body)
    await touching.switch(n8n, id, on=target["active"])
    return structs.replace(entry, workflow_id=id, state="begun")


async def _one(n8n: N8n, pool: Pool, live: Live, entry: Entry, ids: Mapping[str, str]) -> str:
    """One step, from wherever it stands."""
    target = entry.after_json
    await journal.mark(pool, entry, "begun")
    id = entry.workflow_id
    row = await n8n.workflows.get(id) if id is not None else None
    if row is not None and entry.action == "update" and entry.state == "planned":
        _check_unmoved(row, live, entry)
    # Of one for which something stands in, the nodes are those that were there before.
    held = live.workflows.get(id or "", row) if entry.state == "begun" else row
    body = definition(
        target, credentials=live.credentials, workflows=ids, held=held.nodes if held is not None else ()
    )
    if id is None:
        id = (await n8n.workflows.create(body)).id
        await journal.mark(pool, entry, "begun", id=id)
    await touching.put(n8n, id, body, target["tags"], active=target["active"])
    await journal.mark(pool, entry, "done", id=id)
    return id


def _check_unmoved(row: Workflow, live: Live, entry: Entry) -> None:
    """Somebody may have changed it while we were busy with the others. Raises Conflict."""
    now = document(row, live.names)
    if agreement(now, entry.file) not in (entry.before_digest, entry.after_digest):
        found = brief(differences(live.documents[row.id], now))
        raise errors.Conflict(service=live.connection, reason=f"it was changed this very moment ({found})")
