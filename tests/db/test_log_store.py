"""
The log pipeline's end in a real database: exactly once, and no bad record holds up a good one.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import LogStore, Pool
from masterops.db.log_store import TIDY_EVERY
from masterops.errors import DatabaseError
from masterops.logs import ApiMetric, Batch, Pipeline, ship_once
from masterops.logs.record import LogRecord, encode


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The migrated one of all tests, not the empty ones of this folder."""
    url: str = request.getfixturevalue("migrated")
    return url


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "spool")


async def rows(pool: Pool, table: str) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        cursor = await connection.execute(f"SELECT * FROM {table} ORDER BY created_at".encode())
        found: list[dict[str, Any]] = await cursor.fetchall()
    return found


def metric(**changes: Any) -> ApiMetric:
    fields = {
        "id": uuid7(), "created_at": clock.now(), "service": "hubspot", "endpoint": "/x/{id}", "method": "GET",
        "success": True, "duration_ms": 1.5, "attempt": 1, "operation": "x.get", "status_code": 200,
    }  # fmt: skip
    return ApiMetric(**(fields | changes))


async def test_records_and_metrics_arrive_whole(pool: Pool, pipeline: Pipeline) -> None:
    """
    Every field of both kinds is in its column.
    """
    log = pipeline.logger(source="hubspot", business="teelixir", connection="hubspot/teelixir")
    log.error(
        "a.b",
        duration_ms=1.25,
        trace_id="t1",
        user_id="u1",
        workflow_id="w1",
        operation="o",
        found={"x": [1, "ü"]},
    )
    pipeline.measure(
        metric(business_id="teelixir", integration_id="hubspot/teelixir", rate_limit_remaining=99)
    )

    shipped = await ship_once(pipeline.folder, LogStore(pool))

    record, measured = (await rows(pool, "integration_logs"))[0], (await rows(pool, "api_metrics"))[0]
    assert 2 == shipped.records
    assert ("hubspot", "error", "error", "a.b", 1.25, {"found": {"x": [1, "ü"]}}) == (
        record["source"], record["level"], record["status"], record["message"],
        float(record["duration_ms"]), record["details_json"],
    )  # fmt: skip
    assert ("teelixir", "hubspot/teelixir", "t1", "u1", "w1", "o") == (
        record["business_id"], record["integration_id"], record["trace_id"],
        record["user_id"], record["workflow_id"], record["operation"],
    )  # fmt: skip
    assert ("/x/{id}", 99, True, 1) == (
        measured["endpoint"], measured["rate_limit_remaining"], measured["success"], measured["attempt"]
    )  # fmt: skip


async def test_shipping_again_after_any_break_stores_each_once(pool: Pool, pipeline: Pipeline) -> None:
    """
    A shipper that is cancelled at any moment leaves no gap and no double.
    """
    log = pipeline.logger()
    for number in range(2000):
        log.info(str(number))
    for attempt in range(12):
        task = asyncio.create_task(ship_once(pipeline.folder, LogStore(pool)))
        await asyncio.sleep(0.002 * attempt)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await ship_once(pipeline.folder, LogStore(pool))

    assert sorted(map(str, range(2000))) == sorted(
        row["message"] for row in await rows(pool, "integration_logs")
    )


async def test_a_record_that_the_server_refuses_is_a_dead_letter(pool: Pool, pipeline: Pipeline) -> None:
    """
    The others of its batch are stored, the reason is kept, and nothing is stuck.
    """
    log = pipeline.logger()
    log.info("before")
    bad = LogRecord(uuid7(), clock.now(), "x", "info", "impossible", "bad")  # type: ignore[arg-type]  # on purpose
    pipeline.spool.append(
        encode(bad).replace(b"impossible", b"success").replace(b'"level":"info"', b'"level":"warn"')
    )
    pipeline.measure(metric(attempt=2**40))  # larger than the column
    log.info("after")

    shipped = await ship_once(pipeline.folder, LogStore(pool))

    letters = await rows(pool, "ops.log_dead_letters")
    assert ["before", "bad", "after"] == [row["message"] for row in await rows(pool, "integration_logs")]
    assert (1, 1) == (shipped.rejected, len(letters))
    assert "out of range" in letters[0]["reason"]


LONG = "".join(map(chr, range(0x4E00, 0x4E00 + 20_000)))  # compresses too little to fit into an index


