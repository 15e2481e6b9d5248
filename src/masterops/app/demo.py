"""
Demo mode: the services of every business are the twins of the sandbox, in a process of their own.

Whoever comes first starts that process and the others attach to it. It ends with the one who started
it, even when that one is killed, because it watches the pipe between them.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from masterops import errors
from masterops.config import Connection, Secret, Settings, settings_of
from masterops.core.plugins import installed, part
from masterops.sandbox import DATABASE, project_ref_for, service_key_for, token_for

LONGEST_START_SECONDS = 20.0


class Place(msgspec.Struct, frozen=True):
    """
    Where a running sandbox answers.
    """

    url: str
    pid: int


class Health(msgspec.Struct, frozen=True):
    """
    What a sandbox says of itself.
    """

    pid: int


class Demo:
    """
    The twins as this process sees them.
    """

    def __init__(self, settings: Settings, database: str = "") -> None:
        """`database` is the PostgreSQL for the tables of Supabase's twin; empty where there is none."""
        self._settings = settings
        self._database = database
        self._process: asyncio.subprocess.Process | None = None
        self._url: str | None = None

    async def ensure(self) -> str:
        """The base URL of a sandbox that answers, started if need be. Raises a SandboxError."""
        if self._url is not None and await answers(self._url):
            return self._url
        async with _alone(run_folder(self._settings.home)):
            place = find(self._settings.home)
            if place is None or not await answers(place.url):
                place = await self._start()
            self._url = place.url
        return self._url

    async def close(self) -> None:
        """Stop the sandbox if it is ours."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        withdraw(self._settings.home, process.pid)

    async def connections(self) -> list[Connection]:
        """One connection per business and service of the sandbox, with its demo token."""
        url = await self.ensure()
        return [
            demo_connection(service, business.slug, url)
            for business in self._settings.businesses
            for service in services(self._settings)
        ]

    async def _start(self) -> Place:
        await self.close()
        log = run_folder(self._settings.home) / "sandbox.log"
        with log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *command(self._settings),
                "--until-stdin-closes",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                # Ctrl-C goes to the terminal's whole group; this one is stopped by us, in order.
                start_new_session=True,
                env={**os.environ, **self._tables(), "PYTHONUNBUFFERED": "1"},
            )
        place = await self._greeting(log)
        announce(self._settings.home, place)
        return place

    def _tables(self) -> dict[str, str]:
        """Where the twin of Supabase keeps its tables, as the sandbox is told."""
        return {DATABASE: self._database} if self._database and self._settings.sandbox.supabase else {}

    async def _greeting(self, log: Path) -> Place:
        """The line that says where it answers; or why it does not, in its own words."""
        assert self._process is not None and self._process.stdout is not None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), LONGEST_START_SECONDS)
        except TimeoutError:
            line = b""
        try:
            return msgspec.json.decode(line, type=Place)
        except msgspec.DecodeError:
            await self.close()
            raise self._last_words(log.read_text(errors="replace").strip().splitlines()) from None

    def _last_words(self, words: Sequence[str]) -> errors.MasterOpsError:
        """Why the sandbox did not come up: its own message and hint, in terms of our settings."""
        sandbox = self._settings.sandbox
        if not words:
            return errors.SandboxFailed(reason="it ended, or said nothing for too long")
        message, _, code = " ".join(words[-2:-1] or words).removesuffix("]").rpartition(" [")
        if code == errors.PortTaken.code:
            hint = "Set `sandbox.port` (MASTEROPS_SANDBOX_PORT) to another port, or to 0 for a free one."
            return errors.PortTaken(port=sandbox.port, host=sandbox.host, hint=hint)
        reason = (message or words[-1]).removeprefix("The sandbox did not come up: ")
        return errors.SandboxFailed(reason=reason, hint=words[-1])


def command(settings: Settings) -> list[str]:
    """The arguments after the interpreter that run the sandbox for these settings."""
    businesses = [word for each in settings.businesses for word in ("--business", each.slug)]
    sandbox = settings.sandbox
    return [
        *("-m", "masterops.sandbox", "--host", sandbox.host, "--port", str(sandbox.port)),
        *("--seed", str(sandbox.seed), "--state-dir", str(state_folder(settings.home)), "--live"),
        *businesses,
    ]


def services(settings: Settings) -> tuple[str, ...]:
    """The services that every business has a demo connection to."""
    sandbox = settings.sandbox
    wanted = {
        "hubspot": True,
        "unleashed": sandbox.unleashed,
        "n8n": sandbox.n8n,
        "supabase": sandbox.supabase,
    }
    ours = (name for name, here in wanted.items() if here)
    return (*ours, *(name for name in installed() if part(name, "twin") is not None))


def demo_connection(service: str, business: str, url: str) -> Connection:
    """A connection to a twin. Its token opens nothing but the sandbox."""
    token = Secret(token_for(service, business))
    if service == "supabase":
        return _demo_project(business, token, f"{url}/{service}")
    if service in installed():
        return _demo_of_installed(service, business, token, f"{url}/{service}")
    if service == "n8n":
        return _demo_workflows(business, token, f"{url}/{service}")
    if service == "unleashed":
        credentials = {"api_id": token, "api_key": Secret(service_key_for(service, business))}
    else:
        credentials = {"access_token": token}
    values = {**credentials, "base_url": f"{url}/{service}"}
    return Connection(id=f"{service}/{business}", service=service, business=business, values=values)


def _demo_of_installed(service: str, business: str, token: Secret, url: str) -> Connection:
    """A connection to an installed connector's twin: its first secret is the token, its second the key."""
    settings = settings_of(service)
    defaults = {each.name: each.default for each in settings if each.default is not None}
    secrets = [each.name for each in settings if each.secret and each.required]
    given = dict(zip(secrets, (token, Secret(service_key_for(service, business))), strict=False))
    values = {**defaults, **given, "base_url": url}
    return Connection(id=f"{service}/{business}", service=service, business=business, values=values)


