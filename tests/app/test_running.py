"""
The platform runs, stops, and survives whatever is killed: real processes, a real PostgreSQL, real twins.
"""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

import pytest

from masterops.db import Embedded
from tests.app.conftest import Installation, alive, until


def test_ctrl_c_stops_everything_in_order(installation: Installation) -> None:
    """
    Exit code 0, and neither the server nor the sandbox keeps running.
    """
    platform = installation.up()
    server, twin = installation.postmaster(), installation.place()["pid"]

    platform.send_signal(signal.SIGINT)
    _, err = platform.communicate(timeout=20)

    assert 0 == platform.returncode
    assert "Stopped." in err
    assert "Traceback" not in err
    until(lambda: not alive(server) and not alive(twin), 5)
    assert [] == list((installation.home / "spool").iterdir())


@pytest.mark.slow
def test_a_second_ctrl_c_ends_it_at_once(installation: Installation) -> None:
    """
    Whoever does not want to wait for the job in hand need not: this one would take another 15 s.
    """
    installation.ops("sandbox", "fault", "hubspot/teelixir", "--latency-ms", "4000")
    platform = installation.start("up")
    time.sleep(6)

    platform.send_signal(signal.SIGINT)
    time.sleep(0.5)
    platform.send_signal(signal.SIGINT)
    start = time.monotonic()
    platform.wait(30)

    assert time.monotonic() - start < 10
    assert platform.returncode != 0


@pytest.mark.slow
def test_two_processes_share_one_server(installation: Installation) -> None:
    """
    A second command joins the running server and leaves it running.
    """
    platform = installation.up()
    server = installation.postmaster()

    stats = installation.ops("stats", "-o", "json")
    refused = installation.ops("down")

    assert 0 == stats.returncode
    assert json.loads(stats.stdout)
    assert server == installation.postmaster()
    assert refused.returncode != 0  # somebody uses it
    assert alive(platform.pid)


@pytest.mark.slow
def test_a_killed_platform_loses_nothing_and_starts_again(installation: Installation) -> None:
    """
    kill -9 of `ops up` in the middle of a cycle: every row is still there, what was in the spool arrives.
    """
    installation.ops("sandbox", "fault", "hubspot/teelixir", "--latency-ms", "1500")
    platform = installation.up()
    before = installation.rows("integration_logs")
    installation.start("health-check")
    time.sleep(0.8)
    platform.kill()
    platform.wait()
    spooled = {
        json.loads(line)["id"]
        for path in (installation.home / "spool").glob("*.jsonl")
        for line in path.read_bytes().splitlines()
    }

    again = installation.ops("up", "--once")
    after = installation.rows("integration_logs") | installation.rows("api_metrics")

    assert again.returncode in (0, 1), again.stderr
    assert "4 businesses" in again.stdout
    assert before <= after
    assert spooled <= after
    assert [] == list((installation.home / "spool").iterdir())


@pytest.mark.slow
def test_a_killed_twin_is_started_again(installation: Installation) -> None:
    """
    The next look finds it gone, starts another, and is well.
    """
    installation.up()
    first = installation.place()["pid"]
    os.kill(first, signal.SIGKILL)

    check = installation.ops("health-check")

    assert 0 == check.returncode, check.stdout + check.stderr
    assert not alive(first)


@pytest.mark.slow
def test_a_twin_does_not_outlive_a_killed_platform(installation: Installation) -> None:
    """
    Nothing of the demo is left behind by kill -9.
    """
    platform = installation.up()
    twin = installation.place()["pid"]

    platform.kill()
    platform.wait()

    until(lambda: not alive(twin), 10)


@pytest.mark.slow
def test_a_killed_server_comes_back_with_every_row(installation: Installation) -> None:
    """
    kill -9 of PostgreSQL under a running platform: it is started again, and no committed row is missing.
    """
    platform = installation.up()
    before = installation.rows("integration_logs")
    server = installation.postmaster()
    os.kill(server, signal.SIGKILL)

    until(lambda: installation.ops("health-check").returncode == 0, 40)
    after = installation.rows("integration_logs")

    assert alive(platform.pid)
    assert server != installation.postmaster()
    assert before <= after
    platform.send_signal(signal.SIGINT)
    assert 0 == platform.wait(30)


