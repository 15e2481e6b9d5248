"""
Whoever is woken by an alert finds a page about it.
"""

from __future__ import annotations

import pytest

from masterops.config.alert_defaults import DEFAULT_RULES
from tests.docs.pages import ROOT, read

RUNBOOKS = ROOT / "docs" / "runbooks"


@pytest.mark.parametrize("rule", DEFAULT_RULES, ids=lambda rule: rule.name)
def test_every_default_rule_has_a_page_that_the_notice_names(rule) -> None:  # type: ignore[no-untyped-def]
    """
    With steps to take, and in the list of runbooks.
    """
    page = read(ROOT / rule.runbook)
    targets = [target for _, target in read(RUNBOOKS / "index.md").links()]

    assert f"# {rule.name}" == page.prose[0][1]
    assert any(line.startswith("1. ") for _, line in page.prose)
    assert page.path.name in targets


def test_there_is_no_page_of_a_rule_that_is_gone() -> None:
    """
    A rule that is renamed takes its page along.
    """
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"index"}

    assert {rule.name for rule in DEFAULT_RULES} == pages
