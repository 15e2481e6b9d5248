"""
The control API.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.sandbox.desk import CONTACTS, Desk, opened


async def test_health_needs_no_token(desk: Desk) -> None:
    """
    It tells the process and the businesses.
    """
    reply = await desk.get("/_sandbox/health", business=None)

    assert {"status": "ok", "pid": os.getpid(), "businesses": ["teelixir", "red-hill-fresh"]} == reply.body


async def test_the_state_counts_what_happened(desk: Desk) -> None:
    """
    Records, requests, refusals and faults with what is left of them.
    """
    await desk.contact(email="one@example.com")
    await desk.get(f"{CONTACTS}/404")
    await desk.fault(status=503, times=3)
    await desk.get(CONTACTS)
    state = (await desk.get("/_sandbox/state", business=None)).body
    mine, other = (state["businesses"][name]["hubspot"] for name in ("teelixir", "red-hill-fresh"))

    assert (31, 3, 2, 3) == (
        mine["records"]["contacts"],
        mine["requests"],
        mine["refused"],
        mine["spent_today"],
    )
    assert (30, 0) == (other["records"]["contacts"], other["requests"])
    assert {"hubspot/teelixir": {"status": 503, "times": 2}} == state["faults"]


async def test_reset_brings_the_seeds_back(desk: Desk) -> None:
    """
    Of one business or of all; limits, counts and faults with them.
    """
    before = (await desk.get(f"{CONTACTS}?limit=100")).body["results"]
    for business in ("teelixir", "red-hill-fresh"):
        await desk.post(CONTACTS, {"properties": {"email": "x@example.com"}}, business=business)
    await desk.fault(expired=True)
    await desk.call("POST", "/_sandbox/reset?business=teelixir", business=None)
    mine = (await desk.get(f"{CONTACTS}?limit=100")).body["results"]
    other = (await desk.get(f"{CONTACTS}?limit=100", business="red-hill-fresh")).body["results"]
    await desk.call("POST", "/_sandbox/reset", business=None)
    both = (await desk.get(f"{CONTACTS}?limit=100", business="red-hill-fresh")).body["results"]

    assert before == mine
    assert (31, 30) == (len(other), len(both))


@pytest.mark.parametrize(
    ("method", "path", "body", "part"),
    [
        pytest.param("PUT", "faults/hubspot/telixir", {"hang": True}, "teelixir", id="misspelt business"),
        pytest.param("PUT", "faults/hubspt/teelixir", {"hang": True}, "hubspot", id="misspelt service"),
        pytest.param("PUT", "faults/hubspot/teelixir", {"latency": 5}, "latency_ms", id="misspelt fault"),
        pytest.param("PUT", "faults/hubspot/teelixir", [1], "JSON object", id="no object"),
        pytest.param("DELETE", "faults/hubspot/tee", None, "teelixir", id="delete of another"),
        pytest.param("POST", "reset?business=red-hill", None, "red-hill-fresh", id="reset of another"),
    ],
)
async def test_wrong_input_is_answered_with_the_right_spelling(
    desk: Desk, method: str, path: str, body: Any, part: str
) -> None:
    """
    400 with what, how to mend it and a code.
    """
    reply = await desk.call(method, f"/_sandbox/{path}", body, business=None)

    assert 400 == reply.status
    assert part in f"{reply.body['error']} {reply.body['hint']}"
    assert reply.body["code"].startswith("USE")


async def test_an_unknown_control_path_lists_the_known_ones(desk: Desk) -> None:
    """
    404.
    """
    reply = await desk.get("/_sandbox/helth", business=None)

    assert (404, True) == (reply.status, "GET health" in reply.body["hint"])


async def test_a_live_sandbox_changes_by_itself() -> None:
    """
    Records are changed or added; the counts of requests stay, because nobody called.
    """
    async with opened(live=True, live_seconds=0.005) as desk:
        before = await everything(desk)
        for _ in range(200):
            if await everything(desk) != before:
                return
    raise AssertionError("nothing changed in 200 looks")


async def everything(desk: Desk) -> list[Any]:
    """Contacts and deals of both businesses."""
    paths = [f"{CONTACTS}?limit=100&properties=phone,lifecyclestage", "/crm/v3/objects/deals?limit=100"]
    return [
        (await desk.get(path, business=business)).body["results"]
        for path in paths
        for business in ("teelixir", "red-hill-fresh")
    ]
