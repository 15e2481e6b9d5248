"""
Every default rule has its page, and its notice names it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from masterops.config import AlertRule
from masterops.config.alert_defaults import DEFAULT_RULES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("rule", DEFAULT_RULES, ids=[each.name for each in DEFAULT_RULES])
def test_a_default_rule_has_a_page_for_those_who_must_act(rule: AlertRule) -> None:
    """
    Where its notices say, with its name at the top, steps to take, and a place in both lists.
    """
    page = (ROOT / rule.runbook).read_text()

    assert page.startswith(f"# {rule.name}\n")
    assert "\n1. " in page
    assert f"[{rule.name}]({rule.name}.md)" in (ROOT / "docs" / "runbooks" / "index.md").read_text()
    assert f"[{rule.name}](runbooks/{rule.name}.md)" in (ROOT / "docs" / "alerts.md").read_text()


def test_no_page_is_of_a_rule_that_is_gone() -> None:
    """
    Nor is one left behind.
    """
    assert {"index", *(each.name for each in DEFAULT_RULES)} == {
        each.stem for each in (ROOT / "docs" / "runbooks").glob("*.md")
    }
