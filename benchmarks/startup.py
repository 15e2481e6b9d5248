"""
How fast a command starts: `ops --help` beside a bare interpreter.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Row, paired


def running(*command: str) -> Callable[[], object]:
    """A call that runs a whole process."""
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measure() -> list[Row]:
    """`ops --help` and `ops config show` against `python -c pass`."""
    return [beside("--help", goal="12x, 200 ms"), beside("config", "show")]


def beside(*words: str, goal: str = "-") -> Row:
    """One command against a bare interpreter, in turn."""
    ops = str(Path(sys.executable).parent / "ops")
    bare = running(sys.executable, "-c", "pass")
    mine, other, ratio = paired(running(ops, *words), bare, 15)
    what = f"`ops {' '.join(words)}` / `python -c pass`"
    return Row(what, f"{mine * 1000:.0f} ms", f"{other * 1000:.0f} ms", ratio, goal)
