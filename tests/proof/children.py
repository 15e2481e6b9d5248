"""
The processes that are killed: those that write, and those that ship.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Literal

from masterops.app.shipping import Shipping
from masterops.db import LogStore, Pool
from masterops.errors import DatabaseError
from masterops.logs import Logger, Pipeline, Policy, Spool, ship_once
from tests.proof import marks, wallclock
from tests.proof.content import SOURCE, content

ALIVE = ".alive"
Durability = Literal["process", "fsync"]


class Stream:
    """
    One strictly rising sequence of records, each acknowledged only after its call has returned.
    """

    def __init__(self, pipeline: Pipeline, sheets: Path, name: str) -> None:
        self.pipeline = pipeline
        self.name = name
        self._log: Logger = pipeline.logger(source=SOURCE, workflow_id=name)
        self._marks = marks.opened(sheets / name)
        self._numbers = itertools.count()

    def write(self) -> tuple[int, int]:
        """Write the next record; answers its number and the losses counted before."""
        number = next(self._numbers)
        if number >= marks.MOST:
            raise SystemExit(0)
        level, message, facts = content(self.name, number)
        self._marks[number] = marks.BEGUN
        before = self.pipeline.lost
        getattr(self._log, level)(message, **facts)
        return number, before

    def acknowledge(self, number: int, before: int) -> None:
        """Say that the record is safe, unless a loss was counted meanwhile: it may have been this one."""
        kept = self.pipeline.lost == before
        self._marks[number] = marks.ACKNOWLEDGED if kept else marks.REFUSED

    def step(self) -> None:
        """Write one and acknowledge it."""
        self.acknowledge(*self.write())


class Writer:
    """
    A writer's life: it writes at random intervals until it is told to stop, or killed.
    """

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.sheets = Path(task["sheets"])
        self.random = Random(task["seed"])
        self.pause: float = task["pause"]
        self.pipeline = make_pipeline(
            Path(task["folder"]), task["durability"], segment_seconds=task["segment_seconds"]
        )
        self.stopped = False
        # Forked children inherit the lock: it is free again when the last of them is gone.
        self._alive = os.open(self.sheets / ALIVE, os.O_RDONLY)
        fcntl.flock(self._alive, fcntl.LOCK_SH)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGUSR1, lambda *_: self.pipeline.close())

    def _stop(self, *_: object) -> None:
        self.stopped = True

    def stream(self, name: str) -> Stream:
        return Stream(self.pipeline, self.sheets, name)

    def run(self, after: Callable[[], None] = lambda: None) -> None:
        """One stream; now and then the segment is finished, as its size or age would have it."""
        stream = self.stream(self.task["streams"][0])
        while not self.stopped:
            stream.step()
            after()
            self.rest()

    def rest(self) -> None:
        if self.random.random() < 0.004:
            self.pipeline.close()
        if self.pause and self.random.random() < 0.5:
            time.sleep(self.random.expovariate(0.5 / self.pause))

    def end(self) -> None:
        """In an orderly way, or not."""
        if self.random.random() < 0.5:
            self.pipeline.close()


def make_pipeline(
    folder: Path, durability: Durability, *, segment_seconds: float | None = None, disk: object = None
) -> Pipeline:
    """As durable as wished, with segments as short-lived and on the disk that is wished."""
    policy = Policy(durability=durability)
    made = Pipeline(folder, level="debug", policy=policy)
    wished: dict[str, Any] = {"segment_seconds": segment_seconds, "disk": disk}
    special = {name: value for name, value in wished.items() if value is not None}
    if special:
        made.spool = Spool(folder, policy, **special)
    return made


def plain(task: dict[str, Any]) -> None:
    """One thread, one stream."""
    writer = Writer(task)
    writer.run()
    writer.end()


def threads(task: dict[str, Any]) -> None:
    """A stream for each thread, all into one segment."""
    writer = Writer(task)

    def go(name: str) -> None:
        stream = writer.stream(name)
        while not writer.stopped:
            stream.step()
            writer.rest()

    running = [threading.Thread(target=go, args=[name], daemon=True) for name in task["streams"]]
    for each in running:
        each.start()
    while not writer.stopped:
        time.sleep(0.01)
    for each in running:
        each.join()
    writer.end()


def forking(task: dict[str, Any]) -> None:
    """Now and then a child with a stream of its own, often made in the middle of another thread's write."""
    warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of just this
    writer, children = Writer(task), list(task["streams"][2:])
    started: list[int] = []
    beside = writer.stream(task["streams"][1])

    def busy() -> None:
        while not writer.stopped:
            beside.step()
            time.sleep(0.0005)

    other = threading.Thread(target=busy, daemon=True)
    other.start()

    def fork() -> None:
        if children and writer.random.random() < 0.02:
            name = children.pop()
            pid = os.fork()
            if pid == 0:
                with _last_words():
                    own = writer.stream(name)
                    for _ in range(writer.random.randrange(400)):
                        if writer.stopped:
                            break
                        own.step()
                        writer.rest()
                    writer.end()
            started.append(pid)

    writer.run(fork)
    other.join()
    writer.end()
    for pid in started:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def signals(task: dict[str, Any]) -> None:
    """A signal handler writes too, often in the middle of a write; its record counts once that has ended."""
    writer = Writer(task)
    own = writer.stream(task["streams"][1])
    said: list[tuple[int, int]] = []
    busy = False

    def interrupt(*_: object) -> None:
        nonlocal busy
        if not busy:  # handlers nest, and an inner one would overtake the number of the outer one
            busy = True
            said.append(own.write())
            busy = False

    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.001)

    def settle() -> None:
        while said:
            own.acknowledge(*said.pop(0))

    writer.run(settle)
    signal.setitimer(signal.ITIMER_REAL, 0)
    settle()
    writer.end()


