"""
Whether it is they or we.
"""

from __future__ import annotations

import asyncio

import pytest

from masterops.health import Verdict
from masterops.health.network import Network
from masterops.health.offline import Witnesses, blame, offline

DOWN = Verdict("down", False, "cannot be reached")


@pytest.mark.parametrize(
    ("hosts", "anchors", "route", "expected"),
    [
        pytest.param({"a": False, "b": False, "c": False}, {}, True, True, id="none can be reached"),
        pytest.param({"a": False, "b": False, "c": True}, {}, True, True, id="most cannot"),
        pytest.param({"a": False, "b": True}, {}, True, False, id="half of them are not most"),
        pytest.param({"a": False, "b": True, "c": True}, {}, True, False, id="one of three"),
        pytest.param({"a": False}, {}, True, False, id="one host says nothing about us"),
        pytest.param({"a": False}, {}, False, True, id="there is no way out of this machine"),
        pytest.param({"a": False, "b": False}, {"x": True}, True, False, id="an anchor answers"),
        pytest.param({"a": False}, {"x": False, "y": False}, True, True, id="no anchor answers"),
        pytest.param({"localhost": False, "127.0.0.1": False, "::1": False}, {}, False, False, id="here"),
        pytest.param({"a": True}, {"x": False}, False, False, id="nothing failed, nobody is asked"),
    ],
)
def test_verdicts_about_ourselves(
    hosts: dict[str, bool], anchors: dict[str, bool], route: bool, expected: bool
) -> None:
    """
    What most hosts share is this machine; an anchor that answers clears it.
    """
    assert expected == offline(Witnesses(hosts, anchors, route))


@pytest.mark.parametrize(
    ("category", "away", "state"),
    [
        ("network", True, "unknown"),
        ("timeout", True, "unknown"),
        ("server", True, "down"),
        ("network", False, "down"),
    ],
)
def test_nobody_is_blamed_for_our_network(category: str, away: bool, state: str) -> None:
    """
    A service that answered with an error is down all the same.
    """
    found = blame(DOWN, category, away=away)

    assert state == found.state
    assert away is False or category == "server" or "this machine seems offline" in str(found.reason)


async def test_an_anchor_that_answers_is_asked_and_believed() -> None:
    """
    Two hosts fail, a real port answers: it is they. The port closed, it is we.
    """
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with_anchor, without = Network([f"127.0.0.1:{port}"]), Network()
    async with server:
        for network in (with_anchor, without):
            network.note("a.example", "network")
            network.note("b.example", "timeout")
            await network.settle("network")

    assert (False, True) == (with_anchor.away, without.away)
