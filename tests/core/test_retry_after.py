"""
Reading Retry-After.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.core.retry_after import seconds_asked

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expected", "header"),
    [
        pytest.param(10.0, "10", id="seconds"),
        pytest.param(0.5, " 0.5 ", id="a fraction with space around"),
        pytest.param(0.0, "0", id="zero"),
        pytest.param(0.0, "-3", id="negative"),
        pytest.param(86400.0, "86400", id="a whole day"),
        pytest.param(30.0, "Tue, 24 Nov 2026 12:00:30 GMT", id="a date"),
        pytest.param(0.0, "Tue, 24 Nov 2026 11:00:00 GMT", id="a date in the past"),
        pytest.param(30.0, "Tue, 24 Nov 2026 12:00:30", id="a date without a zone is UTC"),
        pytest.param(None, None, id="absent"),
        pytest.param(None, "", id="empty"),
        pytest.param(None, "soon", id="a word"),
        pytest.param(None, "nan", id="not a number"),
        pytest.param(None, "inf", id="for ever"),
    ],
)
def test_reads_what_servers_send(expected: float | None, header: str | None) -> None:
    """
    Seconds from now, never negative; nonsense is as good as nothing.
    """
    assert expected == seconds_asked(header, now=NOW)


@given(st.text(max_size=40))
def test_never_raises(header: str) -> None:
    """
    Whatever a server sends, the answer is a number that is not negative, or None.
    """
    seconds = seconds_asked(header, now=NOW)

    assert seconds is None or seconds >= 0
