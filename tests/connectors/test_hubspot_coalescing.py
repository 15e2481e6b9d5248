"""
Gets and updates of the HubSpot connector that travel together.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec

from masterops import errors
from masterops.connectors.hubspot import HubSpot
from tests.connectors.conftest import Twin
from tests.transport.conftest import Rig, answer


def paths(twin: Twin) -> Counter[str]:
    return Counter(metric.endpoint.rpartition("contacts/")[2] for metric in twin.metrics)


async def test_gets_in_flight_together_are_few_requests(hub: HubSpot, twin: Twin) -> None:
    """
    Each caller gets its own record, or its own error; who asks twice is answered twice.
    """
    ids = [row.id async for row in hub.contacts.list(limit=240)]
    twin.metrics.clear()

    found = await asyncio.gather(
        *(hub.contacts.get(id) for id in [*ids, "999999999999", *ids]), return_exceptions=True
    )

    assert [*ids, *ids] == [row.id for row in found if not isinstance(row, BaseException)]
    assert isinstance(found[240], errors.NotFound)
    assert "999999999999" in found[240].message
    assert {"batch/read": 3} == paths(twin)


async def test_a_lone_get_is_a_get_and_so_is_one_that_asks_for_it(hub: HubSpot, twin: Twin) -> None:
    """
    One by one, or with `coalesce=False`, nothing is gathered.
    """
    ids = [row.id for row in (await hub.contacts.page(limit=3)).results]
    twin.metrics.clear()

    for id in ids:
        await hub.contacts.get(id)
    await asyncio.gather(*(hub.contacts.get(id, coalesce=False) for id in ids))

    assert {"{id}": 6} == paths(twin)


async def test_gets_by_another_property_find_their_records(hub: HubSpot, twin: Twin) -> None:
    """
    The property comes along, whoever asks in capitals, and whatever else is asked for.
    """
    rows = (await hub.contacts.page(limit=3)).results
    emails = [str(row.properties.email) for row in rows]
    twin.metrics.clear()

    found = await asyncio.gather(
        *(hub.contacts.get(email.upper(), id_property="email", properties=["firstname"]) for email in emails),
        *(hub.contacts.get(row.id) for row in rows),
    )

    assert [row.id for row in rows] * 2 == [row.id for row in found]
    assert {"batch/read": 2} == paths(twin)


async def test_updates_travel_together_and_each_has_its_own_outcome(hub: HubSpot, twin: Twin) -> None:
    """
    A wrong value, a taken address and a record that is not there are errors of their callers alone.
    """
    one, two, three, four = (await hub.contacts.page(limit=4)).results
    taken = str(one.properties.email)
    twin.metrics.clear()

    found = await asyncio.gather(
        hub.contacts.update(one.id, {"firstname": "A"}),
        hub.contacts.update("999999999999", {"firstname": "B"}),
        hub.contacts.update(two.id, {"no_such_property": "C"}),
        hub.contacts.update(three.id, {"email": taken}),
        hub.contacts.update(four.id, {"firstname": "D"}),
        return_exceptions=True,
    )

    kinds = [type(each) for each in found if isinstance(each, Exception)]
    assert [errors.NotFound, errors.Invalid, errors.Conflict] == kinds
    names = [each.properties.firstname for each in found if not isinstance(each, BaseException)]
    assert (["A", "D"], {"batch/update": 1}) == (names, paths(twin))


async def test_the_last_update_of_a_record_wins(hub: HubSpot, twin: Twin) -> None:
    """
    Those of one record are sent one after the other, whatever travels beside them.
    """
    rows = (await hub.contacts.page(limit=5)).results
    twin.metrics.clear()

    await asyncio.gather(
        *(hub.contacts.update(row.id, {"firstname": f"N{n}"}) for n in range(3) for row in rows)
    )

    read = await hub.contacts.batch_read([row.id for row in rows])
    assert {"N2"} == {row.properties.firstname for row in read.rows}
    assert 3 == paths(twin)["batch/update"]


async def test_a_record_that_answers_under_another_id_is_asked_for_alone(rig: Rig, scripted: HubSpot) -> None:
    """
    It was merged: the batch has the one that it became part of.
    """
    merged = msgspec.json.encode({"results": [{"id": "1"}, {"id": "77"}]})
    rig.answers = [answer(body=merged), answer(body=b'{"id": "77"}')]

    found = await asyncio.gather(scripted.contacts.get("1"), scripted.contacts.get("2"))

    assert ["1", "77"] == [row.id for row in found]
    assert ["/crm/objects/2026-03/contacts/2"] == [request.path for request in rig.asked[1:]]


async def test_an_id_that_is_no_number_does_not_spoil_the_batch(rig: Rig, scripted: HubSpot) -> None:
    """
    HubSpot refuses a batch whole for one of them.
    """
    rig.answers = [
        answer(body=msgspec.json.encode({"id": "x"})),
        answer(body=msgspec.json.encode({"results": [{"id": "1"}, {"id": "2"}]})),
    ]

    await asyncio.gather(*(scripted.contacts.get(id) for id in ("1", "a/b", "2")))

    assert ["GET", "POST"] == sorted(request.method for request in rig.asked)
