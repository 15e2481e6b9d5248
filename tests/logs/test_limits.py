"""
How much one event may say.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from masterops.logs import Limits, LogRecord, Pipeline
from masterops.logs.limits import OTHERS, Limiter, Suppressed, is_sampled
from tests.logs.conftest import spooled

LEVELS = ["debug", "info", "warn", "error"]
steps = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(LEVELS), st.floats(0, 3)), max_size=200
)


class Time:
    """
    A clock that stands where it is put.
    """

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def limiter(**limits: object) -> tuple[Limiter, Time, list[Suppressed]]:
    told: list[Suppressed] = []
    time = Time()
    return Limiter(Limits(**limits), told.append, time), time, told  # type: ignore[arg-type]


def messages(pipeline: Pipeline) -> list[str]:
    return [row.message for row in spooled(pipeline.folder) if isinstance(row, LogRecord)]


@given(count=st.integers(1, 2_000), share=st.floats(0, 1))
def test_of_any_number_exactly_the_share_is_written(count: int, share: float) -> None:
    """
    Rounded up, so that the first is; and no other than the share.
    """
    written = sum(is_sampled(number, share) for number in range(1, count + 1))

    assert math.ceil(count * share) == written


@given(steps=steps, burst=st.integers(1, 5), share=st.floats(0, 1))
def test_every_record_is_written_or_told_of(
    steps: list[tuple[str, str, float]], burst: int, share: float
) -> None:
    """
    Written and suppressed add up to all, for each event and level, however time passes.
    """
    limiting, time, told = limiter(burst=burst, sample={"c": share})
    written: dict[tuple[str, str], int] = {}
    for event, level, wait in steps:
        time.at += wait
        written[event, level] = written.get((event, level), 0) + limiting.admits(level, event)

    limiting.close()

    suppressed: dict[tuple[str, str], int] = {}
    for each in told:
        suppressed[each.event, each.level] = suppressed.get((each.event, each.level), 0) + each.count
    asked: dict[tuple[str, str], int] = {}
    for event, level, _ in steps:
        asked[event, level] = asked.get((event, level), 0) + 1
    assert asked == {key: written[key] + suppressed.get(key, 0) for key in asked}
    assert all(each.count > 0 for each in told)


@given(waits=st.lists(st.floats(0, 0.7), min_size=1, max_size=100))
def test_of_errors_the_first_of_each_second_is_written(waits: list[float]) -> None:
    """
    Also of an event of which nothing else is to be written.
    """
    limiting, time, _ = limiter(burst=1, sample={"e": 0.0})
    last_written = -math.inf
    for wait in waits:
        time.at += wait
        if limiting.admits("error", "e"):
            last_written = time.at

        assert time.at - last_written < 2


def test_an_event_that_runs_away_leaves_the_others_alone() -> None:
    """
    A burst is one event's at one level, and comes again each second.
    """
    limiting, time, _ = limiter(burst=2)

    first = [limiting.admits("info", "loop") for _ in range(5)]
    others = [limiting.admits("info", "other"), limiting.admits("warn", "loop")]
    time.at += 1
    second = [limiting.admits("info", "loop") for _ in range(3)]

    assert [True, True, False, False, False] == first
    assert [True, True] == others
    assert [True, True, False] == second


def test_it_is_told_of_while_it_goes_on_and_not_each_second() -> None:
    """
    One report an event each ten seconds or so, with count and time.
    """
    limiting, time, told = limiter(burst=1)
    for _ in range(30 * 4):
        limiting.admits("info", "loop")
        time.at += 0.25

    limiting.close()

    assert 3 <= len(told) <= 4
    assert 30 * 3 == sum(each.count for each in told)
    assert all(9 <= each.seconds <= 13 for each in told[:-1])


def test_new_names_without_end_share_one_burst() -> None:
    """
    Neither memory nor disk fills when a loop makes a new name each time; what is no text is no name.
    """
    limiting, _, told = limiter(burst=10)

    written = sum(limiting.admits("info", f"row {number}") for number in range(5_000))
    limiting.admits("info", "x" * 1_000)
    limiting.admits("info", object())
    limiting.close()

    assert 1_024 <= written <= 1_034 + 1
    assert [(OTHERS, 5_000 - written + 2)] == [(each.event, each.count) for each in told]


def test_threads_lose_no_count() -> None:
    """
    Written and suppressed add up to all, with eight at once.
    """
    told: list[Suppressed] = []
    limiting = Limiter(Limits(burst=100), told.append)
    written = [0] * 8

    def run(place: int) -> None:
        written[place] = sum(limiting.admits("info", "loop") for _ in range(5_000))

    threads = [threading.Thread(target=run, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    limiting.close()

    assert 8 * 5_000 == sum(written) + sum(each.count for each in told)
    assert sum(written) < 8 * 5_000


def test_one_record_tells_of_what_was_suppressed(pipeline: Pipeline) -> None:
    """
    When the pipeline closes at the latest, with event, level and count.
    """
    pipeline.limits = Limits(burst=3, sample={"orders.row": 0.01})
    log = pipeline.logger(source="test")

    for number in range(100):
        log.info("loop", number=number)
        log.info("orders.row", number=number)
    pipeline.close()

    told = [row for row in spooled(pipeline.folder) if isinstance(row, LogRecord) and row.level == "warn"]
    assert 3 == messages(pipeline).count("loop")
    assert 1 == messages(pipeline).count("orders.row")
    assert {"loop": 97, "orders.row": 99} == {
        row.details_json["event"]: row.details_json["count"] for row in told
    }
    assert {"logs.suppressed"} == {row.message for row in told}


def test_limits_change_while_running(pipeline: Pipeline) -> None:
    """
    What the old ones suppressed is told of, and without any everything is written.
    """
    log = pipeline.logger(source="test")
    pipeline.limits = Limits(burst=1)
    log.info("loop")
    log.info("loop")

    pipeline.limits = Limits()
    log.info("loop")
    log.info("loop")

    assert ["loop", "logs.suppressed", "loop", "loop"] == messages(pipeline)


def test_a_forked_child_tells_of_its_own_only(pipeline: Pipeline) -> None:
    """
    What the parent suppressed is the parent's to tell.
    """
    pipeline.limits = Limits(burst=1)
    log = pipeline.logger(source="test")
    for _ in range(5):
        log.info("parent")

    child = os.fork()
    if child == 0:
        log.info("child")
        log.info("child")
        pipeline.close()
        os._exit(0)
    os.waitpid(child, 0)
    pipeline.close()

    told = {
        row.details_json["event"]: row.details_json["count"]
        for row in spooled(pipeline.folder)
        if isinstance(row, LogRecord) and row.message == "logs.suppressed"
    }
    assert {"parent": 4, "child": 1} == told


def test_the_end_of_the_interpreter_tells_of_the_rest(tmp_path: Path) -> None:
    """
    A script that closes nothing still says what it suppressed.
    """
    script = (
        "import sys; from pathlib import Path; from masterops.logs import Limits, Pipeline\n"
        "pipeline = Pipeline(Path(sys.argv[1])); pipeline.limits = Limits(burst=1)\n"
        "for _ in range(9): pipeline.logger().info('loop')\n"
    )

    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60)

    *_, told = spooled(tmp_path)
    assert ("loop", 8) == (told.details_json["event"], told.details_json["count"])  # type: ignore[union-attr]


def test_a_signal_handler_in_the_middle_loses_no_count(tmp_path: Path) -> None:
    """
    It logs, and it closes; written and suppressed add up to all.
    """
    script = (
        "import signal, sys\n"
        "from pathlib import Path\n"
        "from masterops.logs import Limits, Pipeline\n"
        "pipeline = Pipeline(Path(sys.argv[1])); pipeline.limits = Limits(burst=5)\n"
        "log = pipeline.logger(source='test'); rung = 0\n"
        "def ring(number, frame):\n"
        "    global rung\n"
        "    rung += 1\n"
        "    log.info('loop')\n"
        "    if rung % 10 == 0: pipeline.close()\n"
        "signal.signal(signal.SIGALRM, ring)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)\n"
        "for _ in range(100_000): log.info('loop')\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)\n"
        "pipeline.close()\n"
        "print(100_000 + rung)\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=120
    )

    rows = [row for row in spooled(tmp_path) if isinstance(row, LogRecord)]
    told = sum(row.details_json["count"] for row in rows if row.message == "logs.suppressed")
    assert "" == ended.stderr
    assert int(ended.stdout) == told + sum(row.message == "loop" for row in rows)