@pytest.mark.parametrize("column", ["source", "business_id", "integration_id", "workflow_id", "trace_id"])
async def test_a_value_too_long_for_its_index_is_a_dead_letter(
    pool: Pool, pipeline: Pipeline, column: str
) -> None:
    """
    The logger writes none, another program may; the server's refusal (54000) is about this one row.
    """
    pipeline.logger().info("before")
    fields = {"source": "x", "level": "info", "status": "info", "message": "bad", column: LONG}
    pipeline.spool.append(encode(LogRecord(uuid7(), clock.now(), **fields)))  # type: ignore[arg-type]
    pipeline.logger().info("after")

    shipped = await ship_once(pipeline.folder, LogStore(pool))

    letters = await rows(pool, "ops.log_dead_letters")
    assert ["before", "after"] == [row["message"] for row in await rows(pool, "integration_logs")]
    assert (1, 1) == (shipped.rejected, len(letters))
    assert "index row" in letters[0]["reason"]
    assert LONG in letters[0]["line"]


async def test_the_longest_that_the_logger_writes_fits_every_index(pool: Pool, pipeline: Pipeline) -> None:
    """
    Whatever its script: the column is cut, the details hold the whole.
    """
    wide = "".join(map(chr, range(0x20000, 0x20000 + 5_000)))  # four bytes a character
    names = [
        "source",
        "business_id",
        "integration_id",
        "workflow_id",
        "trace_id",
        "user_id",
        "operation",
        "service",
    ]
    pipeline.logger().info("long", **dict.fromkeys(names, wide))

    shipped = await ship_once(pipeline.folder, LogStore(pool))

    (row,) = await rows(pool, "integration_logs")
    assert (1, 0) == (shipped.records, shipped.rejected)
    assert dict.fromkeys(names, wide) == row["details_json"]
    assert {row["source"]} == {row[name] for name in names}


async def test_a_refusal_before_the_server_is_a_dead_letter_too(pool: Pool, pipeline: Pipeline) -> None:
    """
    A NUL and a nesting that goes too deep, written by another program, never reach the server.
    """
    pipeline.logger().info("before")
    line = encode(LogRecord(uuid7(), clock.now(), "x", "info", "info", "MARK", details_json={"n": 7}))
    pipeline.spool.append(line.replace(b"MARK", b"nul \\u0000 inside"))
    pipeline.spool.append(line.replace(b":7", b":" + b"[" * 200_000 + b"]" * 200_000))
    pipeline.logger().info("after")

    shipped = await ship_once(pipeline.folder, LogStore(pool))

    letters = await rows(pool, "ops.log_dead_letters")
    assert ["before", "after"] == [row["message"] for row in await rows(pool, "integration_logs")]
    assert (2, 2) == (shipped.rejected, len(letters))
    assert all(letter["reason"] for letter in letters)


async def test_a_dead_letter_never_fails_itself(pool: Pool) -> None:
    """
    NUL and lone surrogates in line and reason are written readably; a monstrous line is cut, and says so.
    """
    rejects = ((0, "a\x00b\ud800", "nul \x00 and \udfff"), (5, "x" * 20_000_000, "long"))

    await LogStore(pool).store(Batch("segment", 0, 9, (), rejects))

    short, long = sorted(await rows(pool, "ops.log_dead_letters"), key=lambda letter: letter["line_offset"])
    assert ("a\N{SYMBOL FOR NULL}b\\ud800", "nul \N{SYMBOL FOR NULL} and \\udfff") == (
        short["line"],
        short["reason"],
    )
    assert long["line"].endswith("characters cut]")


async def test_a_batch_that_somebody_else_has_shipped_is_an_error_of_the_database(pool: Pool) -> None:
    """
    Whoever ships goes on with the rest, as after any other failure of one segment.
    """
    store = LogStore(pool)
    await store.store(Batch("segment", 0, 9, (), ()))

    with pytest.raises(DatabaseError, match="by somebody else"):
        await store.store(Batch("segment", 3, 12, (), ()))

    assert 9 == await store.offset("segment")


async def test_what_is_no_record_is_a_dead_letter_with_its_place(pool: Pool, pipeline: Pipeline) -> None:
    """
    Garbage in the spool is kept for whoever looks for the cause.
    """
    pipeline.logger().info("before")
    pipeline.spool.append(b'{"to": "nowhere"}\n')
    pipeline.spool.append(b"\xff\x00 not even text\n")

    await ship_once(pipeline.folder, LogStore(pool))

    letters = await rows(pool, "ops.log_dead_letters")
    assert 2 == len(letters)
    assert all(letter["line_offset"] > 0 for letter in letters)
    assert ["before"] == [row["message"] for row in await rows(pool, "integration_logs")]


