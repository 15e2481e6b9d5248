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

from masterops.db import Embedded
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
    assert "DEV000" in alone("dev", "run", "attention").err
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


DOCKER = """#!/bin/sh
echo "$@" >> {calls}
echo "N8N_PORT=$N8N_PORT" >> {calls}
case "$*" in
*" ps "*) echo '{{"Service": "db", "State": "running", "Health": "healthy", "RunningFor": "1 minute ago"}}' ;;
esac
"""


@pytest.fixture
def docked(alone: Cli, tmp_path: Path) -> Path:
    """
    A checkout, and a `docker` that answers and writes down what it was called with; the file of that.
    """
    calls = tmp_path / "calls"
    program = tmp_path / "programs" / "docker"
    program.write_text(DOCKER.format(calls=calls))
    program.chmod(0o755)
    (tmp_path / "docker-compose.yml").write_text("services: {}\n")
    (tmp_path / "src" / "masterops").mkdir(parents=True)
    return calls


def test_with_docker_it_is_compose_that_starts_waits_and_stops(
    alone: Cli, docked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    With a file of secrets for its owner alone, which no variable of the shell goes before; reset removes volumes,
    also of a stack that was stopped before.
    """
    monkeypatch.setenv("N8N_PORT", "9")
    up = alone("dev", "up", "--port", "studio=15432")
    variables = tmp_path / ".env.docker"
    mode, text = variables.stat().st_mode & 0o777, variables.read_text()
    status, down = alone("dev", "status", "-o", "json"), alone("dev", "down")
    again = alone("dev", "up")
    same = variables.read_text()
    alone("dev", "down")
    reset = alone("dev", "reset", "--yes")
    calls = docked.read_text()
    files = f"--file {tmp_path}/docker-compose.yml --env-file {variables}"

    assert [0] * 5 == [each.code for each in (up, status, down, again, reset)], up.err
    assert 0o600 == mode
    assert "STUDIO_PORT=15432" in text and text == same
    assert ["db"] == [row["service"] for row in status.json]
    assert f"compose {files} up --detach --build --wait" in calls
    assert f"compose {files} --profile * down --remove-orphans\n" in calls
    assert f"compose {files} --profile * down --remove-orphans --volumes\n" in calls
    assert "N8N_PORT=" == calls.splitlines()[calls.splitlines().index(started(calls)) + 1]
    assert not variables.exists()


def started(calls: str) -> str:
    """The call that started it."""
    return next(line for line in calls.splitlines() if " up --detach" in line)


def test_the_compose_file_is_found_from_a_folder_below(alone: Cli, docked: Path, tmp_path: Path) -> None:
    """
    The secrets are written beside it, not where one happens to be.
    """
    inside = tmp_path / "deep" / "down"
    inside.mkdir(parents=True)
    os.chdir(inside)
    done = alone("dev", "up")
    os.chdir(tmp_path)

    assert 0 == done.code
    assert (tmp_path / ".env.docker").exists() and not (inside / ".env.docker").exists()


def test_a_stack_whose_docker_is_gone_is_forgotten(alone: Cli, docked: Path, tmp_path: Path) -> None:
    """
    Its engine runs nothing any more, so nothing keeps from stopping or choosing another.
    """
    alone("dev", "up")
    (tmp_path / "programs" / "docker").unlink()
    dry, down, status = alone("dev", "up", "--dry-run"), alone("dev", "down"), alone("dev", "status")

    assert [0, 0, 0] == [dry.code, down.code, status.code]
    assert "No Docker" in dry.err
    assert "Nothing of the local stack runs" in status.err


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
    ran, refused = alone("dev", "run", "config", "show"), alone("dev", "run", "nothing")
    data = Embedded(alone.home / "dev").status().data_directory
    down = alone("dev", "down")
    kept = data.exists()
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
    assert (0, 2) == (ran.code, refused.code)
    assert (0, {}) == (down.code, left) and "ops" in down.err
    assert 0 == reset.code and kept and not data.exists() and not (alone.home / "dev").exists()
