"""
One afternoon, from noon to six: everything that goes wrong in it, and exactly the notices that people should get.

The receivers are a mail server and a webhook on real sockets; the database is restarted and a worker killed in the
middle.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from masterops import errors
from masterops.db import Embedded, Pool, bundled, migrate
from masterops.logs import Logger
from masterops.transport import Transport
from tests.alerts.platform import Platform
from tests.alerts.test_delivering import WORKER
from tests.channels.receivers import Hooks, Mails, wait_for
from tests.transport.conftest import Notebook

MINUTE = 60
CONFIGURATION = """
[alerts]
channels = ["hook", "mail"]

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
severity = "critical"
escalate = [{ after = "15m", channels = ["phone"] }]
runbook = "docs/runbooks/service-down.md"
"""
BUSINESSES = ("teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh")
ALL_FOUR = "(Elevate Wholesale, Teelixir, Buy Organics Online, Red Hill Fresh)"


@pytest.fixture
def own_server() -> Iterator[tuple[Embedded, str]]:
    """A server that only this test uses, because it kills it."""
    import shutil
    import tempfile

    from masterops.db import _places

    home = Path(tempfile.mkdtemp(prefix="mo-", dir="/tmp"))
    home.chmod(0o755)
    embedded = Embedded(home)
    with embedded.running() as url:
        asyncio.run(migrate(url, bundled()))
        yield embedded, url
    embedded.stop(force=True)
    shutil.rmtree(_places.SHARED / _places.digest(home), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


class Afternoon:
    """
    The hours, looked at every fifteen seconds around what happens and every five minutes else.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    async def pass_to(self, begin: float, end: float, every: float = 15) -> None:
        """Looks and deliveries from one minute to another."""
        at = begin * MINUTE
        while at < end * MINUTE:
            await self.platform.look(at)
            await self.platform.deliver()
            at += every

    async def hubspot(self, minute: float, state: str, *businesses: str) -> None:
        for each in businesses:
            error = "nothing answers at api.hubapi.com:443" if state == "down" else None
            await self.platform.check(minute * MINUTE, f"hubspot/{each}", state, error)

    async def findings(self, *found: dict[str, str]) -> None:
        """All that is wrong with workflows now."""
        await self.platform.run(
            "SELECT * FROM ops.record_workflow_findings('n8n/group', '{missed}', %s)", Jsonb(list(found))
        )


