"""
`ops sandbox fault` with profiles.
"""

from __future__ import annotations

from masterops.sandbox import faults
from masterops.sandbox.faults import Fault
from tests.cli.conftest import Cli


def test_a_profile_is_set_by_name_and_seed(cli: Cli) -> None:
    """
    And shown as it was given; Retry-After goes as it stands.
    """
    shown = cli(
        "sandbox", "fault", "hubspot/teelixir", "--profile", "storm", "--seed", "7", "--output", "json"
    )
    kept = faults.load_faults(cli.home / "sandbox")
    cli("sandbox", "fault", "hubspot/teelixir", "--storm", "--retry-after", "soon")
    odd = faults.load_faults(cli.home / "sandbox")

    assert [{"connection": "hubspot/teelixir", "fault": "profile=storm, seed=7"}] == shown.json
    assert {"hubspot/teelixir": Fault(profile="storm", seed=7)} == kept
    assert {"hubspot/teelixir": Fault(storm=True, retry_after="soon")} == odd


def test_an_unknown_profile_is_refused_with_the_names_there_are(cli: Cli) -> None:
    """
    And nothing is set.
    """
    refused = cli("sandbox", "fault", "hubspot/teelixir", "--profile", "mad")

    assert 2 == refused.code
    assert "flaky, storm, slow, expired-token, quota-low" in refused.err
    assert {} == faults.load_faults(cli.home / "sandbox")
