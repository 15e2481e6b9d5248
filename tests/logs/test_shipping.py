"""
The spool and the shipper: nothing is lost, nothing arrives twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops import errors
from masterops.logs import Batch, Pipeline, ship_once
from masterops.logs.shipper import read_batch
from tests.logs.conftest import Memory, spooled

WRITER = """
import sys
from pathlib import Path
from masterops.logs import Pipeline
log = Pipeline(Path(sys.argv[1])).logger(source="test")
number = 0
while True:
    number += 1
    log.info(f"n{number}")
    print(number, flush=True)
"""


async def test_ships_what_was_written_in_order_and_only_once(pipeline: Pipeline, memory: Memory) -> None:
    """
    A second pass finds nothing new; a third finds what came in between.
    """
    log = pipeline.logger()
    log.info("one")
    log.info("two")

    first = await ship_once(pipeline.folder, memory)
    second = await ship_once(pipeline.folder, memory)
    log.info("three")
    await ship_once(pipeline.folder, memory)

    assert (2, 0) == (first.records, second.records)
    assert ["one", "two", "three"] == memory.messages


async def test_a_finished_segment_is_deleted_when_it_is_shipped(pipeline: Pipeline, memory: Memory) -> None:
    """
    Nothing is left of it, on disk or in the store; an open one stays.
    """
    pipeline.logger().info("one")
    await ship_once(pipeline.folder, memory)
    open_files = list(pipeline.folder.iterdir())
    pipeline.close()

    shipped = await ship_once(pipeline.folder, memory)

    assert open_files
    assert 1 == shipped.finished_segments
    assert ([], {}) == (list(pipeline.folder.iterdir()), memory.offsets)


class Forgetful(Memory):
    """
    A store whose connection is lost before it can forget, once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.away = True

    async def forget(self, segment: str) -> None:
        away, self.away = self.away, False
        if away:
            raise errors.DatabaseLost(reason="cable")
        await super().forget(segment)


async def test_the_offset_of_a_deleted_segment_is_forgotten_in_the_end(pipeline: Pipeline) -> None:
    """
    A shipper that loses its database between the two leaves nothing that lasts.
    """
    store = Forgetful()
    pipeline.logger().info("one")
    pipeline.close()

    with pytest.raises(errors.DatabaseLost):
        await ship_once(pipeline.folder, store)
    await ship_once(pipeline.folder, store)

    assert ["one"] == store.messages
    assert ([], {}) == (list(pipeline.folder.iterdir()), store.offsets)


class Overtaken(Memory):
    """
    A shipper's store; while it stores the first batch, another shipper with `other` makes a whole pass.
    """

    def __init__(self, folder: Path, other: Forgetful) -> None:
        super().__init__()
        self.folder, self.other = folder, other

    async def store(self, batch: Batch) -> int:
        if not self.rows:
            with contextlib.suppress(errors.DatabaseLost):
                await ship_once(self.folder, self.other)
        return await super().store(batch)


async def test_a_shipper_that_comes_too_late_does_not_hide_what_another_left(tmp_path: Path) -> None:
    """
    One has listed a segment that another one deletes, and whose offset that one does not come to forgetting.
    """
    for message in ("one", "two"):
        pipeline = Pipeline(tmp_path)
        pipeline.logger().info(message)
        pipeline.close()
    other = Forgetful()

    first = await ship_once(tmp_path, Overtaken(tmp_path, other))
    await ship_once(tmp_path, other)

    assert (1, ["two"]) == (first.records, other.messages)
    assert ([], {}) == (list(tmp_path.iterdir()), other.offsets)


async def test_a_database_that_fails_costs_nothing(pipeline: Pipeline, memory: Memory) -> None:
    """
    The pass raises, the records stay, the next pass ships each once.
    """
    pipeline.logger().info("one")
    memory.fail_next = errors.DatabaseLost(reason="cable")

    with pytest.raises(errors.DatabaseLost):
        await ship_once(pipeline.folder, memory)
    await ship_once(pipeline.folder, memory)

    assert ["one"] == memory.messages


def segments(folder: Path, *messages: str) -> list[Path]:
    """One finished segment for each message, oldest first."""
    for message in messages:
        writer = Pipeline(folder)
        writer.logger().info(message)
        writer.close()
    return sorted(folder.glob("*.jsonl"))


async def test_a_segment_that_cannot_be_shipped_holds_up_no_other(tmp_path: Path, memory: Memory) -> None:
    """
    The others arrive, the pass ends with the first failure, and the segments that failed are kept.
    """
    first, second, third, _ = segments(tmp_path, "one", "two", "three", "four")
    memory.fail_on = {first.name: errors.DatabaseError(reason="poison"), third.name: RuntimeError("later")}

    with pytest.raises(errors.DatabaseError, match="poison"):
        await ship_once(tmp_path, memory)

    assert ["two", "four"] == memory.messages
    assert (True, False, True) == (first.exists(), second.exists(), third.exists())


