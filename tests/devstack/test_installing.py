"""
Installing n8n, and those who are killed while they do.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Takes the lock and runs a program that says its own process id and stays.
INSTALLING = """
import fcntl, sys
from masterops.devstack import n8n_install

with open(sys.argv[1], "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    n8n_install._run("n8n", ["sh", "-c", f"echo $$ > {sys.argv[1]}.pid; exec sleep 600"], lock.fileno())
"""
LONGEST_SECONDS = 60.0


def test_a_program_that_outlives_its_killed_parent_keeps_others_from_installing_beside_it(
    tmp_path: Path,
) -> None:
    """
    Two at once in one folder would leave neither's files.
    """
    place, said = tmp_path / "lock", tmp_path / "lock.pid"
    parent = subprocess.Popen([sys.executable, "-c", INSTALLING, str(place)])
    end = time.monotonic() + LONGEST_SECONDS
    while not (said.exists() and said.read_text().strip()):
        assert time.monotonic() < end, "the program was not started"
        time.sleep(0.05)
    parent.kill()
    parent.wait()

    with place.open("w") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.kill(int(said.read_text()), signal.SIGKILL)
        fcntl.flock(lock, fcntl.LOCK_EX)
