"""
Logging from where logging is already going on: signal handlers and finalisers.

Each runs in a process of its own, because what is tested for is a process that stands still.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from masterops.logs import LogRecord
from tests.logs.conftest import spooled

SIGNALS = """
import signal, sys
from pathlib import Path
from masterops.logs import Pipeline
pipeline = Pipeline(Path(sys.argv[1]))
log = pipeline.logger(source="test")
rung = 0
def ring(number, frame):
    global rung
    rung += 1
    log.info(f"signal {rung}")
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
for number in range(1, 20_001):
    log.info(f"main {number}")
signal.setitimer(signal.ITIMER_REAL, 0)
print(20_000, rung)
"""
FINALISERS = """
import gc, sys
from pathlib import Path
from masterops.logs import Pipeline
pipeline = Pipeline(Path(sys.argv[1]))
log = pipeline.logger(source="test")
buried = 0
class Leaving:
    def __init__(self):
        self.me = self
    def __del__(self):
        global buried
        buried += 1
        log.info(f"finaliser {buried}")
for number in range(1, 2_001):
    gc.set_threshold(number % 50 + 1)  # so that it strikes at every point of a call in turn
    Leaving()
    log.info(f"main {number}")
gc.collect()
print(2_000, buried)
"""
CLOSING = """
import signal, sys
from pathlib import Path
from masterops.logs import Pipeline
pipeline = Pipeline(Path(sys.argv[1]))
log = pipeline.logger(source="test")
rung = 0
def ring(number, frame):
    global rung
    rung += 1
    pipeline.close()
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for number in range(1, 5_001):
    log.info(f"main {number}")
signal.setitimer(signal.ITIMER_REAL, 0)
assert rung > 20, rung
print(5_000, 0)
"""
LIMITED = "from masterops.logs import Limits\npipeline.limits = Limits(burst=1_000_000)\nlog = "


def limited(script: str) -> str:
    """The same with limits that nothing reaches, which count all the same."""
    return script.replace("log = ", LIMITED, 1)


@pytest.mark.parametrize(
    ("script", "segments"),
    [
        pytest.param(SIGNALS, 1, id="signal handler"),
        pytest.param(FINALISERS, 1, id="finaliser"),
        pytest.param(CLOSING, None, id="signal handler that closes"),
        pytest.param(limited(SIGNALS), 1, id="signal handler, limited"),
        pytest.param(limited(CLOSING), None, id="signal handler that closes, limited"),
    ],
)
def test_a_call_inside_a_call_neither_stands_still_nor_tears_a_line(
    tmp_path: Path, script: str, segments: int | None
) -> None:
    """
    Every record of both is one whole line, and no second segment is opened for the inner one.
    """
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=60
    )

    assert "" == run.stderr
    main, inner = map(int, run.stdout.split())
    messages = [row.message for row in spooled(tmp_path) if isinstance(row, LogRecord)]
    assert [f"main {number}" for number in range(1, main + 1)] == [
        m for m in messages if m.startswith("main")
    ]
    assert main + inner == len(messages) == len(set(messages))
    assert segments is None or segments == len(list(tmp_path.glob("*.jsonl")))