def clocked(task: dict[str, Any]) -> None:
    """One stream on a wall clock that jumps."""
    wallclock.follow(Path(task["clock"]))
    plain(task)


def platform(task: dict[str, Any]) -> None:
    """Writes and ships in one process, as `ops up` does."""
    writer = Writer(task)
    stream = writer.stream(task["streams"][0])

    async def live() -> None:
        async with Pool(task["url"], timeout=2.0) as pool:
            log = writer.pipeline.logger(source="platform")
            async with Shipping(writer.pipeline, LogStore(pool), log):
                while not writer.stopped:
                    stream.step()
                    await asyncio.sleep(writer.random.expovariate(1 / (writer.pause or 0.001)))
            os._exit(0)  # the spool is what counts: a pool may take long to close on a dead network

    asyncio.run(live())


def shipper(task: dict[str, Any]) -> None:
    """Ships for ever; a database that is away is tried again."""

    async def ship() -> None:
        async with Pool(task["url"], timeout=2.0) as pool:
            store = LogStore(pool)
            while True:
                try:
                    await ship_once(Path(task["folder"]), store)
                except DatabaseError:
                    await asyncio.sleep(0.05)
                except Exception:
                    traceback.print_exc()
                await asyncio.sleep(0.02)

    asyncio.run(ship())


ROLES: dict[str, Callable[[dict[str, Any]], None]] = {
    role.__name__: role for role in (plain, threads, forking, signals, clocked, platform, shipper)
}
# kind of writer -> how many streams it needs
STREAMS = {"plain": 1, "threads": 3, "forking": 5, "signals": 2, "clocked": 1, "platform": 1}


@contextlib.contextmanager
def _last_words() -> Iterator[None]:
    """End the process afterwards; what went wrong is on stderr."""
    code = 0
    try:
        yield
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stderr.flush()
        os._exit(code)


def become(role: str, task: dict[str, Any]) -> None:
    """Be that process until it ends."""
    with _last_words():
        ROLES[role](task)
