"""
The beginning of a line: an id and a time, as text.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from masterops.logs import stamp as stamps
from masterops.logs.stamp import stamp


def id_and_time() -> tuple[UUID, datetime]:
    before, number, moment, microsecond = stamp()
    return (
        UUID((b"%b%012x" % (before, number)).decode()),
        datetime.fromisoformat((b"%b%03dZ" % (moment, microsecond)).decode()),
    )


def test_both_are_of_now() -> None:
    """
    The time is the present one to the microsecond, and the id a version 7 UUID of its millisecond.
    """
    started = datetime.now(UTC)
    found = [id_and_time() for _ in range(2_000)]
    ended = datetime.now(UTC)

    assert started <= found[0][1] and found[-1][1] <= ended
    assert all((7, 2) == (id.version, id.int >> 62 & 0x3) for id, _ in found)
    assert all(
        datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=id.int >> 80)
        == at.replace(microsecond=at.microsecond // 1000 * 1000)
        for id, at in found
    )


@pytest.mark.parametrize(
    "nanoseconds", [0, 999_999, 1_000_000, 1_795_000_000_999_999_999, 4_102_444_800 * 10**9]
)
def test_any_moment_is_written_in_full(monkeypatch: pytest.MonkeyPatch, nanoseconds: int) -> None:
    """
    Leading zeros included, and rounded down: no record is of a later moment than it is.
    """
    monkeypatch.setattr(stamps, "_wall", lambda: nanoseconds)

    id, at = id_and_time()

    assert datetime.fromtimestamp(0, UTC) + timedelta(microseconds=nanoseconds // 1000) == at
    assert nanoseconds // 1_000_000 == id.int >> 80


def test_those_of_a_process_are_in_order_and_differ() -> None:
    """
    Later ones sort later, also within a millisecond, and threads get none twice.
    """
    found: list[list[UUID]] = [[] for _ in range(4)]

    def make(mine: list[UUID]) -> None:
        mine += [id_and_time()[0] for _ in range(5_000)]

    threads = [threading.Thread(target=make, args=(mine,)) for mine in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 20_000 == len({id for mine in found for id in mine})
    assert sorted(found[0]) == found[0]


def test_a_forked_child_counts_from_elsewhere() -> None:
    """
    Parent and child agree in no id, though both go on from the same place.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, b"".join(id_and_time()[0].bytes for _ in range(50)))
        os._exit(0)
    os.waitpid(child, 0)
    data = os.read(reader, 50 * 16)
    os.close(reader)
    os.close(writer)

    theirs = {data[place : place + 16][6:] for place in range(0, len(data), 16)}
    ours = {id_and_time()[0].bytes[6:] for _ in range(50)}
    assert 50 == len(theirs)
    assert not theirs & ours


def test_a_clock_that_is_set_back_makes_no_id_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The same millisecond a second time has other ids.
    """
    moments = [1_795_000_000_000_000_000 + step * 1_000_000 for step in (0, 1, 0, 1)]
    monkeypatch.setattr(stamps, "_wall", lambda: moments[0])
    found = []
    while moments:
        found.append(id_and_time()[0])
        moments.pop(0) if len(moments) > 1 else moments.clear()
        if not moments:
            break

    assert len(set(found)) == len(found) == 4


def test_seconds_go_on() -> None:
    """
    What milliseconds have in common is made anew for each.
    """
    first = id_and_time()
    time.sleep(0.003)
    second = id_and_time()

    assert first[0] < second[0]
    assert timedelta(milliseconds=3) <= second[1] - first[1]
