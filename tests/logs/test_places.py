"""
Logging from everywhere: threads, executors, tasks, forks, subprocesses, the end of the interpreter.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from masterops.logs import LogRecord, Pipeline, bind, bound, carry
from tests.logs.conftest import spooled

ENDING = """
import atexit, sys, threading
from pathlib import Path
from masterops.logs import Pipeline
log = Pipeline(Path(sys.argv[1])).logger(source="test")
class Leaving:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        log.info(f"deleted {self.name}", a=1, error=ValueError("x"))
held = Leaving("global")
loop = Leaving("loop"); loop.me = loop
atexit.register(lambda: log.info("atexit"))
threading.Thread(target=lambda: (threading.main_thread().join(), log.info("thread"))).start()
log.info("main")
"""
HOOKS = """
import sys, threading
from pathlib import Path
from masterops.logs import Pipeline
log = Pipeline(Path(sys.argv[1])).logger(source="test")
sys.excepthook = lambda kind, error, trace: log.error("crashed", error=error)
threading.excepthook = lambda given: log.error("thread crashed", error=given.exc_value)
sys.unraisablehook = lambda given: log.error("unraisable", error=given.exc_value)
class Bad:
    def __del__(self):
        raise ValueError("del")
del (bad := [Bad()])[0]
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
raise RuntimeError("end")
"""


def messages(folder: Path) -> list[str]:
    return [row.message for row in spooled(folder) if isinstance(row, LogRecord)]


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, timeout=60
    )


def test_context_is_carried_into_an_executor(pipeline: Pipeline) -> None:
    """
    Many calls at once see the context of the moment in which the function was carried, and keep their own.
    """
    log = pipeline.logger()
    meet = threading.Barrier(4)

    def work(number: int) -> None:
        with bind(operation=f"part {number}"):
            meet.wait(10)
            log.info(f"{number}")

    with ThreadPoolExecutor(4) as executor:
        with bind(business="teelixir", trace_id="t1"):
            carried = carry(work)
        list(executor.map(carried, range(4)))

    assert {(str(n), "teelixir", "t1", f"part {n}") for n in range(4)} == {
        (row.message, row.business_id, row.trace_id, row.operation)  # type: ignore[union-attr]
        for row in spooled(pipeline.folder)
    }
    assert {} == bound()


def test_a_carried_function_is_still_the_same(pipeline: Pipeline) -> None:
    """
    Its value, its exception and its name come through.
    """

    @carry
    def divide(one: int, other: int) -> float:
        return one / other

    assert (2.0, "divide") == (divide(4, other=2), divide.__name__)
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)


async def test_context_follows_tasks_and_their_threads(pipeline: Pipeline) -> None:
    """
    `create_task` and `to_thread` take it along by themselves, `run_in_executor` with `carry`.
    """
    log = pipeline.logger()
    loop = asyncio.get_running_loop()

    with bind(business="teelixir"):
        task = asyncio.create_task(asyncio.to_thread(log.info, "to_thread"))
        await loop.run_in_executor(None, carry(lambda: log.info("executor")))
    await task
    await loop.run_in_executor(None, lambda: log.info("bare"))

    assert {"to_thread": "teelixir", "executor": "teelixir", "bare": None} == {
        row.message: row.business_id  # type: ignore[union-attr]
        for row in spooled(pipeline.folder)
    }


def test_until_the_interpreter_has_ended_each_call_is_written(tmp_path: Path) -> None:
    """
    In a thread that outlives the main one, in atexit, in a finaliser of a loop and of a global.
    """
    ended = run(ENDING, tmp_path)

    assert (0, "") == (ended.returncode, ended.stderr)
    assert ["main", "thread", "atexit", "deleted global", "deleted loop"] == sorted(
        messages(tmp_path), key=["main", "thread", "atexit", "deleted global", "deleted loop"].index
    )


def test_the_interpreters_hooks_can_log(tmp_path: Path) -> None:
    """
    What nobody caught, in the main thread, in another and in a finaliser.
    """
    run(HOOKS, tmp_path)

    shown = {row.message: row.details_json["error"]["message"] for row in spooled(tmp_path)}  # type: ignore[union-attr]
    assert {"unraisable": "del", "thread crashed": "division by zero", "crashed": "end"} == shown


def _in_a_process(folder: Path, log: object, number: int) -> None:
    """For a spawned process, which makes a pipeline of its own."""
    Pipeline(folder).logger(source="test").info(f"process {number}")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_write_beside_each_other(tmp_path: Path, method: str) -> None:
    """
    However they were started, each has a segment of its own.
    """
    context = multiprocessing.get_context(method)
    pipeline = Pipeline(tmp_path)
    pipeline.logger(source="test").info("parent")
    processes = [context.Process(target=_in_a_process, args=(tmp_path, None, number)) for number in range(3)]

    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    pipeline.close()

    assert ["parent", "process 0", "process 1", "process 2"] == sorted(messages(tmp_path))
    assert 4 == len(list(tmp_path.glob("*.jsonl")))


def test_ids_of_forked_children_differ(tmp_path: Path) -> None:
    """
    Children that log in the same millisecond make no id twice.
    """
    pipeline = Pipeline(tmp_path)
    log = pipeline.logger(source="test")
    log.info("parent")
    context = multiprocessing.get_context("fork")

    def work() -> None:
        for _ in range(200):
            log.info("child")

    children = [context.Process(target=work) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    pipeline.close()

    ids = [row.id for row in spooled(tmp_path)]
    noise = {id.int & (1 << 62) - 1 for id in ids}
    assert 801 == len(ids) == len(set(ids)) == len(noise)
