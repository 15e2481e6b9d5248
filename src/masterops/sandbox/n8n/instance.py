"""
One n8n server of the sandbox: its workflows, their executions, and the rest of what it keeps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from masterops.sandbox.clock import Clock
from masterops.sandbox.n8n.timers import Timer

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
ENDED = ("success", "error", "crashed", "canceled")


class Traits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    How a server behaves when nothing is wrong with it.
    """

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    licensed: bool = False  # whether projects and variables are there
    older: bool = False  # one that has no publish, discover, list of credentials, filter by time
    starting: bool = False  # it answers with a page of text and status 200, as n8n does while it boots
    read_only: bool = False  # a key that may only read
    keep_executions: int = 10_000  # older ones are purged, as n8n does

    def flaw(self) -> str | None:
        """What is wrong with it, or None."""
        if min(self.latency_ms, self.jitter_ms) < 0:
            return "a delay cannot be negative"
        return "keep_executions is 1 or more" if self.keep_executions < 1 else None


class Run(msgspec.Struct):
    """
    One execution; `ends` is when a running one will be over, and `ends_as` how.
    """

    number: int
    workflow: str
    mode: str
    status: str
    started: datetime
    stopped: datetime | None = None
    retry_of: int | None = None
    retried: int | None = None
    ends: datetime | None = None
    ends_as: str = "success"
    failing: str = ""  # the node that fails, and what it says
    words: str = ""
    items: int = 1  # what its last node gives


class Instance:
    """
    The server of one business.
    """

    def __init__(self, business: str, seed: int, clock: Clock) -> None:
        digest = hashlib.sha256(f"n8n {business} {seed}".encode()).digest()
        self.business, self.clock, self.traits = business, clock, Traits()
        self.chance = Random(digest)
        self.requests = self.refused = 0
        self.workflows: dict[str, dict[str, Any]] = {}
        self.runs: dict[int, Run] = {}
        self.tags: dict[str, dict[str, Any]] = {}
        self.credentials: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, dict[str, Any]] = {}
        self.projects: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.timers: list[Timer] = []
        self._last, self._unended = 0, list[Run]()

    def id(self) -> str:
        """A new id, as n8n makes them."""
        return "".join(self.chance.choices(ALPHABET, k=16))

    def uuid(self) -> str:
        """A new version's name."""
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    def now(self) -> str:
        """The present moment, as n8n writes it."""
        return iso(self.clock.now())

    def stamped(self) -> dict[str, Any]:
        """A new record's id and moments."""
        now = self.now()
        return {"id": self.id(), "createdAt": now, "updatedAt": now}

    def begin(
        self, workflow: str, mode: str, *, at: datetime, seconds: float | None, ends_as: str = "success",
        failing: str = "", words: str = "", retry_of: int | None = None, items: int = 1,
    ) -> Run:  # fmt: skip
        """A run that begins at a moment and takes so long; None is for ever."""
        self._last += 1
        ends = None if seconds is None else at + timedelta(seconds=seconds)
        run = Run(
            self._last, workflow, mode, "running", at, retry_of=retry_of, ends=ends, ends_as=ends_as,
            failing=failing, words=words, items=items,
        )  # fmt: skip
        self.runs[run.number] = run
        self._unended.append(run)
        self.settle()
        return run

    def in_order(self) -> None:
        """Number the executions by the time that they began, as n8n does."""
        runs = sorted(self.runs.values(), key=lambda run: run.started)
        self.runs.clear()
        for number, run in enumerate(runs, 1):
            run.number = number
            self.runs[number] = run

    def settle(self) -> None:
        """Begin what is due by now, end what is over, and purge what is too old."""
        now = self.clock.now()
        self._tick(now)
        for run in self._unended:
            if run.status == "running" and run.ends is not None and run.ends <= now:
                run.status, run.stopped = run.ends_as, run.ends
        self._unended = [run for run in self._unended if run.status == "running"]
        while len(self.runs) > self.traits.keep_executions:
            ended = next((number for number, run in self.runs.items() if run.status in ENDED), None)
            if ended is None:
                return
            del self.runs[ended]

    def _tick(self, now: datetime) -> None:
        """What the timers have set off; one of a workflow that is switched off, or gone, sets nothing off."""
        due = sorted(
            ((at, timer) for timer in self.timers for at in timer.due(now)), key=lambda each: each[0]
        )
        for at, timer in due:
            if self.workflows.get(timer.workflow, {}).get("active"):
                self.begin(timer.workflow, "trigger", **timer.run(at, self.chance))

    def newest(self, before: int | None = None) -> Iterator[Run]:
        """The executions, the newest first; of those behind the one of a number."""
        if before is None:
            yield from reversed(self.runs.values())
            return
        oldest = next(iter(self.runs), before)
        for number in range(before - 1, oldest - 1, -1):
            if number in self.runs:
                yield self.runs[number]

    def counts(self) -> dict[str, int]:
        """How many records of each kind there are."""
        return {"workflows": len(self.workflows), "executions": len(self.runs), "tags": len(self.tags)}


def iso(moment: datetime) -> str:
    """A moment, as n8n writes it."""
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{moment.microsecond // 1000:03d}Z"
