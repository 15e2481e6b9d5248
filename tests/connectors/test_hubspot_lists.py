"""
Lists of records and their members.
"""

from __future__ import annotations

import pytest

from masterops import errors
from masterops.connectors.hubspot import HubSpot
from masterops.transport import Transport
from tests.connectors.conftest import Twin
from tests.transport.conftest import Rig, answer


@pytest.mark.parametrize("version", ["2026-03", "v3"])
async def test_a_list_is_found_by_id_by_name_and_by_search(
    twin: Twin, transport: Transport, version: str
) -> None:
    """
    Its size is told each time.
    """
    hub = twin.connector(transport, version=version)
    found = [each async for each in hub.lists.list(query="customers", type_id="0-1")]
    read = await hub.lists.get(found[0].list_id)
    named = await hub.lists.by_name("0-1", "Customers (demo)")

    assert ["Customers (demo)"] == [each.name for each in found]
    assert read == named
    assert (read.size, "MANUAL") == (found[0].size, read.processing_type)
    assert [] == [each async for each in hub.lists.list(type_id="0-2")]
    with pytest.raises(errors.NotFound):
        await hub.lists.get("999")
    with pytest.raises(errors.NotFound):
        await hub.lists.by_name("0-1", "Customers/none")


async def test_every_member_is_read_and_no_one_else(hub: HubSpot) -> None:
    """
    Over several pages; an archived record is no member.
    """
    customers = await hub.lists.by_name("0-1", "Customers (demo)")
    trade = await hub.lists.by_name("0-1", "Trade contacts (demo)")
    wanted = {row.id async for row in hub.contacts.list() if row.properties.lifecyclestage == "customer"}
    victim = min(wanted, key=int)
    await hub.contacts.archive(victim)

    members = [member.record_id async for member in hub.lists.members(customers.list_id)]
    of_one = {each.list_id for each in await hub.lists.of_record("0-1", members[0])}

    assert sorted(wanted - {victim}) == sorted(members)
    assert customers.list_id in of_one <= {customers.list_id, trade.list_id}


async def test_all_pages_of_a_search_for_lists_are_read(rig: Rig, scripted: HubSpot) -> None:
    """
    By HubSpot's own offset; a search for lists spends no search.
    """
    row = b'{"listId": "%d", "name": "L", "objectTypeId": "0-1", "additionalProperties": {"hs_list_size": "%b"}}'
    rig.answers = [
        answer(body=b'{"lists": [' + row % (1, b"7") + b'], "hasMore": true, "offset": 1, "total": 2}'),
        answer(body=b'{"lists": [' + row % (2, b"many") + b'], "hasMore": false, "offset": 2, "total": 2}'),
    ]

    found = [(each.list_id, each.size) async for each in scripted.lists.list()]

    assert [("1", 7), ("2", None)] == found
    assert b'"count":500' in rig.bodies[0]
    assert [b'"offset":0' in rig.bodies[0], b'"offset":1' in rig.bodies[1]] == [True, True]
