"""
Variables that look like ours and are not.
"""

from __future__ import annotations

from masterops.config.keys import SETTINGS
from masterops.config.strays import strays


def test_a_slip_is_found_with_what_was_meant() -> None:
    """
    Everything else is none of our business.
    """
    found = strays(["MASTEROPS_LOG_LEVL", "MASTEROPS_HOME", "LOG_LEVL", "PATH"])

    assert [("MASTEROPS_LOG_LEVL", "MASTEROPS_LOG_LEVEL")] == found


def test_no_setting_is_taken_for_a_slip() -> None:
    """
    Every variable of every setting is known.
    """
    assert [] == strays(name for setting in SETTINGS for name in setting.variables)
