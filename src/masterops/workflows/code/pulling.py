"""
What a pull does to each file. Pure.

A file belongs to a workflow by what is remembered, so that a renamed workflow takes its file along. What was
edited here and not there stays; what was edited in both places is for a person to decide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal, NamedTuple

from masterops.workflows.code.document import Document, canonical, digest, tagged
from masterops.workflows.code.files import Agreed
from masterops.workflows.code.reading import read
from masterops.workflows.code.secrets import masked, secrets

Action = Literal["new", "changed", "same", "renamed", "edited", "conflict", "secret", "gone"]
WRITES = ("new", "changed", "renamed")


class Pulled(NamedTuple):
    """
    What is done for one workflow; `document` is what the file gets, `was` where it stood before.
    """

    action: Action
    file: str
    name: str
    id: str
    document: Document | None = None
    was: str | None = None
    detail: str = ""


def slug(name: str) -> str:
    """A file's name for a workflow's: `orders-to-unleashed`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "workflow"


def plan(
    live: Mapping[str, Document],
    folders: Mapping[str, str],
    remembered: Mapping[str, Agreed],
    held: Mapping[str, bytes],
    *,
    mask: bool = False,
    force: bool = False,
) -> list[Pulled]:
    """`live` and `folders` (whose each is) go by id; `remembered` and `held` by file."""
    files = _places(live, folders, remembered, held)
    known = {agreed.id: (file, agreed) for file, agreed in remembered.items()}
    found = [
        _one(id, files[id], live[id], known.get(id), held, mask=mask, force=force)
        for id in sorted(live, key=lambda id: files[id])
    ]
    gone = [
        Pulled("gone", file, file, agreed.id, detail="n8n has it no more; the file stays")
        for file, agreed in sorted(remembered.items())
        if agreed.id not in live
    ]
    return found + gone


def _places(
    live: Mapping[str, Document],
    folders: Mapping[str, str],
    remembered: Mapping[str, Agreed],
    held: Mapping[str, bytes],
) -> dict[str, str]:
    """The file of each: where it is, unless its name or its owner has changed; no two have one."""
    where = {agreed.id: file for file, agreed in remembered.items()}
    taken = {file for file in held if file not in remembered}
    places: dict[str, str] = {}
    for id in sorted(live, key=lambda id: (id not in where, live[id]["name"], id)):
        wanted = f"{folders[id]}/{slug(live[id]['name'])}"
        now = where.get(id)
        if now is not None and re.fullmatch(re.escape(wanted) + r"(-\d+)?\.json", now) and now not in taken:
            places[id] = now
        else:
            # A file that nothing is remembered of is taken for this workflow's where it has the name.
            places[id] = _free(wanted, taken - _same_name(held, live[id]["name"], wanted, remembered))
        taken.add(places[id])
    return places


def _same_name(
    held: Mapping[str, bytes], name: str, wanted: str, remembered: Mapping[str, Agreed]
) -> set[str]:
    file = f"{wanted}.json"
    document = read(held[file]).document if file in held and file not in remembered else None
    return {file} if document is not None and document["name"] == name else set()


def _free(wanted: str, taken: set[str]) -> str:
    number, file = 1, f"{wanted}.json"
    while file in taken:
        number += 1
        file = f"{wanted}-{number}.json"
    return file


def _one(
    id: str,
    file: str,
    document: Document,
    known: tuple[str, Agreed] | None,
    held: Mapping[str, bytes],
    *,
    mask: bool,
    force: bool,
) -> Pulled:
    name, was = document["name"], known[0] if known and known[0] != file else None
    found = [
        f"{node['name']}: {each.where}" for node in document["nodes"] for each in secrets(node["parameters"])
    ]
    if found and not mask:
        detail = f"secrets stand in it ({'; '.join(found)}): move them into credentials, or give --mask"
        return Pulled("secret", file, name, id, detail=detail)
    shown = without_secrets(document)
    detail = f"masked: {'; '.join(found)}" if found else ""
    here = _held(held.get(was or file))
    if here is None:
        return Pulled("new", file, name, id, shown, was, detail)
    there = agreement(shown, file)
    same = agreement(here, file) == there
    edited = known is not None and agreement(here, file) != known[1].digest
    moved = known is None or there != known[1].digest
    if same:
        return Pulled("renamed" if was else "same", file, name, id, shown, was, detail)
    if not force and (edited or known is None):
        if not moved:
            return Pulled("edited", was or file, name, id, detail="changed here, not in n8n: deploy it")
        words = "changed here and in n8n: `ops workflows diff` shows it, --force takes n8n's"
        return Pulled("conflict", was or file, name, id, detail=words)
    return Pulled("renamed" if was else "changed", file, name, id, shown, was, detail)


def without_secrets(document: Document) -> Document:
    """The same document with `***` for each secret."""
    nodes = [{**node, "parameters": masked(node["parameters"])} for node in document["nodes"]]
    return {**document, "nodes": nodes}


def agreement(document: Document, file: str) -> str:
    """The digest by which both sides know what they have in common."""
    return digest(without_secrets(tagged(document, file)))


def _held(data: bytes | None) -> Document | None:
    found = read(data).document if data is not None else None
    return canonical(found) if found is not None else None
