"""
Batches of the HubSpot connector: against the twin, and against answers that it does not give.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from aiohttp import web

from masterops import errors
from masterops.connectors.hubspot import BatchResult, Contact, HubSpot, Input, Property, Upsert
from tests.connectors.conftest import Twin
from tests.transport.conftest import Answer, Rig, answer


def indices(result: BatchResult[Any]) -> list[int | None]:
    return [error.index for error in result.errors]


def batch(rows: Sequence[str] = (), *failed: object) -> Answer:
    """HubSpot's answer to a batch: the ids that worked, and the entries of what did not."""
    body = {"results": [{"id": id} for id in rows], "errors": list(failed)}
    return answer(207 if failed else 200, msgspec.json.encode(body))


async def test_batches_of_any_length_are_split(hub: HubSpot, twin: Twin) -> None:
    """
    250 records are three requests, and every record comes back.
    """
    made = await hub.contacts.batch_create([{"email": f"n{n}@example.com"} for n in range(250)])
    ids = [row.id for row in made.rows]
    read = await hub.contacts.batch_read(ids)
    changed = await hub.contacts.batch_update([Input(id, {"firstname": "B"}) for id in ids])
    await hub.contacts.batch_archive(ids)

    assert ([], 250, 250, 250) == (made.errors, len(made.rows), len(read.rows), len(changed.rows))
    assert {"B"} == {row.properties.firstname for row in changed.rows}
    assert 12 == len(twin.metrics)


async def test_one_bad_input_fails_alone_and_is_named(hub: HubSpot) -> None:
    """
    The row of the error is the place in what was given, across batches.
    """
    records = [{"email": f"m{n}@example.com"} for n in range(150)]
    records[120] = {"email": "m3@example.com"}

    result = await hub.contacts.batch_create(records)

    assert ([120], 149) == ([error.index for error in result.errors], len(result.rows))
    with pytest.raises(errors.Invalid, match="first input 120"):
        result.raise_for_errors(hub.connection)


async def test_records_that_do_not_exist_are_errors_of_a_batch_read(hub: HubSpot) -> None:
    """
    The others are read all the same.
    """
    first = (await hub.contacts.page(limit=1)).results[0]

    result = await hub.contacts.batch_read([first.id, "999999999999"])

    assert [first.id] == [row.id for row in result.rows]
    assert 1 == len(result.errors)


async def test_an_upsert_says_what_it_made(hub: HubSpot) -> None:
    """
    The second run of the same upsert makes nothing new.
    """
    await hub.properties.create(
        "contacts", Property("shop_id", "Shop id", group_name="contactinformation", has_unique_value=True)
    )
    rows = [Upsert(f"s{n}", {"shop_id": f"s{n}", "firstname": "S"}) for n in range(3)]

    first = await hub.contacts.batch_upsert(rows, id_property="shop_id")
    second = await hub.contacts.batch_upsert(rows, id_property="shop_id")

    assert [True] * 3 == [row.new for row in first.rows]
    assert [False] * 3 == [row.new for row in second.rows]
    assert {row.id for row in first.rows} == {row.id for row in second.rows}


async def test_of_two_upserts_of_a_record_the_last_wins_and_the_first_is_named(hub: HubSpot) -> None:
    """
    HubSpot would refuse the whole batch; the places of errors are still those of what was given.
    """
    await hub.properties.create(
        "contacts", Property("shop_id", "Shop id", group_name="contactinformation", has_unique_value=True)
    )
    rows = [
        Upsert(id, {"shop_id": id, "firstname": f"N{n}"}) for n, id in enumerate(["s1", "s2", "S1", "s3"])
    ]
    rows[3].properties["no_such_property"] = "x"

    result = await hub.contacts.batch_upsert(rows, id_property="shop_id")

    assert ([0], [3]) == (result.replaced, indices(result))
    assert {"N1", "N2"} == {row.properties.firstname for row in result.rows}


@pytest.mark.parametrize("status", [409, 413])
async def test_a_batch_in_conflict_is_halved_until_the_culprit_is_alone(
    rig: Rig, scripted: HubSpot, status: int
) -> None:
    """
    The rows beside it are written, and it is named.
    """

    def service(request: object) -> object:
        ids = [each["id"] for each in msgspec.json.decode(rig.bodies[-1])["inputs"]]
        return (answer(status) if "5" in ids else batch(ids))(rig.asked[-1])

    rig.answers = [service]

    result = await scripted.contacts.batch_update([Input(str(n), {"firstname": "x"}) for n in range(8)])

    assert ([5], 7) == (indices(result), len(result.rows))
    assert 7 == len(rig.asked)


async def test_every_record_that_is_missing_is_named(hub: HubSpot) -> None:
    """
    HubSpot names all of them in one entry; each is an error of its own row.
    """
    ids = [row.id for row in (await hub.contacts.page(limit=2)).results]
    asked = [ids[0], "999999999991", ids[1], "999999999992", "999999999991"]

    result = await hub.contacts.batch_read(asked)

    assert set(ids) == {row.id for row in result.rows}
    assert [1, 3, 4] == sorted(index for index in indices(result) if index is not None)