@pytest.mark.parametrize(
    "away", [errors.DatabaseLost(reason="cable"), errors.DatabaseUnreachable(where="db", reason="cable")]
)
async def test_a_database_that_is_away_ends_the_pass_at_once(
    tmp_path: Path, memory: Memory, away: Exception
) -> None:
    """
    Asking it again for each segment would only take longer.
    """
    first, *_ = segments(tmp_path, "one", "two")
    memory.fail_on = {first.name: away}

    with pytest.raises(type(away)):
        await ship_once(tmp_path, memory)

    assert [] == memory.messages


async def test_a_segment_that_cannot_be_opened_is_named_and_holds_up_no_other(
    tmp_path: Path, memory: Memory
) -> None:
    """
    Nothing is lost: it is shipped when what is in the way is gone.
    """
    first, *_ = segments(tmp_path, "one", "two")
    lock = first.with_suffix(".shipping")
    lock.mkdir()

    with pytest.raises(errors.SpoolUnusable, match=first.name):
        await ship_once(tmp_path, memory)
    before = list(memory.messages)
    lock.rmdir()
    await ship_once(tmp_path, memory)

    assert ["two"] == before
    assert ["two", "one"] == memory.messages


def an_hour_ago(path: Path) -> None:
    os.utime(path, (path.stat().st_mtime - 3600,) * 2)


async def test_what_killed_processes_left_behind_is_swept(tmp_path: Path, memory: Memory) -> None:
    """
    A segment that was never opened, and the lock of a segment that is gone.
    """
    opening, shipping = tmp_path / "1-2-a.opening", tmp_path / "1-2-b.shipping"
    opening.touch()
    an_hour_ago(opening)
    shipping.touch()

    await ship_once(tmp_path, memory)

    assert [] == list(tmp_path.iterdir())


async def test_what_may_still_be_in_use_is_not_swept(tmp_path: Path, memory: Memory) -> None:
    """
    Held by a living process, too young to tell, not empty, or the lock of a segment that is there.
    """
    own = Pipeline(tmp_path)
    own.logger().info("one")
    await ship_once(tmp_path, memory)  # which leaves the lock of the open segment
    (lock,) = tmp_path.glob("*.shipping")
    held, young, full = (tmp_path / f"1-2-{name}.opening" for name in ("held", "young", "full"))
    busy = tmp_path / "1-2-busy.shipping"
    for path in (held, young, busy):
        path.touch()
    full.write_text("data")
    for path in (held, full, lock):
        an_hour_ago(path)

    with held.open() as one, busy.open() as other:
        fcntl.flock(one, fcntl.LOCK_EX)
        fcntl.flock(other, fcntl.LOCK_EX)
        await ship_once(tmp_path, memory)

        assert all(path.exists() for path in (held, young, full, busy, lock))
    own.close()


def test_a_segment_that_was_swept_while_it_was_opened_costs_no_record(tmp_path: Path) -> None:
    """
    A process that was stopped between creating and naming its segment tries once more.
    """
    allowed, done, swept = threading.Event(), threading.Event(), 0

    def sweep() -> None:
        nonlocal swept
        while not done.is_set():
            for path in list(tmp_path.glob("*.opening")) if allowed.is_set() else []:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
                    allowed.clear()
                    swept += 1
                    break

    thread = threading.Thread(target=sweep)
    thread.start()
    pipeline, number = Pipeline(tmp_path), 0
    while number < 300 or (not swept and number < 20_000):
        allowed.set()  # to sweep once
        pipeline.logger().info(str(number))
        pipeline.close()
        number += 1
    done.set()
    thread.join()

    assert swept
    assert 0 == pipeline.lost
    assert number == len(spooled(tmp_path))


def test_every_acknowledged_record_of_a_killed_process_arrives(tmp_path: Path, memory: Memory) -> None:
    """
    kill -9 in the middle of writing: whatever the logger had returned from is adopted and shipped.
    """
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(300)][-1]
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in writer.stdout.read().split()[:-1])])
        writer.wait()
        memory.rows.clear()

        asyncio.run(ship_once(tmp_path, memory))

        assert [f"n{number}" for number in range(1, acknowledged + 1)] == memory.messages[:acknowledged]
        assert len(memory.messages) <= acknowledged + 2  # written, and killed before it could say so
    assert [] == list(tmp_path.glob("*.jsonl"))


async def test_a_torn_last_line_is_reported_and_the_rest_shipped(tmp_path: Path, memory: Memory) -> None:
    """
    A line that a dying process did not finish is a reject with its reason, not an obstacle.
    """
    pipeline = Pipeline(tmp_path)
    pipeline.logger().info("whole")
    pipeline.close()
    segment = next(tmp_path.glob("*.jsonl"))
    with segment.open("ab") as file:
        file.write(b'{"to":"integration_logs","mess')

    shipped = await ship_once(tmp_path, memory)

    assert ["whole"] == memory.messages
    assert 1 == shipped.rejected
    assert '{"to":"integration_logs","mess' == memory.rejects[0][1]
    assert not segment.exists()


