"""
The programs of the stack without Docker: how each is started, and how it says that it is ready.

Pure. They are listed in the order in which they start, each after what it depends on.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from masterops.devstack import n8n_settings
from masterops.devstack.n8n_install import Installed
from masterops.devstack.ports import HOST
from masterops.sandbox import service_key_for, token_for

NOTHING_ELSE = ("-c", "from masterops.cli.entry import main; main()")
# What a program may need of its surroundings. All else stays out: a DATABASE_URL in there leads elsewhere.
INHERITED = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER", "XDG_RUNTIME_DIR")
# Master-Ops holds the embedded PostgreSQL, which ends with it: those that use it end before.
STOPPING = ("n8n-worker", "n8n", "redis", "twins", "ops")
START_SECONDS, STOP_SECONDS = 300.0, 20.0


@dataclass(frozen=True, slots=True)
class Program:
    """
    One program, its port on 127.0.0.1, and the path that answers 200 when it is ready (Redis: its PING).
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    port: int
    path: str = ""
    password: str = field(default="", repr=False)
    needs: tuple[str, ...] = ()  # programs that have to be ready before this one starts

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'http' if self.path else 'redis'}://{HOST}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tools:
    """
    What the native stack needs of this machine.
    """

    redis: str
    n8n: Installed
    sockets: Path  # the folder of PostgreSQL's socket


def native(
    folder: Path, values: Mapping[str, str], ports: Mapping[str, int], tools: Tools, around: Mapping[str, str]
) -> tuple[Program, ...]:
    """Redis, n8n in queue mode with a worker, the twins of the other services, and Master-Ops."""
    key = values["N8N_ENCRYPTION_KEY"]
    queue = n8n_settings.Queue(ports["redis"], values["REDIS_PASSWORD"])
    shared = n8n_settings.queued(tools.sockets, queue)
    main = n8n_settings.basic(
        tools.n8n, folder / "n8n", port=ports["n8n"], broker=ports["n8n-broker"], key=key
    )
    worker = n8n_settings.basic(
        tools.n8n, folder / "n8n-worker", port=ports["n8n"], broker=ports["n8n-worker-broker"], key=key
    )
    run = (str(tools.n8n.node), str(tools.n8n.program))
    redis = (tools.redis, str(folder / "redis.conf"))
    twins = ops("sandbox", "serve", "--host", HOST, "--port", str(ports["twins"]), "--live")
    health = n8n_settings.worker(ports["n8n-worker"])
    ready = "/healthz/readiness"
    return (
        Program("redis", redis, plain(around), queue.port, password=queue.password),
        Program("twins", twins, ours(folder, around), ports["twins"], "/_sandbox/health"),
        Program("n8n", (*run, "start"), {**main, **shared}, ports["n8n"], ready, needs=("redis",)),
        # The main one migrates the database.
        Program("n8n-worker", (*run, "worker"), {**worker, **shared, **health}, ports["n8n-worker"], ready,
                needs=("n8n",)),
        master_ops(folder, ports, around),
    )  # fmt: skip


def embedded(folder: Path, ports: Mapping[str, int], around: Mapping[str, str]) -> tuple[Program, ...]:
    """Master-Ops alone: in demo mode it runs its twins itself."""
    return (master_ops(folder, ports, around),)


def master_ops(folder: Path, ports: Mapping[str, int], around: Mapping[str, str]) -> Program:
    """`ops up` with the stack's own configuration."""
    return Program("ops", ops("up"), ours(folder, around), ports["ops"], "/healthz")


def ops(*words: str) -> tuple[str, ...]:
    """A command of ours, run by the Python that runs us."""
    return (sys.executable, *NOTHING_ELSE, *words)


def plain(around: Mapping[str, str]) -> dict[str, str]:
    """Of `around` (our own environment) what a program needs, and no setting of ours."""
    return {name: around[name] for name in INHERITED if name in around}


def ours(folder: Path, around: Mapping[str, str]) -> dict[str, str]:
    """The environment of our own programs: they read the configuration in `folder` and nothing else."""
    own = {
        "MASTEROPS_CONFIG": str(folder / "masterops.toml"),
        "MASTEROPS_HOME": str(folder),
        "PYTHONUNBUFFERED": "1",
    }
    return {**plain(around), **own}


def redis_file(folder: Path, port: int, password: str) -> str:
    """Redis's configuration. It keeps what it holds: a queue is no cache."""
    return (
        f"bind {HOST}\nport {port}\ndir {_quoted(folder / 'redis')}\nrequirepass {password}\n"
        'daemonize no\nprotected-mode yes\nappendonly yes\nsave ""\nmaxmemory-policy noeviction\n'
    )


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def configuration(*, demo: bool, port: int) -> str:
    """The stack's `masterops.toml`; connections and secrets are in `.env` beside it."""
    return (
        "# Of the local stack, written anew by each `ops dev up`. `ops dev run COMMAND` uses it.\n"
        f'demo = {"true" if demo else "false"}\n\n[web]\nhost = "{HOST}"\nport = {port}\n'
    )


def connections(businesses: Sequence[str], ports: Mapping[str, int], api_key: str) -> dict[str, str]:
    """The variables that make Master-Ops's connections: the real n8n, and the twins of other services."""
    twins = f"http://{HOST}:{ports['twins']}"
    found = {"N8N_BASE_URL": f"http://{HOST}:{ports['n8n']}", "N8N_API_KEY": api_key}
    for business in businesses:
        prefix = business.upper().replace("-", "_")
        found[f"{prefix}_HUBSPOT_BASE_URL"] = f"{twins}/hubspot"
        found[f"{prefix}_HUBSPOT_ACCESS_TOKEN"] = token_for("hubspot", business)
        found[f"{prefix}_UNLEASHED_BASE_URL"] = f"{twins}/unleashed"
        found[f"{prefix}_UNLEASHED_API_ID"] = token_for("unleashed", business)
        found[f"{prefix}_UNLEASHED_API_KEY"] = service_key_for("unleashed", business)
    return found
