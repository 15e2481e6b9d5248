"""
What a deployment does to each workflow. Pure: it is told what the files say, what n8n holds, and what was
last agreed between both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from masterops import errors
from masterops.workflows.code.diff import Difference, differences
from masterops.workflows.code.document import (
    REMOVABLE,
    Document,
    mentions,
    named_by_id,
    needed_credentials,
    tagged,
)
from masterops.workflows.code.files import Agreed
from masterops.workflows.code.pulling import agreement
from masterops.workflows.code.server import Live

MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Step:
    """
    What is done for one file. `document` is what n8n will hold, `differences` how it differs from now.
    """

    action: Literal["create", "update", "unchanged"]
    file: str
    document: Document
    id: str | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether anything is done."""
        return self.action != "unchanged"


@dataclass(frozen=True, slots=True)
class Past:
    """
    What the journal knows of a workflow: digests that were agreed, and the document that was last deployed.
    """

    digests: frozenset[str]
    document: Document
    file: str


def plan(
    documents: Mapping[str, Document],
    live: Live,
    agreed: Mapping[str, Agreed],
    past: Mapping[str, Past],
    *,
    activate: bool | None = None,
    force: bool = False,
) -> list[Step]:
    """
    A step for each file, those that others refer to first. Raises WorkflowsInvalid, CredentialsMissing and
    WorkflowMoved, each for all files together.
    """
    wanted = {file: _wanted(document, file, activate) for file, document in documents.items()}
    steps = [_step(file, wanted[file], live, agreed.get(file), past) for file in _ordered(wanted)]
    _check_settings(steps, live)
    _check_called(steps, live)
    _check_credentials(steps, live)
    if not force:
        _check_moved(steps, live, agreed, past)
    return steps


def brief(found: Sequence[Difference]) -> str:
    """Some differences in a few words."""
    words = [f"{each.what} {each.where} {each.change}" for each in found[:MOST_TOLD]]
    more = f" and {len(found) - MOST_TOLD} more" if len(found) > MOST_TOLD else ""
    return ", ".join(words) + more


def _wanted(document: Document, file: str, activate: bool | None) -> Document:
    active = document["active"] if activate is None else activate
    return {**tagged(document, file), "active": active}


def _step(file: str, document: Document, live: Live, agreed: Agreed | None, past: Mapping[str, Past]) -> Step:
    id = _id(file, document, live, agreed, past)
    if id is None:
        return Step("create", file, document)
    found = tuple(differences(live.documents[id], document))
    return Step("update" if found else "unchanged", file, document, id, found)


def _id(
    file: str, document: Document, live: Live, agreed: Agreed | None, past: Mapping[str, Past]
) -> str | None:
    """By what is remembered, by the journal, by the name. Raises WorkflowMoved for a name that two have."""
    if agreed is not None and agreed.id in live.workflows:
        return agreed.id
    deployed = [id for id, each in past.items() if each.file == file and id in live.workflows]
    if len(deployed) == 1:
        return deployed[0]
    named = live.named(document["name"])
    if len(named) > 1:
        reason = f"{file}: {len(named)} workflows are named {document['name']!r}"
        raise errors.WorkflowMoved(reason=reason, hint="Rename or archive one of them. Nothing was changed.")
    return named[0] if named else None


def _check_moved(
    steps: list[Step], live: Live, agreed: Mapping[str, Agreed], past: Mapping[str, Past]
) -> None:
    """Each that is not as file and n8n last had it; what is to become of it already is as it should be."""
    told = []
    for step in steps:
        if step.action != "update" or step.id is None:
            continue
        known = agreed.get(step.file)
        before = past.get(step.id)
        digests = {known.digest} if known is not None and known.id == step.id else set()
        digests |= before.digests if before is not None else set()
        if agreement(live.documents[step.id], step.file) in digests:
            continue
        if not digests:
            told.append(f"{step.file} is in n8n already and was never pulled")
        else:
            base = before.document if before is not None else step.document
            told.append(f"{step.file} ({brief(differences(base, live.documents[step.id]))})")
    if told:
        raise errors.WorkflowMoved(reason="; ".join(told))


def _check_settings(steps: list[Step], live: Live) -> None:
    """n8n's API keeps most settings that it is not told of: such a file would differ for ever."""
    told = []
    for step in steps:
        held = live.documents[step.id]["settings"] if step.id is not None else {}
        for name in sorted({*held} - {*step.document["settings"], *REMOVABLE}):
            said = f"write `{json.dumps(name)}: {json.dumps(held[name])}` or another value into it"
            told.append(f"{step.file}: n8n keeps the setting {name}, which the file leaves out: {said}")
    if told:
        raise errors.WorkflowsInvalid(count=len(told), reason="; ".join(told), hint="Nothing was changed.")


def _check_called(steps: list[Step], live: Live) -> None:
    """What a workflow calls must be there, once, when it is deployed: it would fail when it runs."""
    names = {*live.ids, *(step.document["name"] for step in steps)}
    told = []
    for step in steps:
        for name in sorted(mentions(step.document) - names):
            told.append(f"{step.file} calls the workflow {name!r}, {_how_missing(name, live)}")
        for id in sorted(named_by_id(step.document) - set(live.workflows)):
            told.append(f"{step.file} calls a workflow by its id {id}, {_how_missing(id, live)}")
    if told:
        hint = "Deploy the files of those that are called too, or take the calls out. Nothing was changed."
        raise errors.WorkflowsInvalid(count=len(told), reason="; ".join(told), hint=hint)


def _how_missing(name: str, live: Live) -> str:
    if name in live.archived or name in live.archived.values():
        return f"which is archived in {live.connection}"
    if len(live.named(name)) > 1:
        return f"which {live.connection} has {len(live.named(name))} of"
    return f"which is neither among these files nor in {live.connection}"


def _check_credentials(steps: list[Step], live: Live) -> None:
    missing: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        for key in needed_credentials(step.document):
            if key not in live.credentials:
                missing.setdefault(key, []).append(step.file)
    if missing:
        words = [f"{name!r} ({kind}) for {', '.join(files)}" for (kind, name), files in missing.items()]
        raise errors.CredentialsMissing(connection=live.connection, reason="; ".join(sorted(words)))


def _ordered(documents: Mapping[str, Document]) -> list[str]:
    """Those first that others refer to; in a circle, by the alphabet."""
    by_name = {document["name"]: file for file, document in documents.items()}
    needs = {
        file: {by_name[name] for name in mentions(document) if name in by_name} - {file}
        for file, document in documents.items()
    }
    ordered: list[str] = []
    while needs:
        ready = sorted(file for file, others in needs.items() if not others & set(needs))
        for file in ready or sorted(needs)[:1]:
            ordered.append(file)
            del needs[file]
    return ordered
