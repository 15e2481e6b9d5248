"""
Bad input: one clear error that says what, where and how to mend it; a stable code, a documented exit code.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from masterops.sandbox import faults
from tests.cli.conftest import Cli

BUSINESSES = ("teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["stat"], "USE002", "Did you mean 'stats'?", id="command"),
        pytest.param(["stats", "--business", "telixir"], "USE002", "Did you mean 'teelixir'?", id="business"),
        pytest.param(
            ["health-check", "--services", "hubspt"], "USE002", "Did you mean 'hubspot'?", id="service"
        ),
        pytest.param(["test-integration", "hubspt"], "USE002", "Did you mean 'hubspot'?", id="connector"),
        pytest.param(["db", "query", "bussinesses"], "USE002", "Did you mean 'businesses'?", id="table"),
        pytest.param(
            ["db", "query", "businesses", "--columns", "nam"], "USE002", "Did you mean 'name'?", id="column"
        ),
        pytest.param(
            ["db", "query", "businesses", "--filter", "name==x"],
            "USE002",
            "no operator named '=='",
            id="operator",
        ),
        pytest.param(
            ["db", "query", "businesses", "--filter", "name"], "USE003", "like level=error", id="filter"
        ),
        pytest.param(
            ["db", "query", "integration_logs", "--filter", "created_at>soon"],
            "USE003",
            "timestamp",
            id="value",
        ),
        pytest.param(["db", "query", "businesses", "--limit", "0"], "USE003", "between 1 and", id="limit"),
        pytest.param(["logs", "--since", "yesterdayish"], "USE003", "90s, 30m, 2h", id="since"),
        pytest.param(["logs", "--level", "loud"], "USE001", "ops logs --help", id="level"),
        pytest.param(["logs", "--colour"], "USE001", "ops logs --help", id="option"),
        pytest.param(["stats", "--hours", "0"], "USE003", "it must be 1 to", id="hours"),
        pytest.param(
            ["sandbox", "fault", "hubspot/telixir", "--hang"], "USE002", "'teelixir'", id="fault of nobody"
        ),
        pytest.param(
            ["sandbox", "fault", "hubspot/teelixir", "--status", "200"], "USE003", "400 to 599", id="fault"
        ),
        pytest.param(["sandbox", "fault", "hubspot/teelixir"], "USE003", "it does nothing", id="no fault"),
    ],
)
def test_a_slip_names_itself_and_the_way_out(cli: Cli, words: list[str], code: str, said: str) -> None:
    """
    Exit code 2, nothing on stdout, message, hint and code on stderr.
    """
    result = cli(*words)

    assert (2, "") == (result.code, result.out)
    assert said in result.err
    assert f"code: {code}" in result.err


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        pytest.param("demo = tru", "CFG001", "masterops.toml:1", id="malformed"),
        pytest.param('[log]\nlevl = "info"', "CFG002", "masterops.toml:2", id="unknown key"),
        pytest.param('\n[http]\ntimeout_seconds = "fast"', "CFG003", "masterops.toml:3", id="wrong type"),
        pytest.param(
            '[connections."hubspot/teelixir"]\naccess_token = "pat-x"',
            "CFG005",
            "masterops.toml:2",
            id="inline secret",
        ),
        pytest.param(
            '[connections."hubspot/telixir"]\naccess_token = "env:X"',
            "CFG002",
            "hubspot/teelixir",
            id="unknown business",
        ),
    ],
)
def test_a_wrong_file_names_the_line(cli: Cli, text: str, code: str, where: str) -> None:
    """
    Before anything is started.
    """
    (cli.folder / "masterops.toml").write_text(text)

    result = cli("stats")

    assert 2 == result.code
    assert where in result.err
    assert f"code: {code}" in result.err


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize(
    "command", [["stats"], ["up", "--once"], ["db", "status"], ["logs"], ["db", "query", "x"]]
)
def test_a_database_that_nobody_serves(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """
    Exit code 3, where and why, and no password.
    """
    monkeypatch.setenv("DATABASE_URL", f"postgresql://ops:hunter22@127.0.0.1:{free_port()}/ops")

    result = bare(*command)

    assert 3 == result.code
    assert "code: DB001" in result.err
    assert "127.0.0.1" in result.err
    assert "hunter22" not in result.err


def test_a_database_that_is_not_there(cli: Cli, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The server answers, the database does not exist.
    """
    monkeypatch.setenv("DATABASE_URL", database.replace("/masterops_", "/no_such_"))

    result = cli("stats")

    assert 3 == result.code
    assert "code: DB002" in result.err