@pytest.mark.slow
def test_a_server_is_started_again_while_the_one_who_started_it_sleeps(installation: Installation) -> None:
    """
    A killed server stays a zombie of a process that does not look; that keeps nobody else from starting one.
    """
    script = (
        "import sys, time, pathlib; from masterops.db import Embedded\n"
        "Embedded(pathlib.Path(sys.argv[1])).acquire(); print('up', flush=True); time.sleep(60)"
    )
    sleeper = subprocess.Popen(
        [sys.executable, "-c", script, str(installation.home)], stdout=subprocess.PIPE, text=True
    )
    installation.running.append(sleeper)
    assert sleeper.stdout is not None
    assert "up\n" == sleeper.stdout.readline()
    os.kill(installation.postmaster(), signal.SIGKILL)

    done = installation.ops("stats")

    assert 0 == done.returncode, done.stderr
    assert sleeper.poll() is None
    sleeper.kill()


@pytest.mark.slow
def test_a_worker_alone_brings_the_server_back(installation: Installation) -> None:
    """
    `ops work` needs no `ops up` beside it for that.
    """
    helper = installation.start("work")
    assert helper.stderr is not None
    while "Working." not in helper.stderr.readline():
        assert helper.poll() is None
    killed = installation.postmaster()
    os.kill(killed, signal.SIGKILL)

    def running() -> bool:
        status = Embedded(installation.home).status()
        return status.running and status.pid != killed

    until(running, 20)
    helper.send_signal(signal.SIGTERM)
    assert 0 == helper.wait(20)


@pytest.mark.slow
def test_backends_that_are_killed_delay_a_command_and_no_more(installation: Installation) -> None:
    """
    The server recovers from it by itself; a command that comes meanwhile waits.
    """
    installation.up()
    for _ in range(3):
        backends = installation.ops(
            "db", "psql", "-AtXc", "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
        )
        for pid in backends.stdout.split():
            if alive(int(pid)):
                os.kill(int(pid), signal.SIGKILL)
        done = installation.ops("stats")
        assert 0 == done.returncode, done.stderr


@pytest.mark.slow
def test_down_stops_what_a_killed_platform_left(installation: Installation) -> None:
    """
    The server outlives its killed users until somebody says `ops down`.
    """
    platform = installation.up()
    platform.kill()
    platform.wait()
    server = installation.postmaster()

    done = installation.ops("down")

    assert "embedded PostgreSQL" in done.stderr
    assert not alive(server)


@pytest.mark.slow
def test_a_second_worker_helps(installation: Installation) -> None:
    """
    `ops work` beside `ops up`: both stop in order.
    """
    installation.up()
    helper = installation.start("work")
    assert helper.stderr is not None
    said = ""
    while "Working." not in said:
        said = helper.stderr.readline()
        assert said

    helper.send_signal(signal.SIGTERM)

    assert 0 == helper.wait(20)


@pytest.mark.slow
def test_on_a_terminal_it_shows_a_live_summary(installation: Installation) -> None:
    """
    One screen with the four businesses, redrawn; Ctrl-C ends it.
    """
    mine, theirs = pty.openpty()
    environment = {**installation.environment, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen(
        [sys.executable, "-m", "masterops", "up"], env=environment, cwd="/",
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = ""
    end = time.monotonic() + 40
    while shown.count("● up") < 8 and time.monotonic() < end:
        if select.select([mine], [], [], 1)[0]:
            shown += os.read(mine, 65536).decode("utf-8", "replace")

    process.send_signal(signal.SIGINT)
    while process.poll() is None:
        if select.select([mine], [], [], 0.5)[0]:
            try:
                shown += os.read(mine, 65536).decode("utf-8", "replace")
            except OSError:  # the terminal is closed
                break
    os.close(mine)

    assert 0 == process.wait(20)
    for name in ("Teelixir", "Elevate Wholesale", "Buy Organics Online", "Red Hill Fresh", "Ctrl-C stops"):
        assert name in shown