async def test_a_record_of_any_day_has_a_place(pool: Pool, pipeline: Pipeline) -> None:
    """
    Before the first partition or in the far future: stored all the same.
    """
    for year in (1999, 2099):
        record = LogRecord(uuid7(), clock.now().replace(year=year, day=1), "x", "info", "info", str(year))
        pipeline.spool.append(encode(record))

    await ship_once(pipeline.folder, LogStore(pool))

    assert ["1999", "2099"] == [row["message"] for row in await rows(pool, "integration_logs")]


async def test_a_database_that_is_away_leaves_everything_in_the_spool(pipeline: Pipeline) -> None:
    """
    The pass says so, and the file is untouched.
    """
    pipeline.logger().info("waits")
    async with Pool("postgresql://ops@127.0.0.1:1/ops", timeout=1) as pool:
        with pytest.raises(DatabaseError):
            await ship_once(pipeline.folder, LogStore(pool))

    assert b"waits" in next(pipeline.folder.glob("*.jsonl")).read_bytes()


async def test_every_text_arrives_as_it_was(pool: Pool, pipeline: Pipeline) -> None:
    """
    What COPY's format means something by: tabs, line ends, backslashes, and its word for nothing.
    """
    texts = [
        "\t",
        "a\nb",
        "\r\n",
        "\\",
        r"\N",
        r"\.",
        "\\\\n",
        "\x01\x1f\x7f",
        "",
        "ü\u2028\U0001f600",
        "null",
    ]
    for text in texts:
        pipeline.logger().info(f"m{text}", operation=text or None, text=text, deep={text: [text]})

    await ship_once(pipeline.folder, LogStore(pool))

    found = await rows(pool, "integration_logs")
    assert [f"m{text}" for text in texts] == [row["message"] for row in found]
    assert [text or None for text in texts] == [row["operation"] for row in found]
    assert [{"text": text, "deep": {text: [text]}} for text in texts] == [
        row["details_json"] for row in found
    ]


async def test_a_few_bad_ones_among_thousands_are_found(pool: Pool, pipeline: Pipeline) -> None:
    """
    Each with its own reason and the place of its own line; all others are stored, and counted once.
    """
    places = {}
    for number in range(3000):
        bad = number in (0, 777, 778, 2999)
        line = encode(LogRecord(uuid7(), clock.now(), "x", "info", "info", f"n{number}"))
        pipeline.spool.append(line.replace(b'"n', b'"\\u0000n') if bad else line)
        places[number] = len(line)
    before = next(pipeline.folder.glob("*.jsonl")).read_bytes()

    shipped = await ship_once(pipeline.folder, LogStore(pool))

    letters = await rows(pool, "ops.log_dead_letters")
    stored = {row["message"] for row in await rows(pool, "integration_logs")}
    assert (2996, 4) == (shipped.records, shipped.rejected)
    assert {f"n{number}" for number in range(3000)} - {"n0", "n777", "n778", "n2999"} == stored
    assert all(
        b"u0000n" in before[letter["line_offset"] :].splitlines()[0] and letter["reason"]
        for letter in letters
    )
    counted = await pool.fetch("SELECT sum(records)::int AS records FROM ops.deltas")
    assert 2996 == counted[0]["records"]


async def test_one_id_twice_is_a_dead_letter_and_one_row(pool: Pool, pipeline: Pipeline) -> None:
    """
    Each is good without the other: the one that is left over is refused, and the pass comes to its end.
    """
    line = encode(LogRecord(uuid7(), clock.now(), "x", "info", "info", "twice"))
    for each in (line, line):
        pipeline.spool.append(each)

    shipped = await ship_once(pipeline.folder, LogStore(pool))

    (letter,) = await rows(pool, "ops.log_dead_letters")
    assert 1 == len(await rows(pool, "integration_logs"))
    assert (1, 1) == (shipped.records, shipped.rejected)
    assert "duplicate key" in letter["reason"]


async def test_each_batch_leaves_its_mark(pool: Pool, pipeline: Pipeline) -> None:
    """
    All its rows bear the mark's transaction, also when some were refused; metrics alone leave none.
    """
    pipeline.measure(metric())
    await ship_once(pipeline.folder, LogStore(pool))
    none = await pool.fetch("SELECT FROM ops.log_arrivals")
    pipeline.logger().info("one")
    pipeline.spool.append(
        encode(LogRecord(uuid7(), clock.now(), "x", "info", "info", "M")).replace(b'"M"', b'"\\u0000"')
    )
    pipeline.logger().info("two")
    await ship_once(pipeline.folder, LogStore(pool))

    found = await pool.fetch(
        "SELECT l.message FROM ops.log_arrivals AS a JOIN integration_logs AS l"
        " ON l.xmin = a.xmin AND l.created_at BETWEEN a.first_at AND a.last_at ORDER BY l.created_at"
    )
    assert [] == none
    assert ["one", "two"] == [row["message"] for row in found]


