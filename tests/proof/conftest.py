"""
One world for all rounds of a test run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.rounds import World, world

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]  # processes are held by descriptors, which only Linux has


@pytest.fixture(scope="package")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proof")


@pytest.fixture(scope="package")
def proof(scratch: Path) -> Iterator[World]:
    with world(scratch) as made:
        yield made
