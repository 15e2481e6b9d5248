"""
A platform with a database of its own, and who receives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from masterops.db import Pool
from masterops.logs import Logger
from masterops.transport import Transport
from tests.alerts.platform import Platform
from tests.channels.conftest import hooks, mails
from tests.transport.conftest import Notebook

__all__ = ["hooks", "mails"]


@pytest.fixture
async def platform(pool: Pool, tmp_path: Path) -> AsyncIterator[Platform]:
    notebook = Notebook()
    log = Logger(notebook, source="alerts")
    async with Transport(log=log, measure=notebook.metrics.append) as transport:
        yield Platform(pool, tmp_path, transport, notebook)