def test_exactly_these_notices_arrive(
    own_server: tuple[Embedded, str],
    hooks: Hooks,
    mails: Mails,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """
    No more and no fewer, whatever was restarted or killed.
    """
    phone = Hooks()
    addresses = {"HOOK_URL": hooks.url, "MAIL_URL": mails.url, "PHONE_URL": phone.url}
    asyncio.run(_afternoon(own_server, hooks, addresses, tmp_path, tmp_path_factory.mktemp("worker")))
    phone.close()

    first = {hit.headers["idempotency-key"]: hit.json["title"].partition(" since")[0] for hit in hooks.hits}
    repeats = [
        times for times in Counter(hit.headers["idempotency-key"] for hit in hooks.hits).values() if times > 1
    ]
    expected = [
        f"CRITICAL HubSpot is down for 4 businesses {ALL_FOUR}",
        f"RESOLVED HubSpot is down for 4 businesses {ALL_FOUR} (lasted 30 min)",
        "CRITICAL Teelixir: workflow Orders: missed",
        "CRITICAL Teelixir: Unleashed's calls of the month are used up",
        "WARNING log records were refused by the database",
        "RESOLVED log records were refused by the database (lasted 10 min)",
        "RESOLVED Teelixir: workflow Orders: missed (lasted 1 h)",
        "CRITICAL Red Hill Fresh: HubSpot is down",
        "RESOLVED Red Hill Fresh: HubSpot is down (lasted 5 min)",
    ]
    assert Counter(expected) == Counter(first.values())
    # The worker that was killed had sent one that it could not note.
    assert [2] == repeats
    assert Counter(expected) == Counter(mail["Subject"].partition(" since")[0] for mail in mails.mails)
    assert len(mails.mails) == len({mail["Message-ID"] for mail in mails.mails})
    assert [
        (f"CRITICAL HubSpot is down for 4 businesses {ALL_FOUR}", True),
        (f"RESOLVED HubSpot is down for 4 businesses {ALL_FOUR} (lasted 30 min)", False),
    ] == [
        (hit.json["title"].partition(" since")[0], "nobody has acknowledged it" in hit.json["title"])
        for hit in phone.hits
    ]


async def _afternoon(
    server: tuple[Embedded, str], hooks: Hooks, addresses: dict[str, str], folder: Path, worker: Path
) -> None:
    embedded, url = server
    notebook = Notebook()
    log = Logger(notebook, source="alerts")
    async with Pool(url) as pool, Transport(log=log, measure=notebook.metrics.append) as transport:
        platform = Platform(pool, folder, transport, notebook)
        platform.configure(CONFIGURATION, **addresses)
        day = Afternoon(platform)
        await _outage(day)
        await _quota_and_workflow(day)
        await _restart(day, embedded, url, addresses)
        await _killed_worker(day, hooks, addresses, worker, url)


async def _outage(day: Afternoon) -> None:
    """12:10 to 12:40: HubSpot is down for all four, one after the other; nobody acknowledges it."""
    await day.platform.register(*(f"hubspot/{each}" for each in BUSINESSES), "unleashed/teelixir")
    await day.hubspot(0, "up", *BUSINESSES)
    await day.pass_to(0, 1)
    await day.hubspot(10, "down", *BUSINESSES[:2])
    await day.platform.look(10 * MINUTE)
    await day.hubspot(10.25, "down", *BUSINESSES[2:])
    await day.pass_to(10.25, 12)
    await day.hubspot(15, "down", *BUSINESSES)
    await day.pass_to(15, 40, every=300)
    await day.hubspot(40, "up", *BUSINESSES)
    await day.pass_to(40, 42)


async def _quota_and_workflow(day: Afternoon) -> None:
    """13:00: a run was missed, and the month's calls are used up. A silenced business goes down and up."""
    run = day.platform.run
    missed = {
        "workflow_id": "7",
        "workflow_name": "Orders",
        "business_id": "teelixir",
        "problem": "missed",
        "severity": "critical",
        "reason": "it was due at 13:00 and did not run",
        "since": day.platform.moment(60 * MINUTE).isoformat(),
    }
    await day.findings(missed)
    await day.pass_to(60, 62)
    await run(
        "INSERT INTO ops.budgets (connection, limit_name, declared, most, period, latest)"
        " VALUES ('unleashed/teelixir', 'month', 100, 100, 'month', now())"
    )
    await run(
        "INSERT INTO ops.budget_periods (connection, limit_name, starts, spent, mark_at, before_at)"
        " SELECT connection, limit_name, ops.budget_period(clock_timestamp(), period, zone), 100, now(), now()"
        " FROM ops.budgets"
    )
    await day.pass_to(65, 67)
    await run(
        "INSERT INTO ops.alert_silences (business_id, starts_at, ends_at) VALUES ('buy-organics-online', %s, %s)",
        day.platform.moment(70 * MINUTE),
        day.platform.moment(100 * MINUTE),
    )
    await day.hubspot(75, "down", "buy-organics-online")
    await day.pass_to(75, 95, every=60)
    await day.hubspot(95, "up", "buy-organics-online")
    await day.pass_to(95, 97)


async def _restart(day: Afternoon, embedded: Embedded, url: str, addresses: dict[str, str]) -> None:
    """14:00: log records are refused; while they stand, the server is killed in the middle of a look."""
    run = day.platform.run
    await run(
        "INSERT INTO ops.log_dead_letters (segment, line_offset, line, reason, created_at)"
        " VALUES ('a', 0, 'x', 'too long', %s)",
        day.platform.moment(120 * MINUTE),
    )
    await day.pass_to(120, 122)
    # A view that takes its time holds the look in its middle.
    await run("CREATE VIEW public.slow AS SELECT 1 AS id, pg_sleep(3)::text")
    slow = '[[alerts.rules]]\nname = "slow"\nsource = "view:public.slow"\nkeys = ["id"]\n'
    day.platform.configure(CONFIGURATION + slow, **addresses)
    looking = asyncio.create_task(day.platform.look(125 * MINUTE))
    await asyncio.to_thread(wait_for, lambda: _sleeps(url))
    status = embedded.status()
    assert status.pid is not None
    os.kill(status.pid, signal.SIGKILL)
    with pytest.raises(errors.DatabaseError):
        await looking
    await asyncio.to_thread(embedded.acquire)
    day.platform.configure(CONFIGURATION, **addresses)
    await run("DROP VIEW public.slow")
    await run("DELETE FROM ops.log_dead_letters")
    await day.pass_to(130, 132)
    await day.findings()
    await day.pass_to(155, 157)


def _sleeps(url: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> pg_backend_pid()"
        )
        return found.fetchone() is not None


async def _killed_worker(
    day: Afternoon, hooks: Hooks, addresses: dict[str, str], folder: Path, url: str
) -> None:
    """16:00: one business goes down; the worker that tells of it is killed after it has sent."""
    await day.hubspot(240, "down", "red-hill-fresh")
    for at in (240, 240.5):
        await day.platform.look(at * MINUTE)
    (folder / "masterops.toml").write_text(CONFIGURATION)
    seen = len(hooks.hits)
    hooks.gate.clear()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, url, str(folder), env={**os.environ, **addresses}
    )
    await asyncio.to_thread(wait_for, lambda: len(hooks.hits) == seen + 1)
    await asyncio.to_thread(wait_for, lambda: _mail_was_noted(url))
    process.send_signal(signal.SIGKILL)
    await process.wait()
    hooks.gate.set()
    for _ in range(600):
        if (await day.platform.deliver()).sent:
            break
        await asyncio.sleep(0.1)
    await day.hubspot(245, "up", "red-hill-fresh")
    await day.pass_to(245, 247)


def _mail_was_noted(url: str) -> bool:
    """The other channel is not what is killed."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT 1 FROM ops.alert_notices WHERE channel = 'mail' AND status = 'waiting' LIMIT 1"
        )
        return found.fetchone() is None
