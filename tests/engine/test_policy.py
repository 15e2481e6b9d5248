"""
How long a failed job waits, and when it has been tried often enough.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.engine import Patience


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 80), (5, None), (6, None)], ids=str
)
def test_waits_double_until_it_is_parked(failures: int, seconds: int | None) -> None:
    """
    Five tries in all, the first wait ten seconds.
    """
    wait = Patience().wait(failures)

    assert seconds == (None if wait is None else wait.total_seconds())


@given(failures=st.integers(1, 10**6))
def test_no_wait_is_longer_than_the_longest(failures: int) -> None:
    """
    Nor shorter than the first, however often it failed.
    """
    patience = Patience(tries=10**7, longest=timedelta(minutes=2))

    wait = patience.wait(failures)

    assert wait is not None
    assert patience.first <= wait <= patience.longest
