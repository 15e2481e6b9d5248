"""
Single faults at the one instant that matters, so that none of them is left to chance.
"""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from masterops.db import LogStore, Pool
from masterops.errors import DatabaseError
from masterops.logs import Pipeline, ship_once
from tests.proof.disks import Disk, disk
from tests.proof.rounds import Round, World

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("proof")]
_numbers = itertools.count()


@pytest.fixture
def where(request: pytest.FixtureRequest) -> Iterator[Disk]:
    with disk(mount=getattr(request, "param", True)) as made:
        yield made


@pytest.fixture
def stage(proof: World, scratch: Path, where: Disk) -> Round:
    """A round in which nothing happens by itself."""
    folder = scratch / f"stage-{next(_numbers)}"
    folder.mkdir()
    proof.database.empty()
    proof.network.fired.clear()
    return Round(proof, 7, where, folder, 0.0)


def finish(stage: Round) -> None:
    """The end of a round: everything is healed and shipped, and nothing may be wrong."""
    stage.settle()
    stage.judge()
    assert [] == stage.outcome.problems
    assert stage.outcome.numbers["acknowledged"] > 0


async def ship(stage: Round, *, fails: bool) -> None:
    """One pass over the network that loses things."""
    async with Pool(stage.world.network.url) as pool:
        try:
            await ship_once(stage.spool, LogStore(pool))
        except DatabaseError:
            assert fails
        else:
            assert not fails


async def test_a_commit_whose_answer_is_lost_is_not_carried_out_twice(stage: Round) -> None:
    """
    The shipper cannot know that its rows are in; the next pass must not bring them again.
    """
    log = Pipeline(stage.spool).logger(source="proof.faults")
    for number in range(100):
        log.info("said", n=number)
    stage.world.network.lose_answer = True

    await ship(stage, fails=True)
    with stage.world.database.connected() as connection:
        arrived = connection.execute("SELECT count(*) FROM public.integration_logs").fetchone()
    await ship(stage, fails=False)
    with stage.world.database.connected() as connection:
        at_last = connection.execute("SELECT count(*) FROM public.integration_logs").fetchone()

    assert 1 == stage.world.network.fired["answer lost"]
    assert ((100,), (100,)) == (arrived, at_last)


async def test_a_commit_that_is_lost_on_the_way_is_made_up_for(stage: Round) -> None:
    """
    None of its rows is in; the next pass brings them all.
    """
    log = Pipeline(stage.spool).logger(source="proof.faults")
    for number in range(100):
        log.info("said", n=number)
    stage.world.network.lose_commit = True

    await ship(stage, fails=True)
    with stage.world.database.connected() as connection:
        arrived = connection.execute("SELECT count(*) FROM public.integration_logs").fetchone()
    await ship(stage, fails=False)
    with stage.world.database.connected() as connection:
        at_last = connection.execute("SELECT count(*) FROM public.integration_logs").fetchone()

    assert 1 == stage.world.network.fired["commit lost"]
    assert ((0,), (100,)) == (arrived, at_last)


@pytest.mark.parametrize("where", [True, False], ids=["file system", "limit"], indirect=True)
def test_a_full_disk_costs_what_it_refuses_and_no_more(stage: Round) -> None:
    """
    Calls go on and count their losses; every record before and after is there, and each writer says its loss.
    """
    writers = [stage.start_writer(kind) for kind in ("plain", "threads", "signals")]
    stage.start_shipper()
    stage.let_write(*writers)
    stage.where.fill(child.pid for child in writers)
    stage.let_write(*writers)
    stage.where.free(child.pid for child in writers)
    stage.let_write(*writers)
    finish(stage)

    assert stage.outcome.numbers["refused"] > 0


def test_a_stopped_shipper_that_goes_on_later_doubles_nothing(stage: Round) -> None:
    """
    Stopped in the middle of whatever it did, while another one takes over what it does not hold.
    """
    writer = stage.start_writer("plain")
    first = stage.start_shipper()
    for _ in range(4):
        stage.let_write(writer)
        first.send(signal.SIGSTOP)
        second = stage.start_shipper()
        stage.let_write(writer)
        first.send(signal.SIGCONT)
        second.kill()
    finish(stage)


def test_a_writer_that_is_stopped_at_any_instant_loses_nothing(stage: Round) -> None:
    """
    Also when its segment is so old by the time it goes on that a shipper did not wait for it.
    """
    stage.segment_seconds = 0.02
    writers = [stage.start_writer(kind) for kind in ("plain", "threads", "forking")]
    stage.start_shipper()
    stage.let_write(*writers)
    for _ in range(15):
        writer = stage.random.choice(writers)
        writer.send(signal.SIGSTOP)
        time.sleep(stage.random.uniform(0.005, 0.08))
        writer.send(signal.SIGCONT)
        time.sleep(stage.random.uniform(0.0, 0.01))
    finish(stage)


def test_a_server_that_dies_costs_only_time(stage: Round) -> None:
    """
    Its postmaster is killed twice, under load; the writer notices nothing, even while there is none.
    """
    writer = stage.start_writer("plain")
    stage.start_shipper()
    for _ in range(2):
        stage.let_write(writer)
        stage.world.database.kill()
        stage.let_write(writer)
        stage.world.database.start()
    finish(stage)


def test_records_arrive_in_order_when_the_clock_jumps_back(stage: Round, proof: World) -> None:
    """
    A reader who sees one record of a process has seen all its earlier ones, also across segments.
    """
    if not proof.has_clock:
        pytest.skip("no C compiler, and the machine's own clock is not ours to set")
    writer = stage.start_writer("clocked")
    for hours in (0, -1, 3, -30, -400 * 24, 2):
        stage.move_clock(hours)
        stage.let_write(writer)
        writer.send(signal.SIGUSR1)  # ends the segment
    writer.send(signal.SIGTERM)
    assert writer.wait(10)
    stage.ship_watched()
    finish(stage)

    assert len(stage.progress) > 3
    assert 0 == stage.outcome.numbers["seen out of order"]


def test_a_network_that_says_nothing_is_survived(stage: Round) -> None:
    """
    Half-open for a while: the pass hangs or fails, and afterwards all is there once.
    """
    writer = stage.start_writer("plain")
    stage.start_shipper()
    stage.let_write(writer)
    stage.world.network.silent = True
    for _ in range(5):
        stage.let_write(writer)
    finish(stage)