async def test_marks_are_cleared_away(pool: Pool, pipeline: Pipeline) -> None:
    """
    Readers look at them within a second; nobody needs those of ten minutes ago.
    """
    store = LogStore(pool)
    await pool.fetch(
        "INSERT INTO ops.log_arrivals (first_at, last_at, records, arrived_at)"
        " SELECT now(), now(), 1, now() - interval '11 minutes' FROM generate_series(1, 50)"
    )
    for number in range(TIDY_EVERY):
        pipeline.logger().info(str(number))
        await ship_once(pipeline.folder, store)

    (left,) = await pool.fetch("SELECT count(*) AS n FROM ops.log_arrivals")
    assert TIDY_EVERY == left["n"]


async def test_a_segment_that_a_vanished_shipper_still_locks_holds_up_no_other(
    pool: Pool, tmp_path: Path
) -> None:
    """
    Its transaction is open on the server for a while: the segment is left for later, the others are shipped,
    and when the lock is gone everything is there, once.
    """
    folder = tmp_path / "spool"
    for source in ("first", "second"):
        pipeline = Pipeline(folder)
        pipeline.logger(source=source).info("a.b")
        pipeline.spool.close()
    store = LogStore(pool, lock_seconds=0.1)
    oldest = sorted(folder.glob("*.jsonl"))[0].name
    lock = (
        "INSERT INTO ops.spool_segments (name, shipped_bytes, records, updated_at) VALUES (%s, 0, 0, now())"
    )

    async with pool.connection() as vanished, vanished.transaction(force_rollback=True):
        await vanished.execute(lock, [oldest])
        with pytest.raises(DatabaseError, match="another session holds a lock"):
            await ship_once(folder, store)
        meanwhile = [row["source"] for row in await rows(pool, "integration_logs")]
    await ship_once(folder, store)

    assert ["second"] == meanwhile
    assert ["first", "second"] == [row["source"] for row in await rows(pool, "integration_logs")]


async def test_a_shipper_that_falls_silent_in_a_transaction_is_let_go(pool: Pool) -> None:
    """
    The server is told to end such a session, for the transaction alone: the next user of it has no limit.
    """
    asked = "SELECT current_setting('idle_in_transaction_session_timeout') AS idle, current_setting('lock_timeout') AS lock"
    store = LogStore(pool)
    async with pool.connection() as connection:
        async with store._transaction(connection):
            inside = await (await connection.execute(asked)).fetchone()
        after = await (await connection.execute(asked)).fetchone()

    assert {"idle": "1min", "lock": "10s"} == inside
    assert {"idle": "0", "lock": "0"} == after


STOPS_ITSELF = """
import asyncio, os, signal, sys
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.db import LogStore, Pool
from masterops.logs import Batch
from masterops.logs.record import LogRecord

class Stopping(LogStore):
    async def _keep(self, connection, batch, refused):
        await super()._keep(connection, batch, refused)
        print("locked", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)

async def main():
    row = LogRecord(uuid7(), clock.now(), "stopped", "info", "info", "once")
    async with Pool(sys.argv[1]) as pool:
        await Stopping(pool, silent_seconds=0.3).store(Batch("segment", 0, 100, (row,), ()))

asyncio.run(main())
"""


async def test_a_stopped_shipper_loses_its_lock_and_doubles_nothing_when_it_goes_on(database: str) -> None:
    """
    It is stopped between moving the offset and the COMMIT: the server lets its lock go, another stores the
    same piece meanwhile, and what the first one wakes up to is a lost connection.
    """
    row = LogRecord(uuid7(), clock.now(), "second", "info", "info", "once")
    stopped = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STOPS_ITSELF, database,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert stopped.stdout is not None
        assert b"locked\n" == await stopped.stdout.readline()
        async with Pool(database) as pool:
            await LogStore(pool, lock_seconds=30.0).store(Batch("segment", 0, 100, (row,), ()))
            stopped.send_signal(signal.SIGCONT)
            _, said = await stopped.communicate()
            found = [each["source"] for each in await rows(pool, "integration_logs")]
            offset = await LogStore(pool).offset("segment")
    finally:
        if stopped.returncode is None:
            stopped.kill()
            await stopped.wait()

    assert ["second"] == found
    assert 100 == offset
    assert b"DatabaseLost" in said
