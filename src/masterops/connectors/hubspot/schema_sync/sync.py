"""
Comparing an account with a declaration, and making it so.

Each step is one call. One that fails costs itself and, if it was a group, what should go into it; when the
service is down or the token is refused, what comes after is not sent. Doing it all again is safe: what is
done is found done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from masterops import errors
from masterops.connectors.hubspot.connector import HubSpot
from masterops.connectors.hubspot.properties import Property
from masterops.connectors.hubspot.property_groups import PropertyGroup
from masterops.connectors.hubspot.schema_sync.declared import Declaration
from masterops.connectors.hubspot.schema_sync.diff import Held, Step, diff
from masterops.connectors.hubspot.search import Filter


class Loss(msgspec.Struct, frozen=True):
    """
    How many records would lose a value: the property's, or one option of it.
    """

    records: int
    option: str | None = None


class Planned(msgspec.Struct, frozen=True):
    """
    A step, and what is lost by it.
    """

    step: Step
    losses: tuple[Loss, ...] = ()


class Done(msgspec.Struct, frozen=True):
    """
    What became of a step.
    """

    step: Step
    state: Literal["ok", "failed", "skipped"]
    detail: str = ""
    code: str | None = None


async def plan(hub: HubSpot, declaration: Declaration, *, delete: bool = False) -> list[Planned]:
    """What would be done, kind by kind, with the records that would lose something counted."""
    steps: list[Step] = []
    for kind, declared in declaration.items():
        steps += diff(kind, declared, await held(hub, kind), delete=delete)
    return [Planned(step, await _losses(hub, step)) for step in steps]


async def held(hub: HubSpot, kind: str) -> Held:
    """What the account has of one kind now."""
    groups, properties = await asyncio.gather(hub.property_groups.list(kind), hub.properties.list(kind))
    return Held(groups, properties)


async def _losses(hub: HubSpot, step: Step) -> tuple[Loss, ...]:
    objects = hub.objects(step.kind)
    if step.action == "delete":
        return (Loss(await objects.count([Filter(step.name, "HAS_PROPERTY")])),)
    counts = [await objects.count([Filter(step.name, "IN", values=(value,))]) for value in step.gone]
    return tuple(Loss(records, value) for records, value in zip(counts, step.gone, strict=True))


async def apply(hub: HubSpot, steps: Sequence[Step]) -> AsyncIterator[Done]:
    """
    Take the steps of a plan that change something, one after the other, and tell of each.
    Raises Invalid before anything is done when a step is blocked.
    """
    blocked = [step for step in steps if step.action == "blocked"]
    if blocked:
        raise _refused(hub, blocked)
    missing: set[tuple[str, str]] = set()
    down: errors.RemoteError | None = None
    for step in steps:
        if not step.acts:
            continue
        home = (step.kind, str(step.body.get("groupName", "")))
        if down is not None:
            yield Done(step, "skipped", f"not sent: {down.message}", down.code)
            continue
        if home in missing:
            yield Done(step, "skipped", f"not sent: its group {home[1]} could not be made")
            continue
        try:
            yield Done(step, "ok", await _take(hub, step))
        except errors.RemoteError as error:
            if step.part == "group" and step.action == "create":
                missing.add((step.kind, step.name))
            down = None if error.recovery == "skip" else error
            yield Done(step, "failed", error.message, error.code)


def _refused(hub: HubSpot, blocked: Sequence[Step]) -> errors.Invalid:
    first = blocked[0]
    more = f", and {len(blocked) - 1} more" if len(blocked) > 1 else ""
    reason = f"{first.kind}.{first.name} ({first.where}) cannot be as declared: {first.note}{more}"
    hint = "Mend the file; `ops hubspot properties plan` shows each. Nothing was changed."
    return errors.Invalid(service=hub.connection, reason=reason, hint=hint)


async def _take(hub: HubSpot, step: Step) -> str:
    """Take one step. Raises RemoteError."""
    if step.action == "delete":
        await hub.properties.archive(step.kind, step.name)
        return "in the recycle bin for 90 days"
    if step.action == "change":
        await _changed(hub, step)
        return ""
    try:
        await _created(hub, step)
    except errors.OutcomeUnknown:
        # Nobody could say whether it was made: look.
        if not await _is_there(hub, step):
            raise
    return ""


async def _changed(hub: HubSpot, step: Step) -> None:
    if step.part == "property":
        await hub.properties.update(step.kind, step.name, step.body)
        return
    label, order = step.body.get("label"), step.body.get("displayOrder")
    await hub.property_groups.update(step.kind, step.name, label=label, display_order=order)


async def _created(hub: HubSpot, step: Step) -> None:
    if step.part == "property":
        await hub.properties.create(step.kind, msgspec.convert(step.body, Property))
    else:
        await hub.property_groups.create(step.kind, msgspec.convert(step.body, PropertyGroup))


async def _is_there(hub: HubSpot, step: Step) -> bool:
    try:
        if step.part == "property":
            found: Mapping[str, Any] = msgspec.to_builtins(await hub.properties.get(step.kind, step.name))
        else:
            found = msgspec.to_builtins(await hub.property_groups.get(step.kind, step.name))
    except errors.RemoteError:
        return False
    return all(found.get(key) == step.body.get(key) for key in ("name", "label", "type", "fieldType"))