async def test_a_missing_record_is_named_in_each_batch_that_asked_for_it(hub: HubSpot) -> None:
    """
    The same id in two batches of 100: once each, and not twice both.
    """
    result = await hub.contacts.batch_read([str(10**12 + n % 100) for n in range(101)])

    assert list(range(101)) == sorted(index for index in indices(result) if index is not None)


@pytest.mark.parametrize(
    ("expected", "context"),
    [
        pytest.param([0], {"ids": ["2"]}, id="by its id"),
        pytest.param([0], {"id": ["2"]}, id="by its id in the singular"),
        pytest.param([2], {"objectWriteTraceId": ["2"]}, id="by its trace"),
        pytest.param([2], {"objectWriteTraceId": ["2"], "ids": ["2"]}, id="the trace is the surer one"),
        pytest.param([0, 1], {"ids": ["2", "0"]}, id="two in one"),
        pytest.param([0, None], {"ids": ["2", "77"]}, id="one that nobody knows"),
        pytest.param([None], {"ids": []}, id="none"),
        pytest.param([None], None, id="no context"),
        pytest.param([0], {"ids": "2", "other": None}, id="a text for a list"),
    ],
)
async def test_ids_and_traces_are_not_mixed_up(
    rig: Rig, scripted: HubSpot, expected: list[int | None], context: object
) -> None:
    """
    Ids may look like places in the batch; and an odd entry costs itself, not the whole answer.
    """
    rig.answers = [batch(["5"], {"message": "no", "category": None, "errors": None, "context": context})]
    rows = [Upsert(id, {"firstname": "x"}) for id in ("2", "0", "1")]

    result = await scripted.contacts.batch_upsert(rows, id_property="shop_id")

    assert (expected, ["5"]) == (indices(result), [row.id for row in result.rows])
    assert {"no"} == {error.reason for error in result.errors}


async def test_a_service_that_is_down_is_not_asked_for_every_batch(rig: Rig, scripted: HubSpot) -> None:
    """
    The batches that were on their way were tried twice; the ones behind them are errors of their rows, without
    a request.
    """
    rig.answers = [batch(["1"]), answer(500)]

    result = await scripted.contacts.batch_read([str(n) for n in range(1150)])

    at_once = scripted.contacts.resource.coalescing.parallel
    assert 1 + 2 * at_once == len(rig.asked)
    assert list(range(100, 1150)) == indices(result)
    unsent = result.errors[100 * at_once :]
    assert not any(each.reason.startswith("not sent") for each in result.errors[: 100 * at_once])
    assert all(each.reason.startswith("not sent: hubspot/teelixir failed on its side") for each in unsent)
    assert {"server"} == {error.category for error in result.errors}


async def test_batches_that_are_on_their_way_together_give_their_rows_in_order(
    rig: Rig, scripted: HubSpot
) -> None:
    """
    The first goes alone; of the others the one that is answered first waits for those before it.
    """

    async def slow(request: web.Request) -> web.Response:
        ids = [each["id"] for each in (await request.json())["inputs"]]
        await asyncio.sleep(0.2 if "150" in ids else 0)
        return web.json_response({"results": [{"id": id} for id in ids]})

    rig.answers = [slow]
    ids = [str(n) for n in range(450)]

    result = await scripted.contacts.batch_read(ids)

    assert ids == [each.id for each in result.rows]


async def test_a_service_that_was_never_up_is_one_error(rig: Rig, scripted: HubSpot) -> None:
    """
    Nothing was read at all: that is raised, after the tries of one batch.
    """
    rig.answers = [answer(503)]

    with pytest.raises(errors.ServerFailed):
        await scripted.contacts.batch_read([str(n) for n in range(450)])

    assert 2 == len(rig.asked)


async def test_nothing_more_is_made_after_a_batch_of_unknown_outcome(rig: Rig, scripted: HubSpot) -> None:
    """
    Its rows are in doubt; the rows behind it are known not to be made.
    """
    rig.answers = [batch(["1"]), answer(500)]

    result = await scripted.contacts.batch_create([{"email": f"{n}@example.com"} for n in range(250)])

    assert 2 == len(rig.asked)
    assert ["Nobody can", "not sent: "] == [result.errors[n].reason[:10] for n in (99, 100)]


async def test_a_batch_that_is_refused_does_not_stop_the_next(rig: Rig, scripted: HubSpot) -> None:
    """
    Wrong values are the fault of their batch alone.
    """
    rig.answers = [answer(400), batch(["1"]), batch(["2"])]

    result = await scripted.contacts.batch_update([Input(str(n), {"firstname": "x"}) for n in range(250)])

    assert (3, ["1", "2"]) == (len(rig.asked), [row.id for row in result.rows])
    assert list(range(100)) == indices(result)


async def test_a_row_keeps_its_kind(rig: Rig, scripted: HubSpot) -> None:
    """
    What comes out of a batch of contacts are contacts.
    """
    rig.answers = [batch(["1"])]

    result = await scripted.contacts.batch_read(["1"])

    assert [Contact] == [type(row) for row in result.rows]
