"""
What durability promises when the power is cut: a real ext4 that stops at once and is mounted again.

It takes root and loop devices; a disk that is simulated inside the process runs everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof import simulated
from tests.proof.disks import PowerCut
from tests.proof.power import cut_power, power, ship_then_cut
from tests.proof.rounds import World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("proof")]


@pytest.fixture(scope="module")
def mains(scratch: Path) -> Iterator[PowerCut]:
    with power(scratch) as made:
        if made is None:
            pytest.skip("no file system can be mounted here")
        yield made


def test_the_power_cut_is_one(proof: World, scratch: Path, mains: PowerCut) -> None:
    """
    Without flushes acknowledged records are lost, so the tests below can fail; nothing else goes wrong.
    """
    outcome = cut_power(proof, 1, scratch, mains, "process")

    assert any(" lost: " in problem for problem in outcome.problems)
    assert [] == [problem for problem in outcome.problems if " lost: " not in problem]


def test_what_was_acknowledged_with_fsync_survives(proof: World, scratch: Path, mains: PowerCut) -> None:
    """
    Every acknowledged record arrives once, in order, from whatever the disk held.
    """
    for seed in range(4):
        outcome = cut_power(proof, seed, scratch, mains, "fsync")

        assert [] == outcome.problems, f"seed {seed}"
        assert outcome.numbers["acknowledged"] > 0


def test_a_shipped_segment_that_comes_back_doubles_nothing(
    proof: World, scratch: Path, mains: PowerCut
) -> None:
    """
    A deleted file is there again after a power cut, unless the disk was told before its offset was forgotten.
    """
    outcome = ship_then_cut(proof, 1, scratch, mains)

    assert [] == outcome.problems
    assert outcome.numbers["acknowledged"] > 0


def test_the_simulated_power_cut_is_one(proof: World, scratch: Path) -> None:
    """
    Without flushes acknowledged records are lost, so the test below can fail; nothing else goes wrong.
    """
    outcome = simulated.cut_power(proof, 1, scratch, "process")

    assert any(" lost: " in problem for problem in outcome.problems)
    assert [] == [problem for problem in outcome.problems if " lost: " not in problem]


def test_what_was_acknowledged_with_fsync_survives_on_a_simulated_disk(proof: World, scratch: Path) -> None:
    """
    Eight threads share the syncs; each acknowledged record was in one of them.
    """
    for seed in range(6):
        outcome = simulated.cut_power(proof, seed, scratch, "fsync")

        assert [] == outcome.problems, f"seed {seed}"
        assert outcome.numbers["acknowledged"] > 0
