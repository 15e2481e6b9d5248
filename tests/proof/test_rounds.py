"""
Rounds of everything at once, for as long as the default suite can spare; `make proof` plays hundreds.

A round that fails says its seed; MASTEROPS_PROOF_SEED plays that one, ten times.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import pytest

from tests.proof.rounds import World, play

SECONDS = 10.0


def seeds() -> list[int]:
    given = os.environ.get("MASTEROPS_PROOF_SEED")
    return [int(given)] * 10 if given else [secrets.randbelow(1_000_000) for _ in range(30)]


@pytest.mark.xdist_group("proof")
@pytest.mark.slow
def test_no_record_is_lost_or_doubled(proof: World, scratch: Path) -> None:
    """
    Whatever is killed, stopped, cut or full: what was acknowledged is in the table once, unchanged, in order.
    """
    end = time.monotonic() + SECONDS
    acknowledged = 0
    for number, seed in enumerate(seeds()):
        outcome = play(proof, seed, scratch / str(number))

        assert [] == outcome.problems, f"MASTEROPS_PROOF_SEED={seed}: {dict(outcome.done)}"
        acknowledged += outcome.numbers["acknowledged"]
        if time.monotonic() > end:
            break

    assert acknowledged > 0
