"""
What the local stack runs on, its ports, its secrets and its programs: decided without touching anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops import errors
from masterops.config.dotenv import parse
from masterops.devstack import backends, n8n_settings, ports, programs, values
from masterops.devstack.backends import Backend, Docker, choose
from masterops.devstack.n8n_install import Installed
from masterops.devstack.programs import Tools

HERE, AWAY = Docker(), Docker("there is no `docker` on the path")
FOLDER = Path("/home/ann/.local/share/masterops/dev")
TOOLS = Tools(
    "/usr/bin/redis-server", Installed(Path("/n/node"), Path("/n/n8n"), Path("/n/home")), Path("/s")
)


@pytest.mark.parametrize(
    ("asked", "docker", "running", "expected"),
    [
        pytest.param(None, HERE, None, "docker", id="Docker where it is"),
        pytest.param(None, AWAY, None, "embedded", id="embedded where there is none"),
        pytest.param("native", HERE, None, "native", id="what is asked for"),
        pytest.param("embedded", AWAY, None, "embedded", id="the embedded one by name"),
        pytest.param(None, HERE, "native", "native", id="what runs already goes on"),
        pytest.param("native", AWAY, "native", "native", id="the same again"),
    ],
)
def test_the_backend_is_what_was_asked_for_or_what_there_is(
    asked: Backend | None, docker: Docker, running: Backend | None, expected: Backend
) -> None:
    """
    Docker is the default; what runs already is not exchanged for something else.
    """
    assert expected == choose(asked, docker, running).backend


def test_the_way_without_docker_is_said_in_one_line() -> None:
    """
    The user learns why it is embedded, and of the other way.
    """
    note = choose(None, AWAY).note

    assert note.startswith("No Docker (there is no `docker` on the path)")
    assert "--native" in note and "\n" not in note


def test_docker_that_was_asked_for_and_is_not_there_is_an_error() -> None:
    """
    Nothing else is started in its place.
    """
    with pytest.raises(errors.ComposeUnusable, match="there is no `docker`"):
        choose("docker", AWAY)


def test_two_backends_at_once_are_refused() -> None:
    """
    They would fight for the same ports.
    """
    with pytest.raises(errors.OtherBackend, match="native"):
        choose("docker", HERE, "native")


@pytest.mark.parametrize("backend", list(backends.IN_WORDS))
def test_no_two_ports_of_a_backend_are_the_same(backend: Backend) -> None:
    """
    By default everything can run at once.
    """
    numbers = list(ports.chosen(backend, {}).values())

    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("word", "error"),
    [
        pytest.param("n8n", errors.BadValue, id="no number"),
        pytest.param("n8n=", errors.BadValue, id="an empty one"),
        pytest.param("n8n=0", errors.BadValue, id="zero"),
        pytest.param("n8n=65536", errors.BadValue, id="too large"),
        pytest.param("n8n=²", errors.BadValue, id="a digit that is none"),
        pytest.param("studoi=1", errors.UnknownName, id="misspelt"),
        pytest.param("studio=1", errors.UnknownName, id="of another backend"),
    ],
)
def test_a_wrong_port_is_refused(word: str, error: type[errors.MasterOpsError]) -> None:
    """
    Before anything starts.
    """
    with pytest.raises(error):
        ports.given("native", [word])


def test_one_number_for_two_services_is_refused() -> None:
    """
    Also when one of them has it by default.
    """
    with pytest.raises(errors.BadValue, match="both n8n and ops"):
        ports.chosen("native", {"OPS_PORT": "5678"})


def test_supabase_s_keys_are_tokens_that_its_services_take() -> None:
    """
    HS256 over the two parts, with the role and an end.
    """
    head, claims, mark = values.token("anon", "secret", 1_000).split(".")
    signed = hmac.digest(b"secret", f"{head}.{claims}".encode(), hashlib.sha256)

    assert {"alg": "HS256", "typ": "JWT"} == json.loads(_decoded(head))
    assert {"role": "anon", "iss": "supabase", "iat": 1_000, "exp": 1_000 + values.KEY_SECONDS} == json.loads(
        _decoded(claims)
    )
    assert signed == _decoded(mark)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@given(
    st.dictionaries(
        st.sampled_from([each.name for each in values.VALUES]),
        st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
    )
)
def test_what_is_there_is_never_made_again(known: dict[str, str]) -> None:
    """
    The database and n8n keep the first password that they are given.
    """
    first = values.completed("docker", known, 1)
    again = values.completed("docker", first, 2)

    assert known.items() <= first.items()
    assert first == again


def test_every_installation_has_secrets_of_its_own() -> None:
    """
    No password is known beforehand.
    """
    one, other = values.completed("docker", {}, 1), values.completed("docker", {}, 1)
    same = {name for name in one if one[name] == other[name]}

    assert not same & {each.name for each in values.VALUES if each.secret}
    assert all(len(one[each.name]) >= 16 for each in values.VALUES if each.secret)
    assert 16 == len(one["REALTIME_KEY"])


def test_the_file_of_variables_is_read_back_as_it_was_written() -> None:
    """
    By the same rules as any `.env`.
    """
    made = values.completed("docker", {"MINE": "kept"}, 1)

    assert made == {name: entry.value for name, entry in parse(values.text(made), "x").items()}


def test_no_program_inherits_a_database_or_a_secret_of_ours() -> None:
    """
    The stack reads its own settings, whatever the shell has set.
    """
    around = {
        "PATH": "/bin",
        "DATABASE_URL": "postgresql://live.example.com/all",
        "MASTEROPS_DATABASE_URL": "postgresql://live.example.com/all",
        "HUBSPOT_ACCESS_TOKEN": "pat-real",
        "DB_POSTGRESDB_HOST": "live.example.com",
    }
    made = values.completed("native", {}, 1)
    plan = programs.native(FOLDER, made, ports.chosen("native", made), TOOLS, around)
    found = {value for program in plan for value in program.environment.values()}

    assert not [value for value in found if "live.example.com" in value or "pat-real" in value]
    assert "/bin" in found


def test_no_secret_stands_on_a_command_line() -> None:
    """
    There every user of the machine could read it.
    """
    made = values.completed("native", {}, 1)
    plan = programs.native(FOLDER, made, ports.chosen("native", made), TOOLS, {})
    words = " ".join(word for program in plan for word in program.command)

    assert not [each.name for each in values.VALUES if each.secret and made.get(each.name, "none") in words]


def test_every_program_is_on_loopback_alone_and_stops_in_order() -> None:
    """
    Those that use the database end before Master-Ops, which holds it.
    """
    made = values.completed("native", {}, 1)
    plan = programs.native(FOLDER, made, ports.chosen("native", made), TOOLS, {})
    n8n = next(program for program in plan if program.name == "n8n").environment

    assert "bind 127.0.0.1\n" in programs.redis_file(FOLDER, 1, "x")
    assert {"127.0.0.1"} == {n8n[name] for name in n8n if name.endswith("LISTEN_ADDRESS")}
    assert {program.name for program in plan} == set(programs.STOPPING)
    assert "ops" == programs.STOPPING[-1]


def test_main_and_worker_share_queue_database_and_key() -> None:
    """
    Else the worker finds no work, or cannot read the credentials.
    """
    made = values.completed("native", {}, 1)
    plan = {
        each.name: each for each in programs.native(FOLDER, made, ports.chosen("native", made), TOOLS, {})
    }
    main, worker = plan["n8n"].environment, plan["n8n-worker"].environment
    shared = ["N8N_ENCRYPTION_KEY", *n8n_settings.queued(Path("/s"), n8n_settings.Queue(1, "x"))]

    assert [main[name] for name in shared] == [worker[name] for name in shared]
    assert main["N8N_RUNNERS_BROKER_PORT"] != worker["N8N_RUNNERS_BROKER_PORT"]
