"""
The settings of a connection's circuits.
"""

from __future__ import annotations

import pytest

from masterops.config import Connection
from masterops.connectors.circuit import rules
from masterops.core.breaker import OFF, Rules


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        pytest.param(Rules(), {}, id="nothing set"),
        pytest.param(OFF, {"circuit_breaker": False, "circuit_calls": 3}, id="off"),
        pytest.param(
            Rules(calls=3, share=0.2, first=1.0, longest=9.0),
            {
                "circuit_breaker": True,
                "circuit_calls": 3,
                "circuit_share": 0.2,
                "circuit_seconds": 1.0,
                "circuit_longest_seconds": 9.0,
            },
            id="all set",
        ),
        pytest.param(Rules(first=900, longest=900), {"circuit_seconds": 900}, id="longer than the longest"),
    ],
)
def test_settings_are_rules(expected: Rules, values: dict[str, object]) -> None:
    """
    What is not set is as it is everywhere; a first time above the longest is the longest.
    """
    assert expected == rules(Connection("hubspot/teelixir", "hubspot", "teelixir", values))
