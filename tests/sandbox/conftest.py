"""
The sandbox that most tests talk to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from masterops.sandbox.hubspot.limits import Limits
from tests.sandbox.desk import Desk, opened


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Two businesses, 30 contacts each, limits that no test reaches."""
    async with opened() as found:
        yield found


@pytest.fixture
async def limited() -> AsyncIterator[Desk]:
    """The same with HubSpot's own limits."""
    async with opened(limits=Limits()) as found:
        yield found