async def test_the_unfinished_line_of_a_living_process_is_left_for_later(
    tmp_path: Path, memory: Memory
) -> None:
    """
    Half a line in an open segment is no reject: its other half is on the way.
    """
    pipeline = Pipeline(tmp_path)
    pipeline.logger().info("whole")
    segment = next(tmp_path.glob("*.jsonl"))
    with segment.open("ab") as file:
        file.write(b'{"half')

    shipped = await ship_once(tmp_path, memory)

    assert (["whole"], 0) == (memory.messages, shipped.rejected)
    assert segment.exists()
    pipeline.close()


async def test_two_shippers_at_once_ship_each_record_once(pipeline: Pipeline, memory: Memory) -> None:
    """
    The segment's lock keeps a second shipper away while the first has it.
    """
    for number in range(500):
        pipeline.logger().info(str(number))

    await asyncio.gather(*(ship_once(pipeline.folder, memory) for _ in range(5)))

    assert [str(number) for number in range(500)] == memory.messages


def test_threads_do_not_tear_each_others_lines(pipeline: Pipeline) -> None:
    """
    A thousand records of eight threads are a thousand whole lines.
    """
    log = pipeline.logger()

    def write(name: int) -> None:
        for number in range(125):
            log.info(f"{name}-{number}", filler="x" * 300)

    threads = [threading.Thread(target=write, args=[name]) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1000 == len(spooled(pipeline.folder))


def test_a_forked_child_writes_a_segment_of_its_own(pipeline: Pipeline) -> None:
    """
    Parent and child never share a segment, and neither takes the other's lock away.
    """
    log = pipeline.logger()
    log.info("parent")

    child = os.fork()
    if child == 0:
        log.info("child")
        os._exit(0)
    os.waitpid(child, 0)
    log.info("parent again")

    segments = sorted(pipeline.folder.glob("*.jsonl"))
    assert 2 == len(segments)
    assert [2, 1] == [len(path.read_bytes().splitlines()) for path in segments]


def test_segments_are_rotated_by_size(tmp_path: Path) -> None:
    """
    A long-running process leaves finished segments behind that can be shipped and deleted.
    """
    pipeline = Pipeline(tmp_path)
    pipeline.spool._segment_bytes = 2_000

    for number in range(50):
        pipeline.logger().info(str(number))

    assert len(list(tmp_path.glob("*.jsonl"))) > 3
    assert [str(number) for number in range(50)] == [row.message for row in spooled(tmp_path)]  # type: ignore[union-attr]
    pipeline.close()


def test_a_full_disk_is_counted_said_once_and_never_raised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The application goes on; whole lines written later are not swallowed by a half one before.
    """
    pipeline = Pipeline(tmp_path)
    log = pipeline.logger()
    log.info("before")
    size = next(tmp_path.glob("*.jsonl")).stat().st_size
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
    try:
        log.info("lost")
        log.info("lost too")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    log.info("after")

    lines = next(tmp_path.glob("*.jsonl")).read_bytes().splitlines()
    assert 2 == pipeline.lost
    assert 1 == capsys.readouterr().err.count("log records are being lost")
    assert b'"message":"after"' in lines[-2]
    pipeline.close()


def test_what_was_lost_is_said_by_a_record_once_the_disk_works_again(tmp_path: Path) -> None:
    """
    One `logs.lost` with the count for each recovery, and none when nothing was lost since.
    """
    pipeline = Pipeline(tmp_path / "spool")
    log = pipeline.logger()
    for _ in range(2):
        (tmp_path / "spool").write_text("a file in the folder's place")
        log.info("lost")
        log.info("lost too")
        (tmp_path / "spool").unlink()
        log.info("after")
        log.info("later")
        pipeline.close()
        (tmp_path / "spool").rename(tmp_path / f"kept {pipeline.lost}")

    told = [
        [(row.message, row.details_json) for row in spooled(tmp_path / name)]  # type: ignore[union-attr]
        for name in ("kept 2", "kept 4")
    ]
    assert 4 == pipeline.lost
    notice = {"lost": 2, "reasons": {"disk_error": {"info": 2}}}
    assert [("after", {}), ("logs.lost", notice), ("later", {})] == told[0] == told[1]


@settings(max_examples=50, deadline=None)
@given(
    lines=st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b" ")), max_size=12),
    torn=st.binary(max_size=20).map(lambda line: line.replace(b"\n", b" ")),
    most=st.integers(1, 200),
)
def test_batches_cover_a_finished_segment_exactly(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], torn: bytes, most: int
) -> None:
    """
    Whatever the bytes and the batch size, every byte is in one batch, and every line in one piece.
    """
    path = tmp_path_factory.mktemp("segment") / "x.jsonl"
    content = b"".join(line + b"\n" for line in lines) + torn
    path.write_bytes(content)

    position, rejected = 0, []
    while batch := read_batch(path, position, complete=True, most=most):
        assert batch.start == position < batch.end
        rejected += [offset for offset, _, _ in batch.rejects]
        position = batch.end

    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    wanted = [start for start, line in zip(starts, [*lines, torn], strict=True) if line]
    assert len(content) == position
    assert wanted == rejected
