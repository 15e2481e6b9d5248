"""
How fast the embedded PostgreSQL is there: the first time, again, and while it runs.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.measuring import Row, seconds
from masterops.db import Embedded


def measure() -> list[Row]:
    """Cold (with initdb), warm (start), attach (running already), each beside its goal."""
    cold, warm, attach = [], [], []
    for _ in range(3):
        home = Path(tempfile.mkdtemp(prefix="mb-", dir="/tmp"))
        home.chmod(0o755)
        first, second = Embedded(home), Embedded(home)
        cold.append(seconds(first.acquire))
        first.release()
        warm.append(seconds(first.acquire))
        attach.append(seconds(second.acquire))
        second.release()
        first.release()
        shutil.rmtree(home, ignore_errors=True)
    goals = {"cold": (cold, "1.5 s"), "warm": (warm, "0.3 s"), "attach": (attach, "30 ms")}
    return [
        Row(f"embedded PostgreSQL, {name}", f"{statistics.median(taken) * 1000:.0f} ms", "-", None, goal)
        for name, (taken, goal) in goals.items()
    ]
