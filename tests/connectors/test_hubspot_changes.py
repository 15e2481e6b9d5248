"""
Reading what changed at the HubSpot twin.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from masterops import errors
from masterops.connectors.hubspot import Contact, HubSpot, Input
from masterops.core import clock
from masterops.logs import Logger
from masterops.sandbox.clock import HandClock
from masterops.sandbox.hubspot.limits import Limits
from masterops.transport import Transport
from tests.connectors.conftest import running_twin

FREE = Limits(burst=9999, search=9999)


async def look(
    hub: HubSpot, start: datetime | str, *, archived: bool = False, pages: int | None = None
) -> tuple[list[Contact], str]:
    """The records of one look, or of its first pages, and the cursor."""
    found: list[Contact] = []
    cursor = ""
    count = 0
    async for page in hub.contacts.changes(start, properties=["firstname"], archived=archived):
        found += page.rows
        cursor = page.cursor
        count += 1
        if count == pages:
            break
    return found, cursor


@pytest.fixture
async def still() -> AsyncIterator[tuple[HubSpot, HandClock]]:
    """An account whose clock stands still a minute ago."""
    hands = HandClock(clock.now() - timedelta(minutes=1))
    async with (
        running_twin(contacts=450, limits=FREE, clock=hands) as twin,
        Transport(log=Logger(twin), measure=twin.metrics.append) as transport,
    ):
        yield twin.connector(transport, searches_per_second=9999), hands


async def test_more_than_ten_thousand_changes_of_one_moment_come_once_each() -> None:
    """
    HubSpot ends a query there, and no time tells them apart: the next one starts behind the last id.
    """
    hands = HandClock(clock.now() - timedelta(minutes=1))
    async with (
        running_twin(contacts=10_300, limits=FREE, clock=hands) as twin,
        Transport(log=Logger(twin), measure=twin.metrics.append) as transport,
    ):
        hub = twin.connector(transport, searches_per_second=9999)
        ids = [row.id async for row in hub.contacts.list()]
        await hub.contacts.batch_update([Input(id, {"firstname": "Now"}) for id in ids])

        found, _ = await look(hub, hands.now())

    assert 10_300 == len(found)
    assert ids == [row.id for row in found]
    assert 1 == len({row.values["lastmodifieddate"] for row in found})


async def test_a_record_that_is_found_late_is_in_the_next_look(still: tuple[HubSpot, HandClock]) -> None:
    """
    It bears a moment before the end of the last one, because the index lagged behind.
    """
    hub, hands = still
    found, cursor = await look(hub, hands.now() - timedelta(hours=1))

    hands.move(-30)
    late = await hub.contacts.create({"email": "late@example.com"})
    hands.move(30)
    then, cursor = await look(hub, cursor)

    assert ([], [late.id]) == (found, [row.id for row in then])
    assert [late.id] == [row.id for row in (await look(hub, cursor))[0]]


async def test_a_look_that_was_cut_off_goes_on_in_the_same_window(still: tuple[HubSpot, HandClock]) -> None:
    """
    Every record once, and nothing that changed after the look began: that is the next one's.
    """
    hub, hands = still
    ids = [row.id async for row in hub.contacts.list()]
    since = hands.now()
    await hub.contacts.batch_update([Input(id, {"firstname": "Now"}) for id in ids])

    first, cursor = await look(hub, since, pages=1)
    hands.move(7200)
    new = await hub.contacts.create({"email": "new@example.com"})
    rest, following = await look(hub, cursor)

    assert ids == [row.id for row in first + rest]
    assert 200 == len(first)
    hands.move(-7200)
    assert new.id not in {row.id for row in (await look(hub, following))[0]}


async def test_what_changes_while_it_is_read_is_in_this_look_or_the_next(
    still: tuple[HubSpot, HandClock],
) -> None:
    """
    One in front of the place that was read, one behind it, and none is missing in between.
    """
    hub, hands = still
    ids = [row.id async for row in hub.contacts.list()]
    since = hands.now()
    await hub.contacts.batch_update([Input(id, {"firstname": "Now"}) for id in ids])

    first, cursor = await look(hub, since, pages=1)
    hands.move(59)
    moved = [ids[3], ids[-3]]
    await hub.contacts.batch_update([Input(id, {"firstname": "Later"}) for id in moved])
    rest, cursor = await look(hub, cursor)
    then, _ = await look(hub, cursor)

    assert set(ids) == {row.id for row in first + rest} | {row.id for row in then}
    assert set(moved) <= {row.id for row in then if row.properties.firstname == "Later"}
    assert len(first + rest) == len({row.id for row in first + rest})


async def test_what_was_archived_or_merged_away_is_told(still: tuple[HubSpot, HandClock]) -> None:
    """
    From the list of archived ones: no search finds them. Those of long ago are passed over.
    """
    hub, hands = still
    ids = [row.id async for row in hub.contacts.list()]
    hands.move(-7200)
    await hub.contacts.archive(ids[0])
    hands.move(7200)
    since = hands.now()
    await hub.contacts.batch_archive(ids[1:4])

    found, cursor = await look(hub, since, archived=True)
    without, _ = await look(hub, since)

    assert (ids[1:4], []) == ([row.id for row in found], without)
    assert all(row.archived and row.archived_at for row in found)
    assert ids[1:4] == [row.id for row in (await look(hub, cursor, archived=True))[0]]


async def test_a_cursor_of_other_records_is_refused(hub: HubSpot) -> None:
    """
    As is one that is none.
    """
    _, cursor = await look(hub, clock.now())

    with pytest.raises(errors.BadValue, match="not of deals"):
        _ = [page async for page in hub.deals.changes(cursor)]
    with pytest.raises(errors.BadValue, match="malformed"):
        _ = [page async for page in hub.deals.changes("yesterday")]
