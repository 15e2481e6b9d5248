"""
Circuits in the loop that sends: who waits, who tries, and what a failure is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from msgspec import structs

from masterops import errors
from masterops.core.backoff import RetryPolicy
from masterops.core.breaker import Rules
from masterops.logs import Logger
from masterops.transport import Request, Target, Transport
from masterops.transport.circuits import Circuits, failed
from tests.transport.conftest import Rig, answer, hang

GET = Request("GET", "/things", "things.list")
ONCE = RetryPolicy(attempts=1, deadline=20)
RULES = Rules(calls=2, first=0.05, longest=60)


@pytest.fixture
async def transport(rig: Rig) -> AsyncIterator[Transport]:
    circuits = Circuits(Logger(rig.notebook), fraction=lambda: 0.0)
    async with Transport(
        log=Logger(rig.notebook), measure=rig.notebook.metrics.append, policy=ONCE, circuits=circuits
    ) as made:
        yield made


def target(rig: Rig, rules: Rules = RULES) -> Target:
    return replace(rig.target, circuit=rules)


async def opened(rig: Rig, transport: Transport, rules: Rules = RULES) -> Target:
    """A target that has just failed twice."""
    rig.answers = [answer(500)]
    for _ in range(2):
        with pytest.raises(errors.ServerFailed):
            await transport.call(target(rig, rules), GET, bytes)
    rig.asked.clear()
    return target(rig, rules)


async def test_a_cancelled_probe_gives_its_place_back(rig: Rig, transport: Transport) -> None:
    """
    It hangs and is cancelled; the one that waited behind it tries instead.
    """
    it = await opened(rig, transport)
    rig.answers = [hang, answer()]
    rig.arrived.clear()
    probe = asyncio.create_task(transport.call(it, GET, bytes))
    await rig.arrived.wait()
    behind = asyncio.create_task(transport.call(it, GET, bytes))
    await asyncio.sleep(0)
    waits = not behind.done()

    probe.cancel()

    assert waits
    assert b"ok" == await asyncio.wait_for(behind, 10)
    assert 2 == len(rig.asked)


async def test_a_crash_of_ours_gives_the_place_back_too(rig: Rig, transport: Transport) -> None:
    """
    A decoder with a fault ends its own call and nobody else's.
    """
    it = await opened(rig, transport)
    rig.answers = [answer()]

    def crash(body: bytes) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await transport.call(it, GET, crash)

    assert b"ok" == await asyncio.wait_for(transport.call(it, GET, bytes), 10)


async def test_those_who_wait_go_on_waiting_when_the_probe_fails(rig: Rig, transport: Transport) -> None:
    """
    One after the other tries, at growing intervals, until one is answered; then the rest go.
    """
    it = await opened(rig, transport)
    rig.answers = [answer(500), answer(500), answer()]

    outcomes = await asyncio.gather(
        *(transport.call(it, GET, bytes) for _ in range(6)), return_exceptions=True
    )

    assert 2 == sum(isinstance(each, errors.ServerFailed) for each in outcomes)
    assert [b"ok"] * 4 == [each for each in outcomes if not isinstance(each, errors.ServerFailed)]
    assert 6 == len(rig.asked)


async def test_who_cannot_wait_is_refused_at_once_and_spends_nothing(rig: Rig, transport: Transport) -> None:
    """
    No permit, no row of metrics; one log record with the code.
    """
    it = await opened(rig, transport, replace(RULES, first=60))
    before = len(rig.notebook.metrics)

    with pytest.raises(errors.CircuitOpen):
        await transport.call(it, GET, bytes)

    record = rig.notebook.records[-1]
    facts = record.details_json
    assert (0, before) == (len(rig.asked), len(rig.notebook.metrics))
    assert ("error", "REM013", "circuit_open", 0) == (
        record.level,
        facts["error_code"],
        facts["error_category"],
        facts["attempts"],
    )


async def test_a_call_that_waited_for_a_permit_does_not_leave_into_an_open_circuit(
    rig: Rig, transport: Transport
) -> None:
    """
    It was let in while all was well, and the service began to fail while it stood in line.
    """
    from masterops.core.budgets import Concurrent, Limit

    limits = (Limit("one", 1, Concurrent()),)
    it = replace(target(rig, replace(RULES, first=60)), limits=limits)
    rig.answers = [answer(500)]

    outcomes = await asyncio.gather(
        *(transport.call(it, GET, bytes) for _ in range(5)), return_exceptions=True
    )

    assert [errors.ServerFailed] * 2 + [errors.CircuitOpen] * 3 == [type(each) for each in outcomes]
    assert 2 == len(rig.asked)


async def test_a_time_out_of_somebody_in_a_hurry_says_nothing(rig: Rig, transport: Transport) -> None:
    """
    A call that was given a tenth of a second cannot stop those that are given thirty.
    """
    rig.answers = [hang]
    for _ in range(3):
        with pytest.raises(errors.Timeout):
            await transport.call(target(rig), GET, bytes, policy=RetryPolicy(attempts=1, deadline=0.1))

    assert [] == transport.shut("shop/teelixir")


async def test_a_time_out_of_a_call_that_had_its_time_counts(rig: Rig, transport: Transport) -> None:
    """
    Its request says how long that is.
    """
    rig.answers = [hang]
    for _ in range(2):
        with pytest.raises(errors.Timeout):
            await transport.call(target(rig), structs.replace(GET, timeout=0.05), bytes)

    assert ["read"] == [each.group for each in transport.shut("shop/teelixir")]


@pytest.mark.parametrize(
    ("group", "request_"),
    [
        ("read", GET),
        ("write", Request("POST", "/things", "things.create")),
        ("write", Request("DELETE", "/things/{id}", "things.delete", parts={"id": "1"})),
        ("batch", Request("POST", "/things/batch/read", "things.batch.read")),
        ("search", Request("POST", "/things/search", "things.search", bucket="search")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.operation,
)
def test_calls_that_fail_together_share_a_circuit(group: str, request_: Request) -> None:
    """
    Few groups: what the service limits by itself, batches, reads, writes.
    """
    assert group == request_.group


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        (True, errors.NetworkError),
        (True, errors.NameNotResolved),
        (True, errors.TlsFailed),
        (True, errors.Timeout),
        (True, errors.ServerFailed),
        (False, errors.RateLimited),
        (False, errors.QuotaExhausted),
        (False, errors.BudgetExhausted),
        (False, errors.CircuitOpen),
        (False, errors.Unauthenticated),
        (False, errors.Forbidden),
        (False, errors.NotFound),
        (False, errors.Conflict),
        (False, errors.Invalid),
        (False, errors.MalformedAnswer),
        (False, errors.UnexpectedAnswer),
    ],
)
def test_what_counts_as_a_failure_is_the_fault_of_the_service_or_of_the_way(
    counts: bool, kind: type[errors.RemoteError]
) -> None:
    """
    A refusal is an answer, and so is what we cannot read.
    """
    assert counts == failed(kind(service="x"))