def _demo_workflows(business: str, key: Secret, url: str) -> Connection:
    """A connection to a server of n8n's twin, whose clock is UTC's."""
    values = {"api_key": key, "base_url": url, "timezone": "UTC", "expects_output": "Product feed"}
    return Connection(id=f"n8n/{business}", service="n8n", business=business, values=values)


def _demo_project(business: str, key: Secret, url: str) -> Connection:
    """A connection to a project of Supabase's twin, and to what Supabase says of it."""
    values = {
        "service_role_key": key,
        "access_token": Secret(service_key_for("supabase", business)),
        "project_ref": project_ref_for(business),
        "url": url,
        "management_url": url,
    }
    return Connection(id=f"supabase/{business}", service="supabase", business=business, values=values)


def state_folder(home: Path) -> Path:
    """Where faults are kept between runs of the sandbox."""
    return home / "sandbox"


def run_folder(home: Path) -> Path:
    """Where running processes say that they are there."""
    folder = home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def announce(home: Path, place: Place) -> None:
    """Tell other processes where the sandbox answers."""
    file = run_folder(home) / "sandbox.json"
    new = file.with_suffix(f".{os.getpid()}")
    new.write_bytes(msgspec.json.encode(place))
    new.replace(file)


def withdraw(home: Path, pid: int) -> None:
    """Take the announcement back, unless somebody else has announced another since."""
    place = find(home)
    if place is not None and place.pid == pid:
        (run_folder(home) / "sandbox.json").unlink(missing_ok=True)


def find(home: Path) -> Place | None:
    """Where a sandbox was last announced; it may be gone."""
    try:
        return msgspec.json.decode((home / "run" / "sandbox.json").read_bytes(), type=Place)
    except (OSError, msgspec.DecodeError):
        return None


async def answers(url: str) -> int | None:
    """The process id of the sandbox that answers at `url`; None when none does."""
    answer = await ask(url, "GET", "/_sandbox/health")
    try:
        return msgspec.json.decode(answer, type=Health).pid if answer else None
    except msgspec.DecodeError:
        return None


async def ask(url: str, method: str, path: str) -> bytes | None:
    """The body of a sandbox's control page; None when nothing answers, or not with 200."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            writer.write(f"{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            writer.close()
    except (OSError, TimeoutError, ValueError):
        return None
    return body if b" 200 " in head.partition(b"\r\n")[0] else None


@contextlib.asynccontextmanager
async def _alone(folder: Path) -> AsyncIterator[None]:
    """Two processes that start at once make one sandbox."""
    with (folder / "sandbox.lock").open("wb") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield
