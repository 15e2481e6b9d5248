"""
One round: writers, shippers, a server and a network, and what is done to them at random instants.

All randomness comes from the seed: the same one does the same to the same processes, though not at the same
instruction.
"""

from __future__ import annotations

import asyncio
import fcntl
import heapq
import itertools
import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from masterops.db import LogStore, Pool
from masterops.errors import MasterOpsError
from masterops.logs import Batch, ship_once
from tests.proof import marks, wallclock
from tests.proof.children import ALIVE, STREAMS
from tests.proof.database import Database
from tests.proof.disks import Disk, disk
from tests.proof.events import EVENTS
from tests.proof.judge import Verdict, judge, overtaken
from tests.proof.network import Network
from tests.proof.nursery import Child, Nursery

PATIENCE = 60.0  # for the spool to be empty once nothing is in the way
EVENTS_PER_SECOND = 9.0
USUAL_START, SLOWEST = (
    0.25,
    8.0,
)  # seconds until the first record has arrived; the most that a round is stretched
LOSING = "masterops: log records are being lost"
OURS = (".jsonl", ".opening", ".shipping")


@dataclass(slots=True)
class Outcome:
    """
    What was done in one round or many, and what came of it.
    """

    done: Counter[str] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, other: Outcome, label: str) -> None:
        self.done.update(other.done)
        self.numbers.update(other.numbers)
        self.problems += [f"{label}: {problem}" for problem in other.problems]


@dataclass(slots=True)
class World:
    """
    What lasts longer than a round.
    """

    database: Database
    network: Network
    nursery: Nursery
    has_clock: bool


