"""
What is done to one workflow in n8n: made, changed, tagged, switched on and off, waited for, removed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from masterops import errors
from masterops.connectors.n8n import N8n, Workflow
from masterops.core import clock
from masterops.workflows.code.document import DEFAULT, REMOVABLE

LONGEST_SECONDS = 30.0
BETWEEN_SECONDS = 0.2


async def tag(n8n: N8n, row: Workflow, names: Sequence[str]) -> None:
    """Give it these tags and no others; those that are not there are made."""
    if sorted(each.name for each in row.tags or []) == sorted(names):
        return
    there = {each.name: each.id async for each in n8n.tags.list()}
    for name in names:
        if name not in there:
            try:
                there[name] = (await n8n.tags.create({"name": name})).id
            except errors.Conflict:  # somebody else made it meanwhile
                there = {each.name: each.id async for each in n8n.tags.list()}
    await n8n.workflows.set_tags(row.id, [there[name] for name in names])


async def switch(n8n: N8n, id: str, *, on: bool) -> None:
    """
    Let it run by itself, or no more, and wait until n8n says that it is so: it answers before it is done.
    Raises Invalid or Conflict in n8n's words, Timeout when it is not so in half a minute.
    """
    row = await n8n.workflows.get(id)
    if row.active != on:
        row = await (n8n.workflows.activate(id) if on else n8n.workflows.deactivate(id))
    end = clock.ticks() + LONGEST_SECONDS
    while not _settled(row, on=on):
        if clock.ticks() > end:
            raise errors.Timeout(service=n8n.connection, seconds=LONGEST_SECONDS)
        await asyncio.sleep(BETWEEN_SECONDS)
        row = await n8n.workflows.get(id)


async def remove(n8n: N8n, id: str) -> None:
    """Delete it, switched off before. One that is gone already is fine."""
    try:
        await switch(n8n, id, on=False)
        end = clock.ticks() + LONGEST_SECONDS
        while True:
            try:
                await n8n.workflows.delete(id)
                return
            except errors.Conflict:  # it is still being switched off
                if clock.ticks() > end:
                    raise
                await asyncio.sleep(BETWEEN_SECONDS)
    except errors.NotFound:
        return


async def put(n8n: N8n, id: str, body: dict[str, Any], tags: Sequence[str], *, active: bool) -> None:
    """Make a workflow that is there like this; what is so already is left alone."""
    row = await n8n.workflows.get(id)
    body = {**body, "settings": settled(body["settings"], row.settings or {})}
    if not _is_so(row, body):
        row = await n8n.workflows.update(id, body)
    await tag(n8n, row, tags)
    await switch(n8n, id, on=active)


def settled(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """The settings by which n8n comes to have these: it keeps whatever it is not told of. Pure."""
    gone = {name: DEFAULT for name in REMOVABLE if name in held and name not in wanted}
    return {**wanted, **gone}


def _is_so(row: Workflow, body: Mapping[str, Any]) -> bool:
    """Whether a workflow is like this already, but for settings that are no file's."""
    held = row.settings or {}
    return all(row.definition()[part] == body[part] for part in ("name", "nodes", "connections")) and all(
        held.get(name) == value for name, value in body["settings"].items()
    )


def _settled(row: Workflow, *, on: bool) -> bool:
    if row.active != on:
        return False
    return not on or row.active_version_id in (None, row.version_id)
