"""
A round of looks, in a process that may be held up.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from masterops.health import Probe, Rule, Verdict, evaluate
from masterops.health.lag import Pulsometer
from masterops.health.looking import MOST_REPEATS, Round, finish, look

FAILED, FINE = Probe(5.0, "network", "refused"), Probe(5.0)
QUICK = Rule(seconds=0.01)


class Asked:
    """
    Answers one probe after the other, the last for ever; blocks the loop before the first few.
    """

    def __init__(self, *answers: Probe, blocked: int = 0) -> None:
        self._answers = list(answers)
        self._blocked = blocked
        self.times = 0

    async def __call__(self) -> Probe:
        if self.times < self._blocked:
            time.sleep(0.3)  # noqa: ASYNC251 - which is the point
        self.times += 1
        return self._answers[min(self.times, len(self._answers)) - 1]


async def round_of(asked: Asked, previous: str | None = "up") -> Verdict:
    round: Round[Probe] = Round(previous, QUICK)  # type: ignore[arg-type]
    async with Pulsometer() as beat:
        return await finish(round, asked, evaluate, beat, longest_lag=0.2)


async def test_a_failed_look_is_repeated_before_it_is_believed() -> None:
    """
    One that fails alone leaves the state; two do not.
    """
    once, twice = Asked(FAILED, FINE), Asked(FAILED, FAILED)

    assert ("up", 2) == ((await round_of(once)).state, once.times)
    assert ("down", 2) == ((await round_of(twice)).state, twice.times)


async def test_a_look_while_the_loop_was_blocked_is_repeated_and_not_judged() -> None:
    """
    Its failure counts for nothing: two more are needed.
    """
    asked = Asked(FAILED, FINE, blocked=1)

    assert ("up", 2) == ((await round_of(asked)).state, asked.times)


async def test_a_loop_that_stays_blocked_makes_nothing_known() -> None:
    """
    The look ends after some repeats, and nobody is blamed.
    """
    asked = Asked(FAILED, blocked=99)
    round: Round[Probe] = Round("up", QUICK)
    async with Pulsometer() as beat:
        await look(round, asked, evaluate, beat, longest_lag=0.2)

    assert MOST_REPEATS + 1 == asked.times
    assert ["unknown"] == [each.state for each in round.seen]
    assert "held up" in str(round.seen[0].reason)


async def test_a_look_that_was_well_is_well_however_late() -> None:
    """
    An answer is an answer: a blocked loop cannot make one up.
    """
    assert "up" == (await round_of(Asked(FINE, blocked=1))).state


STOPPED = """
import asyncio
from masterops.health.lag import Pulsometer

async def main():
    async with Pulsometer() as beat:
        since = beat.now()
        print("ready", flush=True)
        await asyncio.sleep(0.5)
        print(beat.held_up(since), flush=True)

asyncio.run(main())
"""


def test_a_process_that_was_stopped_knows_it() -> None:
    """
    SIGSTOP and SIGCONT a second apart: the gap is there the moment it runs again.
    """
    with subprocess.Popen([sys.executable, "-c", STOPPED], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert "ready" == child.stdout.readline().strip()
        os.kill(child.pid, signal.SIGSTOP)
        time.sleep(1.2)
        os.kill(child.pid, signal.SIGCONT)
        gap = float(child.stdout.readline())

    assert gap > 0.6
