"""
One day of the whole platform, from eleven to four, on a clock that stands until the script moves it.

It runs in a process of its own, started with that clock preloaded, and so do the PostgreSQL that it starts and
the worker that it kills: what they write of the time is the script's. Nothing is put into any table by hand.
Services are the twins, over HTTP; what goes wrong is told to them. The last line on stdout says what came of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from masterops import errors
from masterops.alerts import desk
from masterops.app.app import App, open_app
from masterops.config import load
from masterops.connectors.n8n import N8n
from masterops.connectors.unleashed import Unleashed
from masterops.core import clock
from masterops.health import care_of, check_once, record_incidents
from masterops.jobs import catalogue
from masterops.sandbox import Running, serve, service_key_for, token_for
from masterops.sandbox.supabase import keys
from masterops.testing import servers
from tests.alerts.test_delivering import WORKER
from tests.channels.receivers import Hooks, Mails, wait_for
from tests.proof import wallclock

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)  # the last day of a month, a Tuesday
BUSINESSES = ("teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh")
CALLS_PER_MONTH = 300
# What was committed must be there after the kill.
SETTINGS = {"timezone": "UTC", "synchronous_commit": "on"}
CONFIGURATION = """
[health]
repeat_seconds = 0.02
longest_lag_seconds = 600
slow_ms = 60000
spool_minutes = 1440

[alerts]
channels = "hook, mail"

[[channels]]
name = "hook"
kind = "webhook"
url = "env:HOOK_URL"

[[channels]]
name = "mail"
kind = "email"
url = "env:MAIL_URL"
from = "ops@example.com"
to = "ann@example.com"

[[channels]]
name = "phone"
kind = "webhook"
url = "env:PHONE_URL"

[[alerts.rules]]
name = "service-down"
source = "flips"
where = [{ field = "state", value = "down" }]
severity = { field = "severity", warning = "warning", other = "critical" }
escalate = [{ after = "15m", channels = ["phone"] }]

[[checks]]
name = "shop"
kind = "tcp"
host = "127.0.0.1"
port = PORT
business = "teelixir"
depends_on = ["hubspot/teelixir"]
"""
CONNECTION = """
[connections."SERVICE/OWNER"]
circuit_breaker = false
"""


WAITING = b"SELECT 1 FROM ops.alert_notices WHERE status = 'waiting'"
SPENT = b"SELECT spent FROM budget_status WHERE connection = 'unleashed/teelixir' AND limit_name = 'month'"


class Clock:
    """
    The script's time, for the twins too.
    """

    def __init__(self, place: Path) -> None:
        self._place = place

    def now(self) -> datetime:
        return clock.now()

    def ticks(self) -> float:
        return clock.now().timestamp()

    def set(self, minute: float) -> None:
        """So many minutes after noon, and never back."""
        moment = NOON + timedelta(minutes=minute)
        assert moment >= clock.now(), f"{minute} lies in the past"
        wallclock.set_to(self._place, moment)


class Shop:
    """
    A port that somebody listens at, or not.
    """

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    async def open(self) -> None:
        self._server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", self.port)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


class Database:
    """
    A PostgreSQL that can be killed and started again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._binaries = folder, servers.newest_binaries()
        self.url = servers.url(folder, "postgres")
        self._process = servers.start(self._binaries, folder, SETTINGS)
        servers.await_answer(folder)

    def kill(self) -> None:
        """All its processes at once, as `kill -9` and a power cut do."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(60)

    def start(self) -> None:
        """Up again, with what it had."""
        options = servers.options(**SETTINGS)
        command = [self._binaries / "postgres", "-D", self._folder / "data", "-k", self._folder, *options]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **servers.unprivileged()
        )
        servers.await_answer(self._folder)


class Afternoon:
    """
    The platform, and what is done to it.
    """

    def __init__(self, app: App, time: Clock, sandbox: str, hooks: Hooks, shop: Shop) -> None:
        self.app, self.time, self.hooks, self.shop = app, time, hooks, shop
        self._sandbox = sandbox
        self._jobs = {each.name: each for each in catalogue(app)}

    async def cycle(self, minute: float) -> None:
        """Every connection, workflow and check is looked at."""
        self.time.set(minute)
        await self._jobs["cycle"].run({})
        settings = self.app.settings
        await check_once(settings.checks, self.app.pool, care_of(settings), at_once=10)
        await record_incidents(self.app.pool, settings.needs)

    async def look(self, minute: float) -> None:
        """What is wrong is compared with before, and who must know is told."""
        await self.evaluate(minute)
        await self.deliver()

    async def evaluate(self, minute: float) -> None:
        """Only the first of it."""
        self.time.set(minute)
        await self._jobs["alerts"].run({})

    async def deliver(self) -> None:
        """Only the second."""
        await self._jobs["notices"].run({})

    async def happens(self, minute: float) -> None:
        """A cycle, and the looks of the two minutes after it."""
        await self.cycle(minute)
        for after in (0, 0.5, 1, 2):
            await self.look(minute + after)

    async def hubspot(self, down: bool, *businesses: str) -> None:
        """Let it answer 503 to them, or as it should."""
        for each in businesses:
            await self.tell("PUT" if down else "DELETE", f"faults/hubspot/{each}", {"status": 503})

    async def tell(self, method: str, path: str, body: object) -> None:
        """One word to the sandbox's control."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self._sandbox}/_sandbox/{path}", json=body) as answer,
        ):
            assert answer.status < 300, await answer.text()

    async def connector(self, id: str) -> Any:
        (found,) = [each for each in await self.app.connections() if each.id == id]
        return self.app.connector(found)

    async def spend(self, percent: int) -> None:
        """Call Unleashed until so much of the month is spent."""
        unleashed: Unleashed = await self.connector("unleashed/teelixir")
        wanted = percent * CALLS_PER_MONTH // 100
        for _ in range(wanted - await self.spent()):
            await unleashed.warehouses.page(size=1)
        for _ in range(3000):  # the ledger is a moment behind
            if await self.spent() >= wanted:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the ledger knows of {await self.spent()} calls, and not of {wanted}")

    async def spent(self) -> int:
        """The calls of the month, as the ledger has them."""
        rows = await self.app.pool.fetch(SPENT)
        return int(rows[0]["spent"])


