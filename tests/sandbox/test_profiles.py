"""
Chaos profiles, and the faults that are only worth having in one.
"""

from __future__ import annotations

from random import Random

import aiohttp
import msgspec
import pytest

from masterops.sandbox import faults, profiles
from masterops.sandbox.faults import Fault
from masterops.sandbox.hubspot.limits import Limits
from tests.sandbox.desk import CONTACTS, Desk, opened


def test_every_profile_that_can_be_named_is_a_mixture_of_valid_faults() -> None:
    """
    Whose parts add up to no more than the whole.
    """
    assert set(faults.PROFILES) == set(profiles.PROFILES)
    for mixture in profiles.PROFILES.values():
        assert 0 < sum(part for part, _ in mixture) <= 1
        assert [fault for _, fault in mixture] == [faults.validate(fault) for _, fault in mixture]


def test_each_fault_of_a_mixture_meets_its_part_of_the_requests() -> None:
    """
    Within half a per cent, with this seed, and none is left out.
    """
    chance = Random(1)
    mixture = profiles.PROFILES["storm"]
    drawn = [profiles.drawn(mixture, chance) for _ in range(50_000)]

    for _, fault in mixture:
        part = sum(part for part, other in mixture if other == fault)
        assert abs(part - drawn.count(fault) / len(drawn)) < 0.005


async def outcomes(desk: Desk, count: int) -> list[str]:
    """What became of so many calls."""
    found = []
    for _ in range(count):
        try:
            reply = await desk.get(f"{CONTACTS}?limit=1")
            found.append(f"{reply.status} {reply.headers.get('Retry-After')}")
        except aiohttp.ClientPayloadError:
            found.append("cut")
    return found


async def test_the_same_seed_meets_the_same_requests() -> None:
    """
    In another process too; another seed meets others.
    """
    runs = []
    for seed in (7, 7, 8):
        async with opened() as desk:
            await desk.fault(profile="storm", seed=seed)
            runs.append(await outcomes(desk, 120))

    assert runs[0] == runs[1] != runs[2]
    assert {"200 None", "502 None", "429 soon", "429 -1", "cut"} <= set(runs[0])


async def test_a_profile_ends_after_so_many_requests_met(desk: Desk) -> None:
    """
    Like a single fault.
    """
    await desk.fault(profile="expired-token", times=3)
    found = await outcomes(desk, 150)

    assert 3 == found.count("401 None")


async def test_others_spend_the_limit_with_each_call() -> None:
    """
    The headers show it, and the day goes faster.
    """
    async with opened(limits=Limits()) as desk:
        await desk.fault(crowd=8)
        left = [(await desk.get(CONTACTS)).headers["X-HubSpot-RateLimit-Remaining"] for _ in range(11)]
        refused = await desk.get(CONTACTS)
        state = (await desk.get("/_sandbox/state", business=None)).body

    assert ["91", "82", "73"] == left[:3]
    assert 429 == refused.status
    assert 100 == state["businesses"]["teelixir"]["hubspot"]["spent_today"]


async def test_garbage_is_no_json_and_the_work_is_done(desk: Desk) -> None:
    """
    Nor is it valid text.
    """
    await desk.fault(garbage=True, times=1)
    reply = await desk.post(CONTACTS, {"properties": {"email": "html@example.com"}})

    assert (200, "text/html") == (reply.status, reply.headers["Content-Type"])
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(reply.raw)
    assert 200 == (await desk.get(f"{CONTACTS}/html@example.com?idProperty=email")).status


async def test_a_batch_fails_in_parts_where_hubspot_could_say_which(desk: Desk) -> None:
    """
    A read always; a write when its inputs bear traces; nothing else.
    """
    await desk.fault(partial=True)
    mails = [f"part{each}@example.com" for each in range(6)]
    inputs = [{"properties": {"email": mail}, "objectWriteTraceId": mail} for mail in mails]
    some = await desk.post(f"{CONTACTS}/batch/create", {"inputs": inputs})
    ids = [each["id"] for each in some.body["results"]]
    read = await desk.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": each} for each in ids]})
    whole = await desk.post(
        f"{CONTACTS}/batch/create", {"inputs": [{"properties": {"email": f"x{mail}"}} for mail in mails]}
    )

    assert (207, 4, 2) == (some.status, len(ids), some.body["numErrors"])
    assert [mails[1], mails[4]] == [each["context"]["objectWriteTraceId"][0] for each in some.body["errors"]]
    assert (207, [ids[1]]) == (read.status, read.body["errors"][0]["context"]["ids"])
    assert (201, 200) == (whole.status, (await desk.get(CONTACTS)).status)


@pytest.mark.parametrize("value", ["soon", "-1", "Thu, 01 Jan 1970 00:00:00 GMT", "86400000", 0])
async def test_retry_after_is_sent_as_it_was_given(desk: Desk, value: object) -> None:
    """
    However odd.
    """
    await desk.fault(storm=True, retry_after=value)

    assert str(value) == (await desk.get(CONTACTS)).headers["Retry-After"]


@pytest.mark.parametrize(
    "fields",
    [
        {"profile": "mad"},
        {"profile": "slow", "status": 500},
        {"profile": "slow", "latency_ms": 5},
        {"crowd": -1},
        {"storm": True, "retry_after": "a\nb"},
    ],
)
async def test_a_wrong_profile_or_fault_is_refused(desk: Desk, fields: dict[str, object]) -> None:
    """
    With the names there are.
    """
    refused = await desk.fault(**fields)

    assert 400 == refused.status
    assert {} == (await desk.get("/_sandbox/state", business=None)).body["faults"]


def test_a_profile_comes_back_from_the_file_as_it_went() -> None:
    """
    Name and seed.
    """
    fault = faults.parse({"profile": "flaky", "seed": 9, "times": 5})

    assert fault == msgspec.json.decode(msgspec.json.encode(fault), type=Fault)
    assert {"profile": "flaky", "seed": 9, "times": 5} == fault.named()
