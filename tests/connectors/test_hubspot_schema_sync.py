"""
An account made as a file declares it, over real HTTP.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from masterops import errors
from masterops.connectors.hubspot import HubSpot, Property, PropertyGroup
from masterops.connectors.hubspot.schema_sync import Done, Loss, Planned, apply, plan, read
from masterops.connectors.hubspot.schema_sync.diff import Step
from tests.connectors.conftest import Twin
from tests.transport.conftest import Rig, answer

FILE = """
[contacts.groups.trade]
label = "Trade"

[contacts.properties.tier]
label = "Tier"
type = "enumeration"
group = "trade"
options = ["gold", "silver"]

[contacts.properties.vip]
label = "VIP"
type = "bool"
group = "trade"

[companies.properties.erp_code]
label = "ERP code"
type = "string"
group = "companyinformation"
unique = true
"""


async def planned(hub: HubSpot, folder: Path, text: str = FILE, *, delete: bool = False) -> list[Planned]:
    (folder / "p.toml").write_text(text)
    return await plan(hub, read(folder / "p.toml", folder), delete=delete)


async def applied(hub: HubSpot, folder: Path, text: str = FILE, *, delete: bool = False) -> list[Done]:
    steps = [each.step for each in await planned(hub, folder, text, delete=delete)]
    return [done async for done in apply(hub, steps)]


async def test_the_second_time_there_is_nothing_to_do(hub: HubSpot, tmp_path: Path) -> None:
    """
    Made, then changed, each once.
    """
    first = await applied(hub, tmp_path)
    again = await applied(hub, tmp_path)
    text = (
        FILE.replace('"Tier"', '"Level"')
        .replace('"Trade"', '"Trading"')
        .replace('"silver"', '"tin", "silver"')
    )
    changed = await applied(hub, tmp_path, text)
    after = await planned(hub, tmp_path, text)
    tier = await hub.properties.get("contacts", "tier")

    assert [("ok", "trade"), ("ok", "tier"), ("ok", "vip"), ("ok", "erp_code")] == [
        (done.state, done.step.name) for done in first
    ]
    assert [] == again
    assert [("ok", "change", "trade"), ("ok", "change", "tier")] == [
        (done.state, done.step.action, done.step.name) for done in changed
    ]
    assert {"leave"} == {each.step.action for each in after}
    assert ("Level", ["gold", "tin", "silver"]) == (tier.label, [each.value for each in tier.options])


async def test_nothing_is_deleted_unless_told_and_what_is_lost_is_counted(
    hub: HubSpot, tmp_path: Path
) -> None:
    """
    A property, and an option, with the records that hold a value.
    """
    await applied(hub, tmp_path)
    await hub.contacts.batch_create([{"email": f"{n}@example.com", "tier": "silver"} for n in range(3)])
    await hub.contacts.create({"email": "v@example.com", "vip": "true"})
    less = FILE.replace('["gold", "silver"]', '["gold"]').replace(
        "[contacts.properties.vip]\n", "[contacts.properties.v2]\n"
    )
    kept = [each.step for each in await planned(hub, tmp_path, less)]
    gone = await planned(hub, tmp_path, less, delete=True)
    done = await applied(hub, tmp_path, less, delete=True)
    tier = await hub.properties.get("contacts", "tier")

    assert {"tier": "leave", "vip": "unknown"} == {
        s.name: s.action for s in kept if s.name in ("tier", "vip")
    }
    assert {"tier": (Loss(3, "silver"),), "vip": (Loss(1),)} == {
        p.step.name: p.losses for p in gone if p.losses
    }
    assert {"ok"} == {each.state for each in done}
    assert (["gold"], ["vip"]) == (
        [option.value for option in tier.options],
        [each.name for each in await hub.properties.list("contacts", archived=True)],
    )


async def test_a_plan_with_something_that_cannot_be_is_not_begun(hub: HubSpot, tmp_path: Path) -> None:
    """
    The error names the line of the file.
    """
    text = (
        FILE
        + '\n[contacts.properties.jobtitle]\nlabel = "J"\ntype = "number"\ngroup = "contactinformation"\n'
    )

    with pytest.raises(errors.Invalid, match=r"contacts\.jobtitle \(p\.toml:22\) .* its type is string"):
        await applied(hub, tmp_path, text)

    assert "trade" not in [each.name for each in await hub.property_groups.list("contacts")]


async def test_each_failure_is_told_and_the_rest_is_done(hub: HubSpot, tmp_path: Path) -> None:
    """
    Somebody was quicker with one; the next plan finds what is left.
    """
    steps = [each.step for each in await planned(hub, tmp_path)]
    other = Property("erp_code", "Other", group_name="companyinformation", has_unique_value=True)
    await hub.properties.create("companies", other)
    done = [each async for each in apply(hub, steps)]
    left = [each.step for each in await planned(hub, tmp_path) if each.step.acts]

    assert [("ok", None), ("ok", None), ("ok", None), ("failed", errors.Conflict.code)] == [
        (each.state, each.code) for each in done
    ]
    assert [("change", "erp_code")] == [(step.action, step.name) for step in left]


def _steps() -> list[Step]:
    groups = [
        Step("create", "contacts", "group", name, body={"name": name, "label": name}) for name in ("a", "b")
    ]
    inside = Step("create", "contacts", "property", "x", body={"name": "x", "groupName": "a", "label": "X"})
    return [*groups, inside]


async def test_what_should_go_into_a_group_that_was_refused_is_not_sent(rig: Rig, scripted: HubSpot) -> None:
    """
    It would be refused too, for a reason that helps nobody.
    """
    rig.answers = [answer(400, body=b'{"message": "no such name"}'), answer(201, body=b'{"name": "b"}')]

    done = [each async for each in apply(scripted, _steps())]

    assert [("failed", "a"), ("ok", "b"), ("skipped", "x")] == [(each.state, each.step.name) for each in done]
    assert 2 == len(rig.asked)


async def test_nothing_is_sent_after_a_token_is_refused(rig: Rig, scripted: HubSpot) -> None:
    """
    Each would be refused alike.
    """
    rig.answers = [answer(401, body=b"{}")]

    done = [each async for each in apply(scripted, _steps())]

    assert ["failed", "skipped", "skipped"] == [each.state for each in done]
    assert 1 == len(rig.asked)


@pytest.mark.parametrize(
    ("found", "state"), [(True, "ok"), (False, "failed")], ids=["it was made", "it was not"]
)
async def test_whether_it_was_made_is_looked_up_when_nobody_can_say(
    rig: Rig, scripted: HubSpot, found: bool, state: str
) -> None:
    """
    A creation is never sent twice.
    """
    there = answer(200, body=b'{"name": "a", "label": "a"}') if found else answer(404, body=b"{}")
    rig.answers = [answer(500, body=b"{}"), there]

    done = [each async for each in apply(scripted, _steps()[:1])]

    assert [state] == [each.state for each in done]
    assert ["POST", "GET"] == [each.method for each in rig.asked]


async def test_a_group_of_a_custom_object_is_declared_like_any_other(
    twin: Twin, hub: HubSpot, tmp_path: Path
) -> None:
    """
    By whichever name the object has.
    """
    from tests.connectors.test_hubspot_kinds import CAR, Labels

    schema = await hub.schemas.create("cars", Labels("Car", "Cars"), CAR)
    text = f'[{schema.object_type_id}.groups.trade]\nlabel = "Trade"\n'
    done = await applied(hub, tmp_path, text)

    assert ["ok"] == [each.state for each in done]
    assert PropertyGroup("trade", "Trade") in await hub.property_groups.list("p_cars")
