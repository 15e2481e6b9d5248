"""
The clock, the delays and the caps that a test sets, over the control API.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from masterops.sandbox.clock import HandClock, VirtualClock
from masterops.sandbox.hubspot.limits import Limits
from tests.sandbox.desk import CONTACTS, START, Desk, opened

SEARCH = f"{CONTACTS}/search"
TIME = "/_sandbox/clock"
SETTINGS = "/_sandbox/settings/hubspot/teelixir"


def test_a_step_forward_passes_for_both_readings_and_one_back_for_one() -> None:
    """
    Speed counts from the moment it is set.
    """
    base = HandClock(START)
    clock = VirtualClock(base)
    clock.move(100)
    clock.set(START)
    clock.run(60)
    base.move(2)

    assert (START + timedelta(seconds=120), 220.0) == (clock.now(), clock.ticks())


async def test_a_day_passes_and_the_quota_is_back() -> None:
    """
    In one call; the state page's clock says so.
    """
    async with opened(limits=Limits(daily=1)) as desk:
        await desk.get(CONTACTS)
        refused = await desk.get(CONTACTS)
        moved = await desk.call("PUT", TIME, {"move": 86_400}, business=None)
        after = await desk.get(CONTACTS)

    assert (429, 200, "2026-11-03T01:30:00Z") == (refused.status, after.status, moved.body["now"])


async def test_time_can_run_faster_and_stand_still(desk: Desk) -> None:
    """
    Ten seconds at sixty times the speed are ten minutes.
    """
    await desk.call("PUT", TIME, {"now": "2027-01-01T00:00:00Z", "speed": 60}, business=None)
    desk.clock.move(10)
    fast = (await desk.get(TIME, business=None)).body["now"]
    await desk.call("PUT", TIME, {"speed": 0}, business=None)
    desk.clock.move(10)
    still = (await desk.get(TIME, business=None)).body["now"]

    assert ("2027-01-01T00:10:00Z", fast) == (fast, still)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (TIME, {"speed": -5}),
        (TIME, {"move": "long"}),
        (TIME, {"moves": 1}),
        (SETTINGS, {"search_cap": 0}),
        (SETTINGS, {"latency": 5}),
        (SETTINGS, {"limits": {"burst": -1}}),
    ],
)
async def test_a_wrong_setting_is_refused_with_its_reason(desk: Desk, path: str, body: object) -> None:
    """
    And changes nothing.
    """
    before = (await desk.get(path, business=None)).body
    refused = await desk.call("PUT", path, body, business=None)

    assert 400 == refused.status
    assert refused.body["hint"]
    assert before == (await desk.get(path, business=None)).body


async def test_search_finds_new_and_changed_records_late(desk: Desk) -> None:
    """
    By the lag that is set: until then it knows the old values; get and list know the new ones.
    """
    old = await desk.contact(email="old@example.com", city="Perth")
    await desk.call("PUT", SETTINGS, {"index_lag_seconds": 30}, business=None)
    await desk.contact(email="new@example.com", city="Hobart")
    await desk.call("PATCH", f"{CONTACTS}/{old['id']}", {"properties": {"city": "Hobart"}})
    asked = {
        "filterGroups": [
            {
                "filters": [
                    {
                        "propertyName": "email",
                        "operator": "IN",
                        "values": ["old@example.com", "new@example.com"],
                    }
                ]
            }
        ],
        "properties": ["city"],
    }
    at_once = (await desk.post(SEARCH, asked)).body
    read = (await desk.get(f"{CONTACTS}/{old['id']}?properties=city")).body
    desk.clock.move(30)
    later = (await desk.post(SEARCH, asked)).body

    assert ["Perth"] == [each["properties"]["city"] for each in at_once["results"]]
    assert "Hobart" == read["properties"]["city"]
    assert ["Hobart", "Hobart"] == [each["properties"]["city"] for each in later["results"]]


async def test_the_last_result_of_a_search_can_be_set(desk: Desk) -> None:
    """
    So that a test of the cap needs no ten thousand records.
    """
    await desk.call("PUT", SETTINGS, {"search_cap": 20}, business=None)
    last = await desk.post(SEARCH, {"limit": 10, "after": "10"})
    beyond = await desk.post(SEARCH, {"limit": 10, "after": "20"})

    assert ("20", 30) == (last.body["paging"]["next"]["after"], last.body["total"])
    assert (200, 400) == (last.status, beyond.status)


async def test_limits_can_change_while_it_runs(limited: Desk) -> None:
    """
    As when somebody buys a larger plan; the headers say so at once.
    """
    await limited.get(CONTACTS)
    await limited.call("PUT", SETTINGS, {"limits": {"burst": 190}}, business=None)
    reply = await limited.get(CONTACTS)

    assert ("190", "189", "250000") == tuple(
        reply.headers[f"X-HubSpot-RateLimit-{name}"] for name in ("Max", "Remaining", "Daily")
    )


async def test_two_merged_records_become_one_that_both_ids_lead_to(desk: Desk) -> None:
    """
    With the primary's values, the other's where it has none, and the associations of both.
    """
    company = (await desk.post("/crm/objects/2026-03/companies", {"properties": {"name": "M"}})).body["id"]
    one = await desk.contact(email="one@example.com", city="Perth")
    two = await desk.contact(email="two@example.com", phone="1")
    await desk.call("PUT", f"{CONTACTS}/{two['id']}/associations/default/companies/{company}")
    sent = {"primaryObjectId": one["id"], "objectIdToMerge": two["id"]}
    merged = await desk.post(f"{CONTACTS}/merge", sent)
    asked = "?properties=hs_merged_object_ids,email,city,phone&associations=companies"
    by_old = [await desk.get(f"{CONTACTS}/{each['id']}{asked}") for each in (one, two)]
    listed = [each["id"] for each in (await desk.get(f"{CONTACTS}?limit=100")).body["results"]]
    archived = (await desk.get(f"{CONTACTS}?archived=true")).body["results"]
    again = await desk.post(f"{CONTACTS}/merge", {"primaryObjectId": one["id"], "objectIdToMerge": two["id"]})

    new = merged.body["id"]
    assert [new, new] == [each.body["id"] for each in by_old]
    assert ("one@example.com", "Perth", "1", f"{one['id']};{two['id']}") == tuple(
        by_old[0].body["properties"][name] for name in ("email", "city", "phone", "hs_merged_object_ids")
    )
    assert company == by_old[0].body["associations"]["companies"]["results"][0]["id"]
    assert (True, False, False) == tuple(id in listed for id in (new, one["id"], two["id"]))
    assert ([], 400) == (archived, again.status)


async def test_archived_records_have_a_list_of_their_own(desk: Desk) -> None:
    """
    Search never finds them.
    """
    made = await desk.contact(email="gone@example.com")
    await desk.call("DELETE", f"{CONTACTS}/{made['id']}")
    listed = (await desk.get(f"{CONTACTS}?archived=true")).body["results"]
    found = (await desk.post(SEARCH, {"query": "gone@example.com"})).body

    assert [(made["id"], True)] == [(each["id"], each["archived"]) for each in listed]
    assert listed[0]["archivedAt"]
    assert 0 == found["total"]
