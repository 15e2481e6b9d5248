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
    Answers one probe after the other, the last for ever.
    """

    def __init__(self, *answers: Probe) -> None:
        self._answers = list(answers)
        self.times = 0

    async def __call__(self) -> Probe:
        self.times += 1
        return self._answers[min(self.times, len(self._answers)) - 1]


class HeldUp(Pulsometer):
    """
    Says that this process was held up during the first so many looks, and not afterwards.
    """

    def __init__(self, looks: int = 0) -> None:
        super().__init__()
        self._left = looks

    def held_up(self, since: float) -> float:
        self._left -= 1
        return 5.0 if self._left >= 0 else 0.0


async def round_of(asked: Asked, *, held_up: int = 0) -> Verdict:
    return await finish(Round("up", QUICK), asked, evaluate, HeldUp(held_up))


async def test_a_failed_look_is_repeated_before_it_is_believed() -> None:
    """
    One that fails alone leaves the state; two do not.
    """
    once, twice = Asked(FAILED, FINE), Asked(FAILED, FAILED)

    assert ("up", 2) == ((await round_of(once)).state, once.times)
    assert ("down", 2) == ((await round_of(twice)).state, twice.times)


async def test_a_look_while_the_process_was_held_up_is_repeated_and_not_judged() -> None:
    """
    Its failure counts for nothing: two more are needed.
    """
    well, failing = Asked(FAILED, FINE), Asked(FAILED)

    assert ("up", 2) == ((await round_of(well, held_up=1)).state, well.times)
    assert ("down", 3) == ((await round_of(failing, held_up=1)).state, failing.times)


async def test_a_process_that_is_held_up_again_and_again_knows_nothing() -> None:
    """
    The look ends after some repeats, and nobody is blamed.
    """
    asked = Asked(FAILED)
    round: Round[Probe] = Round("up", QUICK)
    await look(round, asked, evaluate, HeldUp(99))

    assert MOST_REPEATS + 1 == asked.times
    assert ["unknown"] == [each.state for each in round.seen]
    assert "held up for 5.0 s" in str(round.seen[0].reason)


async def test_a_look_that_was_well_is_well_however_late() -> None:
    """
    An answer is an answer: a blocked loop cannot make one up.
    """
    asked = Asked(FINE)

    assert ("up", 1) == ((await round_of(asked, held_up=1)).state, asked.times)


async def test_a_loop_that_was_blocked_knows_it_at_once() -> None:
    """
    Also before the beat that is late has come.
    """
    async with Pulsometer() as beat:
        since = beat.now()
        time.sleep(0.4)  # noqa: ASYNC251 - which is the point

        assert beat.held_up(since) > 0.3


STOPPED = """
import asyncio, sys
from masterops.health.lag import Pulsometer

async def main():
    async with Pulsometer() as beat:
        since = beat.now()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(beat.held_up(since), flush=True)

asyncio.run(main())
"""


def test_a_process_that_was_stopped_knows_it() -> None:
    """
    SIGSTOP and SIGCONT a second apart: the gap is there the moment it runs again.
    """
    command = [sys.executable, "-c", STOPPED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        assert "ready" == child.stdout.readline().strip()
        os.kill(child.pid, signal.SIGSTOP)
        time.sleep(1.2)
        os.kill(child.pid, signal.SIGCONT)
        print(file=child.stdin, flush=True)
        gap = float(child.stdout.readline())

    assert gap > 0.6
