"""
`ops dev` without Docker: what it refuses, and the embedded stack from its start to its removal.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from masterops.devstack import processes
from tests.cli.conftest import Cli


@pytest.fixture
def alone(bare: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """
    A machine without Docker, whatever this one has. What a test leaves running is stopped.
    """
    empty = tmp_path / "programs"
    empty.mkdir()
    monkeypatch.setenv("PATH", f"{empty}")
    yield bare
    bare("dev", "reset", "--yes")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_nothing_runs_at_first(alone: Cli) -> None:
    """
    Status, down and reset say so, change nothing and are no failure.
    """
    status, down, reset = alone("dev", "status"), alone("dev", "down"), alone("dev", "reset")

    assert (0, "") == (status.code, status.out)
    assert "Nothing of the local stack runs" in status.err
    assert (0, "Nothing was running.\n") == (down.code, down.err)
    assert (0, "There is nothing to remove.\n") == (reset.code, reset.err)
    assert not (alone.home / "dev").exists()


def test_a_dry_run_shows_the_ports_and_starts_nothing(alone: Cli) -> None:
    """
    With the reason why it would not be Docker.
    """
    done = alone("dev", "up", "--dry-run")

    assert 0 == done.code
    assert "8470" in done.out
    assert done.err.startswith("No Docker (there is no `docker` on the path)")
    assert not (alone.home / "dev").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["--docker"], "DEV005", id="Docker where there is none"),
        pytest.param(["--native", "--port", "n8n=0"], "USE003", id="a port that is none"),
        pytest.param(["--embedded", "--port", "n9n=1"], "USE002", id="a port of nothing"),
    ],
)
def test_what_cannot_be_is_one_clear_error(alone: Cli, words: list[str], code: str) -> None:
    """
    And nothing was started or written.
    """
    done = alone("dev", "up", *words)

    assert 2 == done.code
    assert code in done.err
    assert not (alone.home / "dev" / "masterops.toml").exists()


def test_redis_that_is_missing_is_said_with_the_way_to_get_it(alone: Cli) -> None:
    """
    Where it is installed it is found beside the path as well, so this is about machines without it.
    """
    if any(Path(folder, "redis-server").exists() for folder in ("/usr/bin", "/usr/local/bin")):
        pytest.skip("Redis is installed here")
    done = alone("dev", "up", "--native")

    assert 2 == done.code
    assert "DEV002" in done.err and "apt-get install redis-server" in done.err


def test_a_database_of_the_settings_is_never_touched(alone: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The stack does not start beside it unless told, and says where it is named, without its password.
    """
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:of-production@db.example.com/live")
    done = alone("dev", "up", "--embedded")

    assert 2 == done.code
    assert "DEV001" in done.err and "DATABASE_URL" in done.err and "--own-database" in done.err
    assert "of-production" not in done.err
    assert not (alone.home / "dev").exists()


def test_reset_asks_a_person_and_refuses_where_there_is_none(alone: Cli) -> None:
    """
    A script that did not say --yes removes nothing.
    """
    (alone.home / "dev").mkdir(parents=True)
    done, dry = alone("dev", "reset"), alone("dev", "reset", "--dry-run")

    assert 2 == done.code
    assert "--yes" in done.err
    assert f"Would remove everything in {alone.home / 'dev'}.\n" == dry.out
    assert (alone.home / "dev").exists()


def test_a_second_command_waits_for_nobody(alone: Cli) -> None:
    """
    While one is at work, another says so.
    """
    from masterops.devstack import files

    with files.alone(alone.home / "dev" / "run"):
        done = alone("dev", "down")

    assert 1 == done.code
    assert "DEV006" in done.err


@pytest.mark.slow
def test_the_embedded_stack_comes_up_survives_kills_and_goes(
    alone: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Up, status, logs; kill -9 and up again on a taken port and on another; down; reset. Each leaves what it says.
    """
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    port, taken = free_port(), socket.create_server(("127.0.0.1", 0))
    up = alone("dev", "up", "--own-database", "--port", f"ops={port}")
    first = {row["service"]: row for row in alone("dev", "status", "-o", "json").json}
    os.kill(first["ops"]["pid"], signal.SIGKILL)
    killed = alone("dev", "status")
    clash = alone("dev", "up", "--own-database", "--port", f"ops={taken.getsockname()[1]}")
    again = alone("dev", "up", "--own-database", "--port", f"ops={port}")
    second = {row["service"]: row for row in alone("dev", "status", "-o", "json").json}
    logs = alone("dev", "logs", "ops", "-n", "5")
    down = alone("dev", "down")
    left = processes.marked(alone.home / "dev")
    reset = alone("dev", "reset", "--yes")
    taken.close()

    assert (0, 0) == (up.code, again.code), up.err + again.err
    assert {"database": "up", "ops": "up"} == {name: row["state"] for name, row in first.items()}
    assert f"http://127.0.0.1:{port}" == first["ops"]["url"]
    assert 1 == killed.code and "down" in killed.out
    assert 2 == clash.code and "DEV003" in clash.err
    assert first["ops"]["pid"] != second["ops"]["pid"]
    assert 0 == logs.code and logs.out
    assert (0, {}) == (down.code, left) and "ops" in down.err
    assert 0 == reset.code and not (alone.home / "dev").exists()