def test_a_home_that_cannot_be_written(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file where a folder should be: said by every command, and by the doctor.
    """
    blocked = bare.folder / "file"
    blocked.write_text("")
    monkeypatch.setenv("MASTEROPS_HOME", str(blocked / "home"))

    for words in (["stats"], ["up", "--once"]):
        result = bare(*words)
        assert 3 == result.code
        assert "code: DB005" in result.err
    assert 1 == bare("doctor").code


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_a_home_of_another_user(bare: Cli) -> None:
    """
    Root leaves nothing behind that its owner could not write any more.
    """
    bare.home.mkdir()
    os.chown(bare.home, 65534, 65534)

    result = bare("stats")

    assert 3 == result.code
    assert "it belongs to user 65534" in result.err
    assert [] == list(bare.home.iterdir())


@pytest.mark.parametrize("kind", ["pipe", "loop", "folder"])
def test_a_configuration_file_that_is_none(cli: Cli, kind: str) -> None:
    """
    It is neither waited for nor passed over.
    """
    path = cli.folder / "masterops.toml"
    {"pipe": os.mkfifo, "loop": lambda link: link.symlink_to(link), "folder": Path.mkdir}[kind](path)

    result = cli("config", "show")

    assert 2 == result.code
    assert "masterops.toml" in result.err


def test_a_port_that_is_taken(bare: Cli) -> None:
    """
    The port is named, and how to choose another.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = bare("sandbox", "serve", "--port", str(port))

    assert 2 == result.code
    assert f"Port {port} on 127.0.0.1" in result.err
    assert "code: SBX001" in result.err


def test_the_demo_with_its_port_taken(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The reason of the sandbox's own process arrives at the person.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("MASTEROPS_SANDBOX_PORT", str(taken.getsockname()[1]))
        result = cli("health-check")

    assert 2 == result.code
    assert "in use by another program" in result.err
    assert "sandbox.port" in result.err


@pytest.mark.parametrize(
    ("fault", "state", "category"),
    [
        pytest.param({"expired": True}, "down", "authentication", id="401"),
        pytest.param({"storm": True}, "degraded", "rate_limit", id="429 storm"),
        pytest.param({"status": 500}, "down", "server", id="500 storm"),
        pytest.param({"status": 503, "retry_after": 86400}, "down", "server", id="Retry-After of a day"),
        pytest.param({"malformed": True}, "down", "server", id="malformed JSON"),
        pytest.param({"cut": True}, "down", "network", id="cut"),
        pytest.param({"hang": True}, "down", "timeout", id="hanging socket", marks=pytest.mark.slow),
        pytest.param({"latency_ms": 2500}, "degraded", None, id="slow"),
    ],
)
def test_one_sick_service_and_the_cycle_goes_on(
    cli: Cli, fault: dict[str, object], state: str, category: str | None
) -> None:
    """
    The sick connection is named with its reason; the other three are checked and read as ever.
    """
    faults.save_fault(cli.home / "sandbox", "hubspot/teelixir", faults.parse(fault))

    result = cli("up", "--once", "--output", "json")
    attention = cli("attention", "--output", "json")
    checks = cli("db", "query", "health_checks", "--output", "json")

    states = {each["connection"]: each["state"] for each in result.json["connections"]}
    assert {f"hubspot/{business}": "up" for business in BUSINESSES} | {"hubspot/teelixir": state} == states
    assert (1, 1) == (result.code, attention.code)
    assert ["teelixir"] == [each["business_slug"] for each in attention.json]
    assert "hubspot/teelixir" in {reason["what"] for reason in attention.json[0]["reasons"]}
    looks = [each["error_category"] for each in checks.json if each["business_id"] == "teelixir"]
    assert {category} == set(looks)  # the schedule may have fired meanwhile


def test_a_broken_fault_file_is_named(cli: Cli) -> None:
    """
    A file that somebody edited by hand is not overwritten, and not a traceback.
    """
    folder: Path = cli.home / "sandbox"
    folder.mkdir(parents=True)
    (folder / "faults.json").write_text("{")

    result = cli("sandbox", "fault", "hubspot/teelixir", "--hang")

    assert 2 == result.code
    assert "faults.json" in result.err
    assert "{" == (folder / "faults.json").read_text()
    assert 1 == len([line for line in cli("up", "--once").err.splitlines() if "faults.json" in line])
    assert (0, 0) == (
        cli("sandbox", "reset").code,
        cli("sandbox", "fault", "hubspot/teelixir", "--hang").code,
    )
