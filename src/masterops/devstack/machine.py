"""
The stack without Docker, brought up and taken down on this machine.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from masterops import errors
from masterops.config import load
from masterops.core.clock import now
from masterops.db import Embedded, connect_sync
from masterops.devstack import (
    answering,
    files,
    n8n_install,
    n8n_owner,
    ports,
    processes,
    programs,
    record,
    values,
)
from masterops.devstack.backends import Backend
from masterops.devstack.programs import Program, Tools
from masterops.devstack.record import Record, Running

Say = Callable[[str], None]
PAUSE, PATIENCE_SECONDS = 0.1, 20.0
LARGEST_LOG_BYTES = 10 << 20  # at a start; what is larger is kept once, under another name
WORDS = 3  # lines of a log that an error quotes
REDIS_HOW = "Debian and Ubuntu: `apt-get install redis-server`; macOS: `brew install redis`."


class Started(NamedTuple):
    """
    A program that was started and is not known to be ready, its log, and where in that its words begin.
    """

    program: Program
    running: Running
    log: Path
    said: int


class Machine:
    """
    The programs of one stack folder. Whoever changes something holds `files.alone`.
    """

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder = folder
        self._say = say
        self._database = Embedded(folder)

    def up(self, backend: Backend, given: Mapping[str, str]) -> None:
        """Start what does not run yet, one after the other, each once it is needed. Raises a StackError."""
        found = values.completed(backend, {**self.variables(), **given}, int(now().timestamp()))
        numbers = ports.chosen(backend, found)
        redis = _redis_server() if backend == "native" else ""
        self._keep(backend, found, numbers)
        self._forget_all_but(record.load(self.folder).programs)
        if backend == "embedded":
            self._start(programs.embedded(self.folder, numbers, os.environ))
            return
        if not n8n_install.installed():
            self._say("Installing n8n: some minutes and 3 GB, once a machine.")
        n8n = n8n_install.install()
        with self._database.running() as url:
            _own_database(url)
            tools = Tools(redis, n8n, self._database.status().socket_directory)
            *others, ours = programs.native(self.folder, found, numbers, tools, os.environ)
            started = self._start(others, awaited=("n8n",))
            self._connect(found, numbers)
            self._start([ours])
            self._await_all(started)

    def down(self) -> list[str]:
        """Stop everything, whoever started it; the names of what ran. Data stay."""
        known = record.load(self.folder)
        stopped = [each.name for each in sorted(known.programs, key=_last) if _end(each)]
        self._forget_all_but(())
        if self.folder.exists() and self._database.stop(force=True):
            stopped.append("database")
        if known.backend is not None:
            record.save(self.folder, Record(compose=known.compose))
        return stopped

    def reset(self) -> None:
        """Remove the data: the folder of the stack, and its database where that lies elsewhere."""
        self._database.remove()
        try:
            shutil.rmtree(self.folder)
        except OSError as error:
            raise errors.StackError(reason=f"{self.folder} cannot be removed: {error.strerror}") from None

    def variables(self) -> dict[str, str]:
        """What the stack's file of variables holds."""
        return files.read_values(self.folder / ".env")

    def log(self, name: str) -> Path:
        """What a program says."""
        return self.folder / "logs" / f"{name}.log"

    def _keep(self, backend: Backend, found: Mapping[str, str], numbers: Mapping[str, int]) -> None:
        """The files that the programs read."""
        for part in ("n8n", "n8n-worker", "redis") if backend == "native" else ():
            (self.folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_variables({**found, "MASTEROPS_HOME": str(self.folder)})
        demo = backend == "embedded"
        files.write_private(
            self.folder / "masterops.toml", programs.configuration(demo=demo, port=numbers["ops"])
        )
        if not demo:
            text = programs.redis_file(self.folder, numbers["redis"], found["REDIS_PASSWORD"])
            files.write_private(self.folder / "redis.conf", text)
        known = record.load(self.folder)
        record.save(self.folder, Record(backend, known.programs, known.compose))

    def _write_variables(self, found: Mapping[str, str]) -> None:
        files.write_private(self.folder / ".env", values.text(found))

    def _connect(self, found: dict[str, str], numbers: Mapping[str, int]) -> None:
        """Master-Ops's connections, with an API key that n8n takes."""
        url, key = f"http://{ports.HOST}:{numbers['n8n']}", found.get("N8N_API_KEY", "")
        if not key or not n8n_owner.works(url, key):
            key = n8n_owner.key_for(url, found["N8N_OWNER_EMAIL"], found["N8N_OWNER_PASSWORD"]).reveal()
        file = self.folder / "masterops.toml"
        own = load(config=file, environ=programs.ours(self.folder, os.environ), cwd=self.folder)
        made = programs.connections([each.slug for each in own.businesses], numbers, key)
        self._write_variables({**found, "MASTEROPS_HOME": str(self.folder), **made})

    def _start(self, wanted: Sequence[Program], awaited: Container[str] | None = None) -> list[Started]:
        """
        Start what does not run, each once what it needs is ready, and wait for all or for those `awaited`.

        Answers with those that are not awaited yet. Raises ServiceFailed, StackPortTaken.
        """
        started: list[Started] = []
        for program in wanted:
            self._await_all([each for each in started if each.program.name in program.needs])
            new = self._ensure(program)
            started += [new] if new else []
        self._await_all([each for each in started if awaited is None or each.program.name in awaited])
        return started

    def _ensure(self, program: Program) -> Started | None:
        """Start it, unless it runs and answers."""
        known = record.load(self.folder)
        running = known.of(program.name)
        if running is not None:
            if running.port == program.port and _answers_soon(program, running):
                return None
            _end(running)
        if answering.listens(program.port):
            raise errors.StackPortTaken(port=program.port, service=program.name)
        self._say(f"Starting {program.name} on {program.url}")
        log = self.log(program.name)
        if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        said = log.stat().st_size if log.exists() else 0
        environment = {**program.environment, processes.MARK: str(self.folder)}
        pid = processes.start(program.command, environment, self.folder, log)
        running = Running(program.name, pid, processes.birth(pid) or "", program.port, now())
        record.save(self.folder, known.with_program(running))
        return Started(program, running, log, said)

    def _await_all(self, started: Iterable[Started]) -> None:
        for each in started:
            self._await(*each)

    def _await(self, program: Program, running: Running, log: Path, said: int) -> None:
        end = time.monotonic() + programs.START_SECONDS
        while not _ready(program, running):
            if not alive(running):
                raise errors.ServiceFailed(service=program.name, reason=self._last_words(log, said))
            if answering.listens(program.port) and not processes.holds(running.pid, program.port):
                _end(running)
                raise errors.StackPortTaken(port=program.port, service=program.name)
            if time.monotonic() > end:
                reason = f"it does not answer after {programs.START_SECONDS:.0f} s"
                raise errors.ServiceFailed(service=program.name, reason=reason)
            time.sleep(PAUSE)

    def _last_words(self, log: Path, said: int) -> str:
        with log.open("rb") as file:
            file.seek(said)
            lines = [
                line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()
            ]
        words = " ".join(lines[-WORDS:]) or "it ended without a word"
        for name, value in self.variables().items():
            if value and name in _SECRETS:
                words = words.replace(value, "***")
        return words

    def _forget_all_but(self, known: Sequence[Running]) -> None:
        """End what was started for this stack and nobody wrote down: an `ops dev` was killed meanwhile."""
        kept = {each.pid for each in known if alive(each)}
        for each in known:
            if each.pid not in kept:
                _end(each)
        for pid, session in processes.marked(self.folder).items():
            born = processes.birth(pid)
            if session not in kept and pid != os.getpid() and born is not None:
                processes.end(pid, born, patience=programs.STOP_SECONDS)


_SECRETS = {each.name for each in values.VALUES if each.secret} | {"N8N_API_KEY"}


def alive(running: Running) -> bool:
    """Whether the process is still the one that was started."""
    return bool(running.born) and processes.birth(running.pid) == running.born


def _ready(program: Program, running: Running) -> bool:
    """Whether it answers, and it is ours that does: a stranger may have taken the port meanwhile."""
    return processes.holds(running.pid, program.port) and answering.answers(program)


def _answers_soon(program: Program, running: Running) -> bool:
    """A busy machine's program may take its time; one that does not answer at all is started anew."""
    end = time.monotonic() + PATIENCE_SECONDS
    while alive(running):
        if _ready(program, running):
            return True
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return False


def _end(running: Running) -> bool:
    return processes.end(running.pid, running.born, patience=programs.STOP_SECONDS)


def _last(running: Running) -> int:
    order = programs.STOPPING
    return order.index(running.name) if running.name in order else len(order)


def _redis_server() -> str:
    """Where Redis is. Raises ProgramMissing."""
    found = shutil.which("redis-server", path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/local/bin")
    if found is None:
        raise errors.ProgramMissing(program="redis-server", purpose="n8n's queue", how=REDIS_HOW)
    return found


def _own_database(url: str) -> None:
    """n8n's role and database in the embedded server, made where they are missing."""
    with connect_sync(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'n8n'").fetchone():
            connection.execute("CREATE ROLE n8n LOGIN")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'n8n'").fetchone():
            connection.execute("CREATE DATABASE n8n OWNER n8n")