async def play(day: Afternoon, database: Database) -> None:
    """The script."""
    await _morning(day)
    await _outages(day)
    await _restart(day, database)
    await _killed_worker(day, database)
    await _month(day)


async def _morning(day: Afternoon) -> None:
    """10:50: all is well; the workflow is made, and runs on the hour at eleven and at noon."""
    n8n: N8n = await day.connector("n8n/teelixir")
    rule = {"interval": [{"field": "hours"}]}
    node = {
        "id": "1", "name": "Start", "type": "n8n-nodes-base.scheduleTrigger", "typeVersion": 1.2,
        "position": [0, 0], "parameters": {"rule": rule},
    }  # fmt: skip
    made = await n8n.workflows.create(
        {"name": "Teelixir: stock", "nodes": [node], "connections": {}, "settings": {}}
    )
    await n8n.workflows.activate(made.id)
    await day.cycle(-70)
    for hour in (-60, 0):
        day.time.set(hour)
        await _workflow_runs(day)
        await day.cycle(hour + 6)
        await day.look(hour + 6)


async def _workflow_runs(day: Afternoon) -> None:
    await day.tell("PUT", "settings/n8n/teelixir", {"run": {"workflow": "Teelixir: stock", "seconds": 1}})


async def _outages(day: Afternoon) -> None:
    """
    12:10, ten minutes for one; 12:30, half an hour for all and the shop that needs HubSpot, which comes back later
    than it; 13:06, a run was missed; 13:10, one goes down and comes back in a silence.
    """
    await day.hubspot(True, "elevate-wholesale")
    await day.happens(10)
    await day.hubspot(False, "elevate-wholesale")
    await day.happens(20)
    await day.hubspot(True, *BUSINESSES)
    await day.shop.close()
    await day.happens(30)
    await day.happens(45)
    await day.hubspot(False, *BUSINESSES)
    await day.happens(60)
    await day.happens(66)
    await day.shop.open()
    await day.happens(70)
    until = clock.now() + timedelta(minutes=30)
    await desk.silence(day.app.pool, until=until, by="ann", reason="moving", business="buy-organics-online")
    await day.hubspot(True, "buy-organics-online")
    await day.happens(75)
    await day.hubspot(False, "buy-organics-online")
    await day.happens(90)


async def _month(day: Afternoon) -> None:
    """15:34: Unleashed's month reaches 80, 90 and 95 per cent."""
    for minute, percent in ((214, 80), (224, 90), (234, 95)):
        day.time.set(minute)
        await day.spend(percent)
        await day.happens(minute + 1)


async def _restart(day: Afternoon, database: Database) -> None:
    """
    14:00, the workflow runs again; 14:50, HubSpot goes down for one, and the server is killed before anybody was
    told.
    """
    day.time.set(120)
    await _workflow_runs(day)
    await day.happens(121)
    await day.happens(131)
    await day.hubspot(True, "teelixir")
    await day.cycle(170)
    await day.look(170)
    looking = asyncio.create_task(day.look(170.25))
    database.kill()
    with contextlib.suppress(errors.DatabaseError):  # it may have been quicker
        await looking
    database.start()
    await day.happens(171)
    await day.hubspot(False, "teelixir")
    day.time.set(180)
    await _workflow_runs(day)
    await day.happens(181)


