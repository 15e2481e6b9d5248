"""
The local stack, whatever it runs on: up, down, status, reset, logs.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from masterops import errors
from masterops.config import Settings
from masterops.core.spelling import unknown
from masterops.db import Embedded
from masterops.devstack import answering, compose, files, ports, processes, programs, record
from masterops.devstack.backends import Backend, Choice, Docker, choose
from masterops.devstack.compose import Compose
from masterops.devstack.machine import Machine, alive
from masterops.devstack.record import Record

Say = Callable[[str], None]
FOLLOW_SECONDS = 0.3
NOT_ASKED = Docker("nobody asked for it")
TERMINAL = ("COLUMNS", "COLORTERM", "LINES", "NO_COLOR", "PAGER", "TERM")
SERVICES: dict[Backend, tuple[str, ...]] = {
    "native": ("redis", "n8n", "n8n-worker", "twins", "ops"),
    "embedded": ("ops",),
}
HEALTH = {"n8n": "/healthz/readiness", "n8n-worker": "/healthz/readiness", "twins": "/_sandbox/health",
          "ops": "/healthz"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stack:
    """
    The stack of one home: everything it keeps is in a folder of its own, apart from the user's own data.
    """

    settings: Settings
    say: Say
    start: Path  # where the Compose file is looked for

    @property
    def folder(self) -> Path:
        """Where its programs keep their data, logs and configuration."""
        return self.settings.home.expanduser().resolve() / "dev"

    @property
    def configuration(self) -> Path:
        """The file that points `ops --config` at it."""
        return self.folder / "masterops.toml"

    def plan(self, asked: Backend | None) -> Choice:
        """What it would run on. Raises ComposeUnusable, OtherBackend."""
        known = record.load(self.folder)
        docker = (
            compose.find_docker() if asked in (None, "docker") or known.backend == "docker" else NOT_ASKED
        )
        runs = docker.usable if known.backend == "docker" else any(alive(each) for each in known.programs)
        return choose(asked, docker, known.backend if runs else None)

    def ports(self, backend: Backend, given: Sequence[str]) -> dict[str, int]:
        """The ports it would have. Raises BadValue, UnknownName."""
        docker = backend == "docker"
        known = Compose(compose.find_file(self.start)).known() if docker else self._machine().variables()
        return ports.chosen(backend, {**known, **ports.given(backend, given)})

    def up(self, choice: Choice, given: Sequence[str], *, own_database: bool) -> None:
        """Start everything and wait until it is ready; what runs already stays. Raises a StackError."""
        self._refuse_elsewhere(own_database)
        self.ports(choice.backend, given)
        set_ports = ports.given(choice.backend, given)
        with files.alone(self.folder / "run"):
            if choice.backend == "docker":
                file = compose.find_file(self.start)
                record.save(self.folder, Record("docker", compose=str(file)))
                Compose(file).up(set_ports)
            else:
                self._machine().up(choice.backend, set_ports)

    def down(self) -> list[str]:
        """Stop everything; the names of what ran. Data stay."""
        if not self.folder.exists():
            return []
        with files.alone(self.folder / "run"):
            return self._stop()

    def reset(self) -> None:
        """Stop everything and remove its data, secrets and database."""
        if not self.folder.exists():
            return
        with files.alone(self.folder / "run"):
            self._stop()
            self._remove_volumes()
            self._machine().reset()

    def status(self) -> list[dict[str, Any]]:
        """A row for each service that there should be."""
        known = record.load(self.folder)
        if known.backend == "docker":
            return Compose(Path(known.compose)).status()
        if known.backend is None:
            return []
        return [self._database_row(), *(self._row(known, name) for name in SERVICES[known.backend])]

    def logs(self, service: str | None, lines: int, *, follow: bool) -> Iterator[tuple[str, str]]:
        """Lines of what the services say, with their names. Raises UnknownName."""
        machine = self._machine()
        names = list(SERVICES[record.load(self.folder).backend or "native"])
        if service is not None and service not in names:
            raise unknown("service", service, names)
        places: dict[str, int] = {}
        for name in [service] if service else names:
            content = _after(machine.log(name), 0)
            places[name] = len(content)
            yield from ((name, line) for line in _lines(content)[-lines:])
        while follow:
            for name, place in places.items():
                log = machine.log(name)
                start = place if log.exists() and log.stat().st_size >= place else 0  # it began anew
                content = _after(log, start)
                whole = content[: content.rfind(b"\n") + 1]
                places[name] = start + len(whole)
                yield from ((name, line) for line in _lines(whole))
            time.sleep(FOLLOW_SECONDS)

    def run(self, words: Sequence[str]) -> int:
        """A command of ours on the stack's settings and nobody else's; its exit code. Raises StackError."""
        if not self.configuration.exists():
            hint = "`ops dev up` makes it; in Docker it is `docker compose exec ops ops ...`."
            raise errors.StackError(reason=f"there is no {self.configuration}", hint=hint)
        terminal = {name: os.environ[name] for name in TERMINAL if name in os.environ}
        environment = {**terminal, **programs.ours(self.folder, os.environ)}
        return subprocess.run(programs.ops(*words), env=environment, check=False).returncode

    @property
    def composed(self) -> Compose | None:
        """The Compose file that it runs from; None without Docker."""
        known = record.load(self.folder)
        return Compose(Path(known.compose)) if known.backend == "docker" else None

    @property
    def kept(self) -> Compose | None:
        """The Compose file of which Docker still has volumes, whether it runs or not."""
        known = record.load(self.folder)
        return Compose(Path(known.compose)) if known.compose else None

    def _remove_volumes(self) -> None:
        """What Docker keeps of it, also when it was stopped long ago, with the secrets that fit to that."""
        kept = self.kept
        if kept is None:
            return
        docker = compose.find_docker()
        if not docker.usable:
            self.say(f"Its volumes in Docker stay, because {docker.lack}.")
            return
        kept.down(volumes=True)
        kept.variables.unlink(missing_ok=True)

    def _stop(self) -> list[str]:
        composed = self.composed
        if composed is not None:
            if compose.find_docker().usable:  # without an engine there is nothing that runs on it
                composed.down()
            record.save(self.folder, Record(compose=str(composed.file)))
            return ["the containers"]
        return self._machine().down()

    def _refuse_elsewhere(self, own_database: bool) -> None:
        if self.settings.database.url is not None and not own_database:
            raise errors.DatabaseElsewhere(where=str(self.settings.origins["database.url"]))

    def _machine(self) -> Machine:
        return Machine(self.folder, self.say)

    def _row(self, known: Record, name: str) -> dict[str, Any]:
        running = known.of(name)
        if running is None or not alive(running):
            return {"service": name, "state": "down", "url": None, "since": None, "pid": None}
        path = HEALTH.get(name, "")
        password = "" if path else self._machine().variables().get("REDIS_PASSWORD", "")
        program = programs.Program(name, (), {}, running.port, path, password)
        ours = processes.holds(running.pid, running.port)
        state = "up" if ours and answering.answers(program) else "degraded"
        return {
            "service": name,
            "state": state,
            "url": program.url,
            "since": running.since,
            "pid": running.pid,
        }

    def _database_row(self) -> dict[str, Any]:
        found = Embedded(self.folder).status()
        url = f"socket in {found.socket_directory}" if found.running else None
        state = "up" if found.running else "down"
        return {"service": "database", "state": state, "url": url, "since": None, "pid": found.pid}


def _after(log: Path, place: int) -> bytes:
    """What stands in a log from `place` on."""
    try:
        with log.open("rb") as file:
            file.seek(place)
            return file.read()
    except FileNotFoundError:
        return b""


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="replace").splitlines()
