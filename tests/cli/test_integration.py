"""
`ops test-integration` of a connection that is not wholly set up.
"""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli

MANAGED = {"project.health", "advisors.security", "advisors.performance", "project.usage"}


def test_what_the_settings_leave_out_is_skipped_with_the_reason(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is neither well nor a failure; what writes is skipped for its own reason.
    """
    monkeypatch.setenv("SUPABASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SUPABASE_SERVICE_ROLE_KEY", "sb_secret_abcdefghijklmnop")
    monkeypatch.setenv("MASTEROPS_HTTP_MAX_ATTEMPTS", "1")

    tried = cli("test-integration", "supabase", "-o", "json")
    said = {row["capability"]: (row["state"], row["detail"]) for row in tried.json}

    assert 1 == tried.code
    assert dict.fromkeys(MANAGED, ("skipped", "not set up: it takes access_token")) == {
        name: said[name] for name in MANAGED
    }
    assert ("skipped", "it writes: give --write to try it") == said["users.write"]
    assert "failed" == said["rows.select"][0]