async def _killed_worker(day: Afternoon, database: Database) -> None:
    """15:20: the worker that tells of an outage is killed after it has sent, before it could note it."""
    await day.hubspot(True, "red-hill-fresh")
    await day.cycle(200)
    await day.evaluate(200)
    await day.evaluate(200.5)
    seen = len(day.hooks.hits)
    day.hooks.gate.clear()
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, database.url, str(Path.cwd()))
    await asyncio.to_thread(wait_for, lambda: len(day.hooks.hits) == seen + 1)
    # The other channel is not what is killed.
    for _ in range(3000):
        if not await day.app.pool.fetch(WAITING + b" AND channel = 'mail'"):
            break
        await asyncio.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    day.hooks.gate.set()
    for _ in range(600):  # until the server has noticed that the worker is gone
        await day.deliver()
        if not await day.app.pool.fetch(WAITING):
            break
        await asyncio.sleep(0.1)
    await day.hubspot(False, "red-hill-fresh")
    await day.happens(210)


@contextlib.asynccontextmanager
async def twins(time: Clock, database: str) -> AsyncIterator[str]:
    """HubSpot, Unleashed, n8n and Supabase of the four businesses; the URL."""
    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            businesses=BUSINESSES, state_dir=None, ready=started.set_result, clock=time,
            contacts=1, products=1, workflows=0, database=database, rows=1,
        )
    )  # fmt: skip
    try:
        yield (await started).url
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def configure(url: str, shop: Shop) -> str:
    """The file: a connection to each twin."""
    parts = [CONFIGURATION.replace("PORT", str(shop.port))]
    expires = NOON + timedelta(days=14, minutes=100)
    old_key = keys.jwt("teelixir", "service_role", exp=int(expires.timestamp()))
    values = {
        **{f"hubspot/{each}": {"access_token": token_for("hubspot", each)} for each in BUSINESSES},
        "unleashed/teelixir": {
            "api_id": token_for("unleashed", "teelixir"),
            "api_key": service_key_for("unleashed", "teelixir"),
            "calls_per_month": CALLS_PER_MONTH,
            "changes_every_minutes": 1440,
        },
        "n8n/teelixir": {"api_key": token_for("n8n", "teelixir"), "timezone": "UTC"},
        "supabase/teelixir": {"service_role_key": old_key},
    }
    for id, given in values.items():
        service, _, owner = id.partition("/")
        address = "url" if service == "supabase" else "base_url"
        parts.append(CONNECTION.replace("SERVICE", service).replace("OWNER", owner))
        parts += [f"{name} = {msgspec.json.encode(value).decode()}\n" for name, value in given.items()]
        parts.append(f'{address} = "{url}/{service}"\n')
    return "allow_inline_secrets = true\n" + "".join(parts)


async def afternoon(folder: Path) -> dict[str, Any]:
    """Play it, and say what came of it."""
    time = Clock(Path(os.environ["CLOCK_STANDS_AT"]))
    hooks, mails, phone, shop = Hooks(), Mails(), Hooks(), Shop()
    await shop.open()
    database = Database(folder)
    os.environ |= {
        "DATABASE_URL": database.url, "HOOK_URL": hooks.url, "MAIL_URL": mails.url, "PHONE_URL": phone.url,
        "MASTEROPS_ALLOW_INLINE_SECRETS": "1", "MASTEROPS_HOME": str(folder / "home"),
    }  # fmt: skip
    try:
        async with twins(time, database.url) as url:
            (folder / "masterops.toml").write_text(configure(url, shop))
            settings = load(cwd=folder)
            async with open_app(settings, migrating=True) as app:
                await app.register()
                await play(Afternoon(app, time, url, hooks, shop), database)
                return await _outcome(app, hooks, mails, phone)
    finally:
        database.kill()
        for each in (hooks, mails, phone):
            each.close()


async def _outcome(app: App, hooks: Hooks, mails: Mails, phone: Hooks) -> dict[str, Any]:
    flips = await app.pool.fetch(
        b"SELECT to_char(flipped_at, 'HH24:MI') AS at, integration_id, check_name, from_state, to_state"
        b" FROM health_flips ORDER BY flipped_at, integration_id, check_name"
    )
    return {
        "flips": [list(row.values()) for row in flips],
        "hook": [[hit.headers["idempotency-key"], hit.json["title"]] for hit in hooks.hits],
        "mail": [[str(mail["Message-ID"]), str(mail["Subject"])] for mail in mails.mails],
        "phone": [hit.json["title"] for hit in phone.hits],
        "incidents": [row["title"] for row in await app.pool.fetch(
            b"SELECT title FROM incidents WHERE closed_at IS NULL ORDER BY title")],
    }  # fmt: skip


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    print(msgspec.json.encode(asyncio.run(afternoon(Path(sys.argv[1])))).decode())
