"""
What a probe means.
"""

from __future__ import annotations

from typing import get_args

import pytest

from masterops import errors
from masterops.health import Probe, evaluate


@pytest.mark.parametrize(
    ("state", "healthy", "probe"),
    [
        pytest.param("up", True, Probe(12.0), id="in time"),
        pytest.param("up", True, Probe(2000.0), id="just in time"),
        pytest.param("degraded", False, Probe(2000.1), id="slow"),
        pytest.param("degraded", False, Probe(5.0, "rate_limit", "slow down"), id="rate limit"),
        pytest.param("degraded", False, Probe(5.0, "quota", "used up"), id="quota"),
        pytest.param("degraded", False, Probe(5.0, shut="search: circuit open"), id="an open circuit"),
        pytest.param("down", False, Probe(5.0, "server", "HTTP 500", shut="read"), id="open, and failing"),
        pytest.param("down", False, Probe(5.0, "server", "HTTP 500"), id="server"),
        pytest.param("down", False, Probe(5.0, "timeout", "no answer"), id="time-out"),
        pytest.param("down", False, Probe(5.0, "network", "refused"), id="network"),
        pytest.param("down", False, Probe(5.0, "authentication", "401"), id="credentials"),
        pytest.param("down", False, Probe(None, "configuration", "no token"), id="no credentials"),
        pytest.param("unknown", False, Probe(5.0, "internal", "our fault"), id="a fault of ours"),
        pytest.param("unknown", False, Probe(None, "usage", "no connector"), id="no connector"),
    ],
)
def test_states(state: str, healthy: bool, probe: Probe) -> None:
    """
    Down means that the business cannot work with it; degraded that it can, badly; unknown is our side.
    """
    verdict = evaluate(probe)

    assert (state, healthy) == (verdict.state, verdict.healthy)
    assert healthy or verdict.reason


@pytest.mark.parametrize("category", get_args(errors.Category))
def test_every_category_has_a_state_that_is_not_up(category: str) -> None:
    """
    An error never passes for health, whatever its kind.
    """
    assert evaluate(Probe(1.0, category, "why")).state in {"degraded", "down", "unknown"}
