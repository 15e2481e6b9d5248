"""
docker-compose.yml against what docs/local-stack.md promises. Docker itself is not needed: the Compose that a wheel
brings reads the file as it would when it starts it, and the rules that matter are looked at one by one.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from masterops.config.dotenv import parse
from masterops.devstack import compose, ports, values

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
DONE = "service_completed_successfully"
HEALTHY = "service_healthy"


def program(name: str) -> str:
    """A program that a wheel of the development tools brings, beside this Python; CI's machines have it."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None and (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip(f"there is no {name} for this system")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("env") / ".env.docker"
    file.write_text(values.text(values.completed("docker", {}, 1)))
    return file


@pytest.fixture(scope="module")
def whole(variables: Path) -> dict[str, Any]:
    """
    The file as Compose understands it, with every profile.
    """
    done = config("--env-file", str(variables), "--profile", "*", words=("--format", "json"))
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def config(*options: str, words: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """`docker compose config`, without a variable of this shell."""
    return subprocess.run(
        [program("docker-compose"), "--file", str(FILE), *options, "config", *words],
        capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )  # fmt: skip


def test_every_service_of_the_stack_is_there(whole: dict[str, Any]) -> None:
    """
    Supabase's parts, n8n with a worker, Redis, Master-Ops; analytics only by its profile.
    """
    services = whole["services"]
    optional = {name for name, service in services.items() if service.get("profiles")}

    assert {
        "db", "studio", "auth", "storage", "realtime", "rest", "gateway", "meta",
        "n8n", "n8n-worker", "n8n-key", "redis", "ops", "analytics",
    } == set(services)  # fmt: skip
    assert {"analytics"} == optional


def test_ports_are_those_of_the_table_and_on_this_machine_alone(whole: dict[str, Any]) -> None:
    """
    Nothing can be reached from another machine.
    """
    published = {
        (port["host_ip"], int(port["published"]))
        for service in whole["services"].values()
        for port in service.get("ports", ())
    }

    assert {(ports.HOST, port.default) for port in ports.of("docker")} == published


def table(title: str) -> dict[str, list[str]]:
    """The cells of a table of docs/local-stack.md by their first, which stands under `title`."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "local-stack.md").read_text().splitlines()
        if line.startswith("|")
    ]
    start = next(index for index, row in enumerate(rows) if title == row[0])
    width = len(rows[start])
    body = []
    for row in rows[start + 2 :]:
        if len(row) != width or set(row[0]) == {"-"}:
            break
        body.append(row)
    return {row[0]: row[1:] for row in body}


def test_the_page_has_the_ports_that_the_program_knows() -> None:
    """
    Each with its number, and on which backends it is.
    """
    found = {
        name: (
            int(row[0]),
            tuple(b for b, cell in zip(("docker", "native", "embedded"), row[2:], strict=True) if cell),
        )
        for name, row in table("name").items()
    }

    assert {port.name: (port.default, port.backends) for port in ports.PORTS} == found


def test_the_page_has_the_images_of_the_file(whole: dict[str, Any]) -> None:
    """
    A tag that is changed in the one is changed in the other.
    """
    documented = {
        name: row[0].split()[-1] for names, row in table("service").items() for name in names.split(", ")
    }
    pinned = {
        name: re.sub(r"^v|-(alpine|sha.*)$", "", service["image"].rpartition(":")[2]).replace("local", "ours")
        for name, service in whole["services"].items()
    }

    assert pinned == documented


def test_images_are_pinned_to_a_version(whole: dict[str, Any]) -> None:
    """
    The same file starts the same stack tomorrow; ours is built from this checkout.
    """
    images = {service["image"] for service in whole["services"].values()}
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert {"masterops:local"} == {image for image in images if "/" not in image}
    for image in [*images - {"masterops:local"}, *bases]:
        assert re.fullmatch(r"docker\.io/[a-z0-9]+/[a-z0-9-]+:v?\d+\.\d+\S*", image), image


def test_everything_has_a_health_check_or_ends_by_itself(whole: dict[str, Any]) -> None:
    """
    So that `up --wait` means ready. Master-Ops has the health check of its image.
    """
    services = whole["services"]
    checked = {name for name, service in services.items() if service.get("healthcheck", {}).get("test")}
    once = {name for name, needs in needed(services) if needs == DONE}

    assert {"n8n-key"} == once
    assert set(services) - checked == {"ops"} | once
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
    assert "no" == services["n8n-key"]["restart"]


def test_nobody_starts_before_what_it_needs_is_healthy(whole: dict[str, Any]) -> None:
    """
    `service_started` alone would be a race.
    """
    services = whole["services"]
    conditions = {needs for _, needs in needed(services)}
    gates = {name: set(service.get("depends_on", {})) for name, service in services.items()}

    assert {HEALTHY, DONE} == conditions
    assert {"db", "gateway", "n8n-worker", "n8n-key"} == gates["ops"]
    assert {"db", "redis"} == gates["n8n"]
    assert {"n8n"} == gates["n8n-worker"]
    assert all("db" in gates[name] for name in ("auth", "rest", "storage", "realtime", "meta"))


def needed(services: dict[str, Any]) -> list[tuple[str, str]]:
    """Who waits for whom, and for what."""
    return [
        (name, each["condition"])
        for service in services.values()
        for name, each in service.get("depends_on", {}).items()
    ]


def test_compose_refuses_to_start_without_each_of_the_secrets(variables: Path, tmp_path: Path) -> None:
    """
    There is no password that works by default: each variable that holds one must be given.
    """
    given = {name: entry.value for name, entry in parse(variables.read_text(), "x").items()}
    missing = tmp_path / "none"
    missing.write_text(
        "\n".join(f"{name}={value}" for name, value in given.items() if name.endswith("_PORT"))
    )
    done = config("--env-file", str(missing), "--profile", "*")
    named = set(re.findall(r"required variable (\w+) is missing", done.stderr))

    assert 0 != done.returncode
    assert {each.name for each in values.VALUES if "docker" in each.backends} == named


def test_no_secret_stands_in_the_file() -> None:
    """
    Every one is a variable that must be set.
    """
    text = FILE.read_text()
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", text))
    secret = {each.name for each in values.VALUES if each.secret and "docker" in each.backends}
    guarded = set(re.findall(r"(?<!\$)\$\{(\w+):\?", text))

    assert secret <= guarded
    assert used == {each.name for each in values.VALUES if "docker" in each.backends} | {
        port.variable for port in ports.of("docker")
    }


def test_the_example_is_what_the_program_makes_and_git_ignores_the_real_one() -> None:
    """
    `.env.docker.example` has every variable and no secret.
    """
    example = (ROOT / ".env.docker.example").read_text()
    found = {name: entry.value for name, entry in parse(example, "x").items()}

    assert values.example() == example
    assert not [each.name for each in values.VALUES if each.secret and found.get(each.name)]
    assert compose.VARIABLES in (ROOT / ".gitignore").read_text().split()


def test_data_are_in_volumes_with_names_and_files_of_ours_are_read_only(whole: dict[str, Any]) -> None:
    """
    `reset` removes volumes and nothing else; no container sees the Docker socket.
    """
    mounts = [mount for service in whole["services"].values() for mount in service.get("volumes", ())]
    bound = {mount["source"]: mount.get("read_only") for mount in mounts if mount["type"] == "bind"}
    named = {mount["source"] for mount in mounts if mount["type"] == "volume"}

    assert {str(ROOT / "docker" / name): True for name in ("roles.sql", "gateway.conf.template")} == bound
    assert set(whole["volumes"]) == named
    assert not [source for source in bound if "docker.sock" in source]


def test_master_ops_runs_without_rights_on_a_read_only_root(whole: dict[str, Any]) -> None:
    """
    As it is proved to work by the test of the image.
    """
    for name in ("ops", "n8n-key"):
        service = whole["services"][name]

        assert service["read_only"] and ["ALL"] == service["cap_drop"] and "/tmp" in service["tmpfs"]
    assert all(
        ["no-new-privileges:true"] == service["security_opt"] and not service.get("privileged")
        for service in whole["services"].values()
    )


def test_main_and_worker_of_n8n_have_the_same_settings(whole: dict[str, Any]) -> None:
    """
    One queue, one database, one key; the settings that make it queue mode are those that the native stack runs.
    """
    main, worker = (whole["services"][name]["environment"] for name in ("n8n", "n8n-worker"))

    assert main == worker
    assert "queue" == main["EXECUTIONS_MODE"] and "redis" == main["QUEUE_BULL_REDIS_HOST"]
    assert ["worker"] == whole["services"]["n8n-worker"]["command"]


def test_master_ops_reads_the_settings_that_the_file_gives_it(whole: dict[str, Any], tmp_path: Path) -> None:
    """
    Its database, n8n with the key from the volume, and Supabase: no demo mode, and nothing is unknown.
    """
    from masterops.config import load

    key = tmp_path / "n8n-api-key"
    key.write_text("eyJ.key\n")
    environment = {
        name: value.replace("/keys/n8n-api-key", str(key))
        for name, value in whole["services"]["ops"]["environment"].items()
    }
    settings = load(environ={"HOME": "/data", **environment}, cwd=tmp_path)
    found = {each.id: each for each in settings.connections}

    assert not settings.demo
    assert {"n8n/group", "supabase/group"} == set(found)
    assert all(each.configured for each in found.values())
    assert settings.database.url is not None and "@db:5432/postgres" in settings.database.url.shown


def test_the_dockerfile_keeps_hadolint_s_rules() -> None:
    """
    With no rule switched off.
    """
    done = subprocess.run(
        [program("hadolint"), "--no-color", "--failure-threshold", "style", str(ROOT / "Dockerfile")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stdout)
    assert "hadolint ignore" not in (ROOT / "Dockerfile").read_text()


def test_the_image_is_built_from_what_it_copies_and_from_nothing_secret() -> None:
    """
    The context has the source alone: no `.env`, no data, no history.
    """
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert "*" == lines[0]
    assert let_in == {word.removeprefix("./") for line in copied for word in line.split()}
    assert all((ROOT / name).exists() for name in let_in)


def test_the_workflow_file_of_yaml_says_nothing_twice() -> None:
    """
    A key that stands twice in YAML silently loses its first value; Compose would not say so everywhere.
    """

    class Strict(yaml.SafeLoader):
        pass

    def unique(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.value != "<<"]
        assert len(keys) == len(set(keys)), f"twice near line {node.start_mark.line + 1}: {keys}"
        loader.flatten_mapping(node)
        return {loader.construct_object(k, True): loader.construct_object(v, True) for k, v in node.value}  # type: ignore[no-untyped-call]

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, unique)

    assert "services" in yaml.load(FILE.read_text(), Strict)


PS = [
    {"Service": "db", "State": "running", "Health": "healthy", "RunningFor": "2 minutes ago", "ExitCode": 0,
     "Publishers": [{"URL": "127.0.0.1", "TargetPort": 5432, "PublishedPort": 54322}]},
    {"Service": "auth", "State": "running", "Health": "starting", "RunningFor": "1 second ago", "ExitCode": 0,
     "Publishers": [{"URL": "", "TargetPort": 9999, "PublishedPort": 0}]},
    {"Service": "n8n-key", "State": "exited", "Health": "", "RunningFor": "1 minute ago", "ExitCode": 0},
    {"Service": "ops", "State": "exited", "Health": "", "RunningFor": "1 minute ago", "ExitCode": 3},
    {"Service": "rest", "State": "running", "Health": "unhealthy", "RunningFor": "1 minute ago", "ExitCode": 0},
]  # fmt: skip


def test_what_compose_says_becomes_rows_of_the_status() -> None:
    """
    A service that has done its work is no failure.
    """
    rows = compose.rows("\n".join(json.dumps(each) for each in PS))

    assert [
        ("auth", "unknown"),
        ("db", "up"),
        ("n8n-key", "done"),
        ("ops", "down"),
        ("rest", "degraded"),
    ] == [(row["service"], row["state"]) for row in rows]
    assert ["127.0.0.1:54322"] == [row["url"] for row in rows if row["url"]]