class Round:
    """
    The state of one round.
    """

    def __init__(
        self, world: World, seed: int, where: Disk, scratch: Path, seconds: float, spool: Path | None = None
    ) -> None:
        self.world, self.where, self.seconds = world, where, seconds
        self.random = Random(seed)
        self.outcome = Outcome()
        self.spool = spool or where.folder / "spool"
        self.sheets = scratch / "sheets"
        self.sheets.mkdir()
        (self.sheets / ALIVE).touch()
        self.clock = scratch / "clock"
        wallclock.make(self.clock)
        self.stderr = scratch / "stderr"
        self.stderr.touch()
        self.writers: list[Child] = []
        self.shippers: list[Child] = []
        self.jumped: set[str] = set()
        # Of all writers, where it is not left to chance.
        self.durability: str | None = None
        self.segment_seconds: float | None = None
        self.alone = True  # no two shippers at the same time
        self.pace = 1.0  # how many times slower than usual the machine is: a shipper must get to work at all
        self._looks = 0
        self.progress: list[tuple[str, int, int]] = []
        self._names = itertools.count()
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._server_lock = threading.Lock()

    # -- processes

    def start_writer(self, kind: str | None = None) -> Child:
        kinds = [each for each in STREAMS if each != "clocked" or self.world.has_clock]
        kind = kind or self.random.choice(kinds)
        number = next(self._names)
        streams = [f"{number}-{kind}-{stream}" for stream in range(STREAMS[kind])]
        for stream in streams:
            marks.make(self.sheets / stream)
        self.jumped.update(streams if kind == "clocked" else ())
        self.alone = self.alone and kind != "platform"
        durability = self.durability or self.random.choice(["process", "fsync"])
        pause = self.random.choice([0.0005, 0.002, 0.005])
        seconds = self.segment_seconds or self.random.choice([None, None, 0.02, 0.2])
        return self._start(
            self.writers, kind,
            streams=streams, pause=pause, durability=durability, segment_seconds=seconds,
        )  # fmt: skip

    def start_shipper(self) -> Child:
        self.alone = self.alone and not self.living(self.shippers)
        return self._start(self.shippers, "shipper")

    def _start(self, among: list[Child], role: str, **task: Any) -> Child:
        task |= {
            "folder": str(self.spool), "sheets": str(self.sheets), "clock": str(self.clock),
            "url": self.world.network.url, "seed": self.random.randrange(1 << 30),
        }  # fmt: skip
        child = self.world.nursery.child(role, self.stderr, task)
        among.append(child)
        return child

    def living(self, among: list[Child]) -> list[Child]:
        return [child for child in among if not child.ended]

    def victim(self, among: list[Child]) -> Child | None:
        found = self.living(among)
        return self.random.choice(found) if found else None

    # -- time

    def later(self, seconds: float, action: Callable[[], object]) -> None:
        """Do it in so many seconds; whatever is still open at the end is done then."""
        heapq.heappush(self._later, (time.monotonic() + seconds * self.pace, next(self._order), action))

    def briefly(self, longest: float = 0.4) -> float:
        return self.random.uniform(0.02, longest)

    def marked(self, writer: Child) -> int:
        """How many records a writer has begun."""
        return sum(len(marks.read(self.sheets / name)) for name in writer.task["streams"])

    def let_write(self, *writers: Child) -> None:
        """Wait until each has begun some more records."""
        wanted = {writer: self.marked(writer) + 20 for writer in writers}
        self._wait("a writer writes nothing", lambda: all(self.marked(w) > n for w, n in wanted.items()))

    def move_clock(self, hours: float) -> None:
        """Of the writers that follow it, at once."""
        wallclock.jump(self.clock, hours * 3600)

    def run(self) -> Outcome:
        self._begin()
        end = time.monotonic() + self.seconds * self.pace
        next_event = time.monotonic()
        while (now := time.monotonic()) < end:
            if self._later and self._later[0][0] <= now:
                heapq.heappop(self._later)[2]()
            elif next_event <= now:
                name = self.random.choices(list(EVENTS), [weight for weight, _ in EVENTS.values()])[0]
                if EVENTS[name][1](self):
                    self.outcome.done[name] += 1
                next_event = now + self.random.expovariate(EVENTS_PER_SECOND) * self.pace
            else:
                self._look()
                time.sleep(0.005)
        self.outcome.numbers["shipped meanwhile"] = self._shipped()
        self.settle()
        self.judge()
        return self.outcome

    def _shipped(self) -> int:
        """How many of ours are in, as far as the server can say."""
        try:
            return sum(count for _, count, _ in self.world.database.progress())
        except psycopg.Error:
            return 0

    def _begin(self) -> None:
        self.world.database.empty()
        self.world.network.fired.clear()
        for _ in range(self.random.randint(2, 4)):
            self.start_writer()
        self.start_shipper()
        started = time.monotonic()
        self._wait("nothing arrives", lambda: bool(self.world.database.progress()))
        self.pace = min(SLOWEST, max(1.0, (time.monotonic() - started) / USUAL_START))

    def _look(self) -> None:
        """As a reader would, now and then: what is in the table already."""
        self._looks += 1
        if self._looks % 16 == 0:
            try:
                self.progress += self.world.database.progress()
            except psycopg.Error:
                return

    # -- the end

    def settle(self) -> None:
        while self._later:
            heapq.heappop(self._later)[2]()
        self.world.network.heal()
        self.where.free(child.pid for child in self.writers)
        for child in [*self.writers, *self.shippers]:
            child.send(signal.SIGCONT)
        for child in self.writers:
            child.send(signal.SIGKILL if self.random.random() < 0.3 else signal.SIGTERM)
        self._wait_for_writers()
        for child in self.shippers:
            child.kill()
        self.world.database.start()
        self._age_unnamed()
        asyncio.run(self._drain())
        for child in [*self.writers, *self.shippers]:
            child.kill()
            child.forget()

    def _wait_for_writers(self) -> None:
        """Those included that were forked by others."""
        with (self.sheets / ALIVE).open() as alive:
            self._wait("a writer does not end", lambda: _try_lock(alive.fileno()))

    def _wait(self, complaint: str, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                self.outcome.problems.append(complaint)
                return
            time.sleep(0.01)

    def _age_unnamed(self) -> None:
        """Segments whose owner was killed before they had a name are swept when they are a minute old."""
        for opening in self.spool.glob("*.opening"):
            os.utime(opening, (0, 0))

    def ship_watched(self) -> None:
        """Ship what is there, and look at the table after each batch."""

        async def ship() -> None:
            async with Pool(self.world.network.url) as pool:
                await ship_once(self.spool, _Watched(pool, self))

        asyncio.run(ship())

    async def _drain(self) -> None:
        """What one healthy shipper does in the end; the last pass finds nothing and tidies up."""
        end = time.monotonic() + PATIENCE
        async with Pool(self.world.network.url) as pool:
            store = LogStore(pool)
            while time.monotonic() < end:
                try:
                    await ship_once(self.spool, store)
                    if not list(self.spool.glob("*.jsonl")):
                        await ship_once(self.spool, store)
                        return
                except MasterOpsError as error:
                    self.outcome.numbers["passes that failed at the end"] += 1
                    last = repr(error)
                    await asyncio.sleep(0.1)
                else:
                    last = "no error"
                    await asyncio.sleep(0.01)
        self.outcome.problems.append(
            f"the spool is not drained: {last}, {sorted(path.name for path in self.spool.iterdir())}"
        )

    def judge(self) -> None:
        database, outcome = self.world.database, self.outcome
        rows = database.rows()
        sheets = {path.name: marks.read(path) for path in self.sheets.iterdir() if path.name != ALIVE}
        verdict: Verdict = judge(sheets, rows, jumped=self.jumped)
        outcome.problems += verdict.problems
        outcome.numbers.update(verdict.numbers)
        outcome.numbers["seen out of order"] += overtaken(self.progress, rows) if self.alone else 0
        outcome.done.update(self.world.network.fired)
        left = sorted(path.name for path in self.spool.glob("*") if path.suffix in OURS)
        if left:
            outcome.problems.append(f"left in the folder: {left}")
        if segments := database.segments():
            outcome.problems.append(f"left in ops.spool_segments: {segments}")
        for reason, line in database.dead_letters():
            outcome.numbers["torn lines"] += 1
            if not reason.startswith("not a record"):
                outcome.problems.append(f"a dead letter that is not a torn line: {reason}: {line[:200]}")
        outcome.problems += database.counts()
        database.roll_up()
        outcome.problems += database.counts()
        if said := self.complaints():
            outcome.problems.append(f"on stderr: {said}")

    def complaints(self) -> str:
        """What the processes said, without what they ought to say when a disk is full."""
        lines = self.stderr.read_text().splitlines()
        # A limit on the size of files cuts this line as well.
        lines = [line for line in lines if LOSING not in line and not LOSING.startswith(line)]
        return "\n".join(lines)[-3000:]


class _Watched(LogStore):
    """
    A store whose table is looked at after each batch.
    """

    def __init__(self, pool: Pool, round: Round) -> None:
        super().__init__(pool)
        self._round = round

    async def store(self, batch: Batch) -> int:
        refused = await super().store(batch)
        self._round.progress += self._round.world.database.progress()
        return refused


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Server, network and nursery for as many rounds as one likes."""
    clock = wallclock.library(folder)
    database = Database()
    network = Network(lambda: database.socket)
    nursery = Nursery(clock)
    try:
        yield World(database, network, nursery, has_clock=clock is not None)
    finally:
        nursery.close()
        network.close()
        database.close()


def play(world: World, seed: int, scratch: Path, seconds: float = 1.2) -> Outcome:
    """One round from beginning to verdict."""
    folder = scratch / f"round-{seed}"
    folder.mkdir(parents=True)
    with disk() as where:
        outcome = Round(world, seed, where, folder, seconds).run()
    if not outcome.problems:
        shutil.rmtree(folder)
    return outcome
