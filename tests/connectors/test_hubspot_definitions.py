"""
What an account is made of: owners, pipelines, properties and their groups.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from masterops import errors
from masterops.connectors.hubspot import (
    HubSpot,
    Import,
    NewStage,
    Option,
    Owner,
    Pipeline,
    Property,
    PropertyGroup,
    Stage,
)
from tests.transport.conftest import Rig, answer


async def test_an_owner_is_found_by_id_by_user_and_by_address(hub: HubSpot) -> None:
    """
    And none where there is none.
    """
    owners = [owner async for owner in hub.owners.list()]
    one = owners[-1]

    assert one == await hub.owners.get(one.id)
    assert one == await hub.owners.get(str(one.user_id), by_user=True)
    assert one == await hub.owners.by_email(str(one.email))
    assert await hub.owners.by_email("nobody@example.com") is None
    assert [] == [owner async for owner in hub.owners.list(archived=True)]
    with pytest.raises(errors.NotFound):
        await hub.owners.get("1")


@pytest.mark.parametrize(
    ("ask", "body", "expected"),
    [
        (
            lambda hub: hub.properties.get("contacts", "a"),
            b'{"name": "a", "label": null, "description": null, "displayOrder": null, "hidden": null, "options":'
            b' [{"label": "B", "value": "b", "description": null, "displayOrder": null}], "modificationMetadata": null}',
            Property("a", options=[Option("B", "b")]),
        ),
        (
            lambda hub: hub.owners.get("1"),
            b'{"id": "1", "email": null, "teams": null, "userId": null, "type": null}',
            Owner("1"),
        ),
        (
            lambda hub: hub.pipelines.get("deals", "p"),
            b'{"id": "p", "label": "P", "displayOrder": null, "stages": [{"id": "s", "label": "S", "metadata": null}]}',
            Pipeline("p", "P", stages=[Stage("s", "S")]),
        ),
        (
            lambda hub: hub.imports.get("1"),
            b'{"id": "1", "state": "DONE", "metadata": null, "importName": null, "mappedObjectTypeIds": null}',
            Import("1", "DONE"),
        ),
    ],
    ids=["property", "owner", "pipeline", "import"],
)
async def test_null_is_the_same_as_nothing(
    rig: Rig, scripted: HubSpot, ask: Callable[[HubSpot], Awaitable[object]], body: bytes, expected: object
) -> None:
    """
    Wherever HubSpot says it: an answer is not lost for it.
    """
    rig.answers = [answer(body=body)]

    assert expected == await ask(scripted)


@pytest.mark.parametrize("body", [b"[", b"[]", b"{}", b'"text"', b"[" * 100_000, b'{"id": 5}', b"null"])
async def test_an_answer_that_is_something_else_is_one_clear_error(
    rig: Rig, scripted: HubSpot, body: bytes
) -> None:
    """
    And not a traceback.
    """
    rig.answers = [answer(body=body)] * 2

    with pytest.raises(errors.MalformedAnswer):
        await scripted.owners.get("1")


async def test_a_pipeline_and_its_stages_live_and_end(hub: HubSpot) -> None:
    """
    Made, read, changed, and deleted, but not while a record is in it.
    """
    first = NewStage("Asked", 0, {"probability": "0.1"}, "asked")
    made = await hub.pipelines.create("deals", "Wholesale", [first], display_order=3, id="wholesale")
    added = await hub.pipelines.create_stage("deals", made.id, NewStage("Won", 1, {"probability": "1.0"}))
    changed = await hub.pipelines.update_stage(
        "deals", made.id, added.id, {"probability": "0.9"}, label="Nearly"
    )
    renamed = await hub.pipelines.update("deals", made.id, label="Trade")
    read = await hub.pipelines.get("deals", made.id)
    deal = await hub.deals.create({"dealname": "D", "pipeline": made.id, "dealstage": added.id})

    assert ("wholesale", ["asked"]) == (made.id, [stage.id for stage in made.stages])
    assert ("Nearly", "0.9", "Trade") == (changed.label, changed.metadata["probability"], renamed.label)
    assert read.stages == await hub.pipelines.stages("deals", made.id)
    assert made.id in [each.id for each in await hub.pipelines.list("deals")]
    with pytest.raises(errors.Invalid, match="used by 1 record"):
        await hub.pipelines.delete("deals", made.id)
    with pytest.raises(errors.Invalid, match="used by 1 record"):
        await hub.pipelines.delete_stage("deals", made.id, added.id)
    with pytest.raises(errors.Conflict):
        await hub.pipelines.create("deals", "Trade", [first])
    await hub.deals.archive(deal.id)
    await hub.pipelines.delete_stage("deals", made.id, added.id)
    await hub.pipelines.delete("deals", made.id)
    with pytest.raises(errors.NotFound):
        await hub.pipelines.get("deals", made.id)


async def test_what_is_used_is_deleted_when_told_so(hub: HubSpot) -> None:
    """
    As HubSpot itself does it before 2026-09.
    """
    stage = NewStage("New", 0, {"ticketState": "OPEN"}, "complaint-new")
    made = await hub.pipelines.create("tickets", "Complaints", [stage])
    await hub.tickets.create({"subject": "T", "hs_pipeline": made.id, "hs_pipeline_stage": "complaint-new"})

    await hub.pipelines.delete("tickets", made.id, even_if_used=True)

    assert made.id not in [each.id for each in await hub.pipelines.list("tickets")]


async def test_a_group_and_a_property_in_it_live_and_end(hub: HubSpot) -> None:
    """
    A group is not archived while it holds a property; the property is in the recycle bin then.
    """
    group = await hub.property_groups.create("companies", PropertyGroup("trade", "Trade", 5))
    colours = [Option("Red", "red", 0), Option("Blue", "blue", 1, description="as the sea")]
    definition = Property("colour", "Colour", "enumeration", "select", "trade", "Of the shop", colours)
    made = await hub.properties.create("companies", definition)
    changed = await hub.property_groups.update("companies", "trade", label="Trading")

    assert (5, "Trading") == (group.display_order, changed.label)
    assert changed == await hub.property_groups.get("companies", "trade")
    assert changed in await hub.property_groups.list("companies")
    assert colours == made.options
    with pytest.raises(errors.Conflict):
        await hub.property_groups.create("companies", PropertyGroup("trade", "Trade"))
    with pytest.raises(errors.Invalid):
        await hub.property_groups.archive("companies", "trade")
    await hub.properties.archive("companies", "colour")
    await hub.property_groups.archive("companies", "trade")

    assert ["colour"] == [each.name for each in await hub.properties.list("companies", archived=True)]
    assert "trade" not in [each.name for each in await hub.property_groups.list("companies")]
