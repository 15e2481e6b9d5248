"""
What eight processes get out of one limit: how many calls are refused, and what part of the permitted is used.

A server with true rolling windows counts; each process asks as fast as its limiter lets it. The windows are
the twin's own, which share no code with the limiter.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import rivals
from benchmarks.measuring import SCALE, Row
from masterops.db import Embedded, bundled, migrate
from tests.transport.contest import Count, begin, ready

Windows = Sequence[tuple[int, float]]

PROCESSES, CALLERS, LATENCY = 8, 25, 0.02
SPAN = max(15.0, 60.0 * SCALE)
PLAIN: Windows = ((100, 10.0),)
MIXED: Windows = ((100, 10.0), (30, 1.0))
GOAL = "0 refused, >= 97 %"
PACKAGES = ("aiolimiter~=1.3", "pyrate-limiter~=4.5", "psycopg[binary]~=3.3", "psycopg-pool~=3.3")
RIVALS = {"aiolimiter": "an eighth each", "pyrate-limiter": "shared through the same PostgreSQL"}


def rows() -> Iterator[Row]:
    """One window beside the rivals with one, and two windows at once."""
    with database() as url:
        for name, windows in (("100 per rolling 10 s", PLAIN), ("100 per 10 s and 30 per 1 s", MIXED)):
            mine = said(asyncio.run(contest(ours(url, windows), windows)), windows)
            what = f"{PROCESSES} processes, {SPAN:.0f} s, {name}"
            for rival, how in RIVALS.items() if windows is PLAIN else ():
                yield Row(f"{what} / {rival}, {how}", mine, beside(rival, url), None, GOAL)
            if windows is MIXED:
                yield Row(what, mine, "-", None, GOAL)


def beside(rival: str, url: str) -> str:
    """What a rival gets out of the same."""
    python = rivals.interpreter("limiters", *PACKAGES)
    if python is None:
        return rivals.MISSING
    return said(asyncio.run(contest(theirs(str(python), rival, url, PLAIN), PLAIN)), PLAIN)


def said(count: Count, windows: Windows) -> str:
    """A result in words."""
    return f"{count.refused} refused, {share(count, windows):.1%} used"


def share(count: Count, windows: Windows) -> float:
    """
    What was used of the most that is permitted, in the time until the last full window was used up. For one
    window that is `full / (elapsed / seconds + 1)`.
    """
    most, seconds = max(windows, key=lambda window: window[1])
    calls = len(count.calls) // most * most
    elapsed = count.calls[calls - 1][0] - count.calls[0][0]
    return (soonest(windows, calls) + seconds) / (elapsed + seconds)


def soonest(windows: Windows, calls: int) -> float:
    """When the last of so many calls can be made at the earliest, in seconds since the first."""
    moments: list[float] = []
    for number in range(calls):
        bounds = [moments[number - most] + seconds for most, seconds in windows if number >= most]
        moments.append(max(bounds, default=0.0))
    return moments[-1]


Command = Callable[[int, int], list[str]]  # of a port and the number of a process


def ours(url: str, windows: Windows) -> Command:
    """A process with a budget that it shares through the database."""
    (most, seconds), *more = windows
    words = [str(word) for word in (most, seconds, SPAN, CALLERS, *(word for pair in more for word in pair))]
    module = [sys.executable, "-m", "tests.transport.contest", url]
    return lambda port, number: [*module, str(port), str(number), *words]


def theirs(python: str, rival: str, url: str, windows: Windows) -> Command:
    """A process with a rival's limiter."""
    words = [url, json.dumps(windows), str(SPAN), str(CALLERS), str(PROCESSES)]
    return lambda port, number: [python, rivals.script("spend"), rival, str(port), str(number), *words]


async def contest(command: Command, windows: Windows) -> Count:
    """What the server counts while all spend at once."""
    (most, seconds), *more = windows
    count = Count(most, seconds, LATENCY, more)
    server = await asyncio.start_server(count.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    processes = [await ready(command(port, number)) for number in range(PROCESSES)]
    for each in processes:
        begin(each)
    codes = await asyncio.gather(*(each.wait() for each in processes))
    assert set(codes) == {0}, f"the processes ended with {codes}"
    server.close()
    return count


@contextmanager
def database() -> Iterator[str]:
    """A migrated database on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="mo-", dir="/tmp") as home:
        Path(home).chmod(0o755)  # root's server runs under another account, which may enter here
        with Embedded(Path(home)).running() as url:
            asyncio.run(migrate(url, bundled()))
            yield url
