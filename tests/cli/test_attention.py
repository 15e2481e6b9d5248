"""
How a business that needs attention is put into words.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from masterops.cli.commands.attention import about, paragraph
from masterops.core import clock
from masterops.reports import Attention, Reason


@pytest.mark.parametrize(
    ("kind", "what", "expected"),
    [
        ("errors", "a/x", "a/x"),
        ("errors", "a/x, b/x, c/x, d/x", "a/x, b/x, c/x, d/x"),
        ("errors", "a/x, b/x, c/x, d/x, e/x", "a/x, b/x, c/x and 2 more"),
        (
            "workflow_failed",
            "Take this, that, these, those, and all",
            "Take this, that, these, those, and all",
        ),
    ],
)
def test_of_many_connections_the_first_are_named(kind: str, what: str, expected: str) -> None:
    """
    "and 1 more" would save nothing, and the name of a workflow is no list.
    """
    assert expected == about(Reason(kind, what))


def test_a_message_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Control characters of what another system said are spaces here.
    """
    reason = Reason("check_down", "n8n/a\x1b[2J", "gone\x1b[2J\nagain", clock.now() - timedelta(minutes=5))
    text = paragraph(Attention("A", "a", "critical", [reason]))

    assert "    n8n/a [2J: gone [2J again (for 5 min)\n" in text
    assert "\x1b" not in text
