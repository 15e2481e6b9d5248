"""
Processes that outlive the command that started them: found again, ended whole, and nobody else's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from masterops import errors
from masterops.core.clock import now
from masterops.devstack import files, processes, record
from masterops.devstack.record import Record, Running

PATIENCE = 30.0
# Has a child, which lives on when it is killed; says when both are there.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[tuple[int, int, str]]:
    """
    A process of the stack in `tmp_path`, its child, and its birth.
    """
    log = tmp_path / "logs" / "parent.log"
    environment = {processes.MARK: str(tmp_path)}
    pid = processes.start([sys.executable, "-c", PARENT], environment, tmp_path, log)
    born = processes.birth(pid)
    until(lambda: log.read_text().strip().isdecimal())
    assert born is not None
    yield pid, int(log.read_text()), born
    processes.end(pid, born, patience=PATIENCE)


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_process_ends_with_all_of_its_children(parent: tuple[int, int, str]) -> None:
    """
    Nothing of a service goes on after it was stopped.
    """
    pid, child, born = parent

    assert processes.end(pid, born, patience=PATIENCE)
    assert (None, None) == (processes.birth(pid), processes.birth(child))


def test_children_of_a_killed_process_are_found_and_ended(parent: tuple[int, int, str]) -> None:
    """
    After kill -9 of a service the next command takes away what it left.
    """
    pid, child, born = parent
    os.kill(pid, signal.SIGKILL)
    until(lambda: processes.birth(pid) is None)
    found = processes.in_session(pid)

    assert [child] == found
    assert processes.end(pid, born, patience=PATIENCE)
    assert processes.birth(child) is None


def test_a_stranger_with_the_same_number_is_left_alone(parent: tuple[int, int, str]) -> None:
    """
    A number that was given away again is no proof.
    """
    pid, child, born = parent

    assert not processes.end(pid, f"{born}0", patience=PATIENCE)
    assert born == processes.birth(pid)
    assert processes.birth(child) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of a process")
def test_what_nobody_wrote_down_is_known_by_its_mark(parent: tuple[int, int, str], tmp_path: Path) -> None:
    """
    A command that was killed between starting a process and writing it down leaves no orphan for good.
    """
    pid, child, _ = parent

    assert {pid: pid, child: pid} == processes.marked(tmp_path)
    assert {} == processes.marked(tmp_path / "another")


def test_what_was_written_down_is_read_again(tmp_path: Path) -> None:
    """
    And a file that is half or none counts as nothing.
    """
    running = Running("n8n", 17, "boot/12", 5678, now())
    record.save(tmp_path, Record("native", (running,)))
    found = record.load(tmp_path)
    (tmp_path / "run" / "stack.json").write_text('{"backend": "nat')

    assert running == found.of("n8n")
    assert Record() == record.load(tmp_path) == record.load(tmp_path / "nowhere")


def test_a_secret_file_is_private_from_its_first_byte(tmp_path: Path) -> None:
    """
    Also where a file that all can read lay under its name.
    """
    path = tmp_path / ".env"
    path.write_text("old")
    path.chmod(0o644)
    files.write_private(path, "A=1\n")

    assert 0o600 == path.stat().st_mode & 0o777
    assert {"A": "1"} == files.read_values(path)
    assert [path] == list(tmp_path.iterdir())


def test_two_commands_do_not_change_a_stack_at_once(tmp_path: Path) -> None:
    """
    The second is told so, and a killed one holds nothing.
    """
    held = (
        "import sys, time; from pathlib import Path; from masterops.devstack import files\n"
        "with files.alone(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    other = subprocess.Popen([sys.executable, "-c", held, str(tmp_path)], stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(errors.StackBusy), files.alone(tmp_path):
        pass
    other.kill()
    other.wait()
    other.stdout.close()

    with files.alone(tmp_path):
        assert (tmp_path / "lock").exists()
