"""
The whole proof: `make proof`, or `make proof ROUNDS=300 SEED=0`. Prints what was done, and what came of it.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.proof.power import cut_power, power
from tests.proof.rounds import Outcome, World, play, world

ROUNDS_PER_POWER_CUT = 5
LABELS = {
    "written": "records written",
    "acknowledged": "acknowledged: the call returned, no loss counted",
    "refused": "refused and counted as lost by the writer (full disk)",
    "unanswered": "killed before the call returned",
    "arrived": "arrived in PostgreSQL",
    "shipped meanwhile": "of these while things were still being done to shippers and server",
    "seen out of order": "a reader saw one before an earlier one of its process (one shipper at a time)",
    "torn lines": "torn lines, kept as dead letters",
}


def main() -> int:
    rounds = int(os.environ.get("ROUNDS") or 300)
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves nothing running
    print(f"{rounds} rounds, seeds {seed} to {seed + rounds - 1}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="mo-", dir="/tmp") as scratch, world(Path(scratch)) as made:
        played = _play_all(made, seed, rounds, Path(scratch))
        total = _cut_all(made, seed, rounds // ROUNDS_PER_POWER_CUT, Path(scratch), played)
    print(table(rounds, time.monotonic() - started, total))
    for problem in total.problems:
        print(f"FAILED seed {problem}")
    return 1 if total.problems else 0


def _play_all(made: World, seed: int, rounds: int, scratch: Path) -> Outcome:
    total = Outcome()
    for number in range(rounds):
        outcome = play(made, seed + number, scratch)
        total.add(outcome, f"{seed + number}")
        for problem in outcome.problems:
            print(f"seed {seed + number}: {problem}", file=sys.stderr, flush=True)
        if number % 25 == 24:
            print(f"  {number + 1} rounds, {len(total.problems)} problems", file=sys.stderr, flush=True)
    return total


def _cut_all(made: World, seed: int, cuts: int, scratch: Path, total: Outcome) -> Outcome:
    with power(scratch) as disk:
        for number in range(cuts if disk else 0):
            assert disk is not None
            total.add(cut_power(made, seed + number, scratch, disk, "fsync"), f"{seed + number} (power cut)")
    return total


def table(rounds: int, seconds: float, total: Outcome) -> str:
    """As it stands in docs/logs.md."""
    numbers = total.numbers
    unclaimed = numbers["refused"] + numbers["unanswered"]
    faults = [f"| {name} | {times:,} |" for name, times in sorted(total.done.items())]
    records = [f"| {label} | {numbers[name]:,} |" for name, label in LABELS.items()]
    return "\n".join(
        [
            f"{rounds} rounds in {seconds / 60:.0f} minutes, {sum(total.done.values()):,} faults:",
            "",
            "| what was done | times |",
            "| --- | ---: |",
            *faults,
            "",
            "| records | |",
            "| --- | ---: |",
            *records,
            f"| of the {unclaimed:,} refused or unanswered, arrived all the same, once | "
            f"{numbers['arrived'] - numbers['acknowledged']:,} |",
            f"| **problems found: lost, doubled, changed, out of order, left behind** | **{len(total.problems)}** |",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
