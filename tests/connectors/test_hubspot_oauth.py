"""
An OAuth app as credentials: tokens that expire and rotate, one refresh for all, in several processes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web

from masterops import errors
from masterops.connectors.hubspot import HubSpot
from masterops.connectors.hubspot.connector import target
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.db import OAuthTokens, Pool, connect
from masterops.logs import Logger
from masterops.transport import TokenStore, Transport
from masterops.transport.oauth import Alone
from masterops.transport.oauth.app import Answer, Tokens
from masterops.transport.oauth.sealing import Seal
from tests.connectors.conftest import Twin
from tests.connectors.oauth_child import APP, connection, outcome
from tests.transport.conftest import Rig, answer, hang

BACK = "http://localhost/back"


class Office:
    """
    The twin with its app installed, and transports that keep their tokens in one store.
    """

    def __init__(self, twin: Twin, refresh_token: str) -> None:
        self.twin = twin
        self.refresh_token = refresh_token
        self.store: TokenStore = Alone()

    @property
    def refreshes(self) -> list[bool]:
        """Each that was asked for, and whether it succeeded."""
        return [each.success for each in self.twin.metrics if each.operation == "oauth.refresh"]

    @asynccontextmanager
    async def process(self, **more: Any) -> AsyncIterator[HubSpot]:
        """The connector of what might be a process of its own."""
        policy = RetryPolicy(attempts=2, deadline=20)
        async with Transport(
            log=Logger(self.twin), measure=self.twin.metrics.append, policy=policy, tokens=self.store
        ) as transport:
            yield HubSpot(connection(f"{self.twin.url}/hubspot", self.refresh_token, **more), transport)

    async def expire(self) -> None:
        """Half an hour goes by at HubSpot."""
        async with (
            aiohttp.ClientSession() as session,
            session.put(f"{self.twin.url}/_sandbox/clock", json={"move": 1_801}) as answer,
        ):
            assert 200 == answer.status


async def form(twin: Twin, path: str, **fields: str) -> Any:
    """One form, sent by the app itself."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{twin.url}/hubspot{path}", data=APP | fields) as answer,
    ):
        assert 200 == answer.status, await answer.text()
        return json.loads(await answer.text() or "null")


async def installed(twin: Twin) -> str:
    """The refresh token that an installation gives."""
    asked = urlencode({"client_id": APP["client_id"], "redirect_uri": BACK})
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{twin.url}/hubspot/oauth/authorize?{asked}", allow_redirects=False) as answer,
    ):
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    given = await form(
        twin, "/oauth/2026-03/token", grant_type="authorization_code", code=code, redirect_uri=BACK
    )
    return str(given["refresh_token"])


@pytest.fixture
async def office(twin: Twin) -> Office:
    return Office(twin, await installed(twin))


@pytest.fixture
def shared(office: Office, pool: Pool, database: str) -> Office:
    """The same, with the store in PostgreSQL."""
    office.store = OAuthTokens(pool, lambda: connect(database))
    return office


@asynccontextmanager
async def child(database: str, base_url: str, refresh_token: str, callers: int) -> AsyncIterator[Any]:
    """A process that is ready to let its callers go."""
    command = ["-m", "tests.connectors.oauth_child", database, base_url, refresh_token, str(callers)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdin=pipe, stdout=pipe)
    try:
        assert process.stdout is not None and process.stdin is not None
        assert b"ready\n" == await asyncio.wait_for(process.stdout.readline(), 30)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def told(process: Any) -> dict[str, Any]:
    """Let a child's callers go, and hear what came of them."""
    process.stdin.write(b"go\n")
    await process.stdin.drain()
    found: dict[str, Any] = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    return found


async def test_twenty_callers_of_one_process_make_one_refresh(office: Office) -> None:
    """
    The first token, and the next when HubSpot says that the first has expired.
    """
    async with office.process() as hub:
        first = await asyncio.gather(*(outcome(hub) for _ in range(20)))
        begun = list(office.refreshes)
        await office.expire()
        second = await asyncio.gather(*(outcome(hub) for _ in range(20)))

    assert (["ok"] * 20, ["ok"] * 20) == (first, second)
    assert ([True], [True, True]) == (begun, office.refreshes)


async def test_twenty_callers_of_two_processes_make_one_refresh(shared: Office, database: str) -> None:
    """
    HubSpot's twin takes a refresh token once: a second refresh with the same would be refused.
    """
    async with shared.process() as hub:
        await hub.contacts.page(limit=1)
    await shared.expire()
    base = f"{shared.twin.url}/hubspot"

    async with (
        child(database, base, shared.refresh_token, 10) as one,
        child(database, base, shared.refresh_token, 10) as other,
    ):
        both = await asyncio.gather(told(one), told(other))

    assert ["ok"] * 20 == [each for found in both for each in found["outcomes"]]
    assert 1 == sum(found["refreshes"] for found in both)


async def test_one_that_is_killed_while_it_refreshes_blocks_nobody(
    rig: Rig, database: str, shared: Office
) -> None:
    """
    Its turn ends with it: the next asks at once, with the same refresh token.
    """
    tokens = {"access_token": "a-token", "expires_in": 1800}
    rig.answers = [hang, lambda request: web.json_response(tokens)]
    async with child(database, rig.url, "r-token", 1) as process:
        process.stdin.write(b"go\n")
        await asyncio.wait_for(rig.arrived.wait(), 30)
        process.kill()
        await process.wait()
    rig.answers = [lambda request: web.json_response(tokens), answer(body=b'{"results": []}')]

    async with Transport(
        log=Logger(rig.notebook), measure=rig.notebook.metrics.append, tokens=shared.store
    ) as it:
        await HubSpot(connection(rig.url, "r-token"), it).contacts.page(limit=1)

    assert [b"refresh_token=r-token" in body for body in rig.bodies] == [True, True, False]
    assert "Bearer a-token" == rig.asked[-1].headers["Authorization"]


async def test_another_process_takes_what_the_first_has_stored(shared: Office) -> None:
    """
    It asks for nothing itself, and a refresh token that was rotated is not lost with the first.
    """
    for _ in range(2):
        async with shared.process() as hub:
            assert "ok" == await outcome(hub)
    await shared.expire()
    async with shared.process() as hub:
        assert "ok" == await outcome(hub)

    assert [True, True] == shared.refreshes


async def test_a_revoked_app_is_one_clear_error(office: Office) -> None:
    """
    It says how to mend it, and HubSpot is not asked again and again.
    """
    await form(office.twin, "/oauth/2026-03/token/revoke", token=office.refresh_token)

    async with office.process() as hub:
        caught = []
        for _ in range(3):
            with pytest.raises(errors.Unauthenticated) as each:
                await hub.contacts.page(limit=1)
            caught.append(each.value)

    assert [False] == office.refreshes
    assert 1 == len({(error.message, error.advice) for error in caught})
    assert "missing or invalid refresh token" in caught[0].message
    assert caught[0].advice.startswith("Authorize the app again and set its new `refresh_token`")


async def test_a_refused_token_is_refreshed_once_a_call(rig: Rig) -> None:
    """
    A service that refuses the new one as well means something else.
    """
    given = iter(range(9))

    def serve(request: web.Request) -> web.Response:
        if request.path.startswith("/oauth"):
            return web.json_response({"access_token": f"token-{next(given)}", "expires_in": 1800})
        return web.json_response({"message": "no"}, status=401)

    rig.answers = [serve]
    async with Transport(log=Logger(rig.notebook), measure=rig.notebook.metrics.append) as transport:
        with pytest.raises(errors.Unauthenticated):
            await HubSpot(connection(rig.url, "r"), transport).contacts.page(limit=1)

    shown = [each.headers.get("Authorization") for each in rig.asked if not each.path.startswith("/oauth")]
    assert ["Bearer token-0", "Bearer token-1"] == shown


class Away(Alone):
    """
    A store that is read and cannot be written, the first time.
    """

    away = True

    async def write(self, connection: str, sealed: bytes, *, after: int, expires_at: datetime) -> bool:
        if self.away:
            self.away = False
            raise errors.DatabaseLost(reason="gone")
        return await super().write(connection, sealed, after=after, expires_at=expires_at)


async def test_what_could_not_be_stored_is_not_used_and_not_lost(office: Office) -> None:
    """
    The refresh token that came with it would be lost with this process: it is stored before anything else.
    """
    office.store = Away()

    async with office.process() as hub:
        with pytest.raises(errors.DatabaseLost):
            await hub.contacts.page(limit=1)
        asked = [each.operation for each in office.twin.metrics]
        then = await outcome(hub)

    assert (["oauth.refresh"], "ok", [True]) == (asked, then, office.refreshes)


def stored(store: Alone, rig: Rig, *, due: float, expires: float) -> None:
    """A token is in the store that is due and expires so many seconds from now."""
    app = target(connection(rig.url, "r")).oauth
    assert app is not None
    seal, now = Seal(app, "hubspot/teelixir"), clock.now()
    given = Answer("old").tokens(app.refresh_token, now=now, root=seal.root, generation=1)
    tokens = Tokens(
        given.access,
        given.refresh,
        now + timedelta(seconds=due),
        now + timedelta(seconds=expires),
        seal.root,
        1,
    )
    store._entries["hubspot/teelixir"] = (1, seal.close(tokens))


@pytest.mark.parametrize(
    ("asked", "shown", "due", "expires"),
    [
        pytest.param(0, "old", 60, 300, id="good for a while"),
        pytest.param(1, "new", -1, 300, id="due: replaced before it expires"),
        pytest.param(1, "new", -300, -1, id="expired"),
    ],
)
async def test_a_token_is_refreshed_before_it_expires(
    rig: Rig, asked: int, shown: str, due: float, expires: float
) -> None:
    """
    By the clock, and not by being refused.
    """
    store = Alone()
    stored(store, rig, due=due, expires=expires)
    rig.answers = [
        lambda request: web.json_response(
            {"access_token": "new"} if request.path.startswith("/oauth") else {"results": []}
        )
    ]
    async with Transport(
        log=Logger(rig.notebook), measure=rig.notebook.metrics.append, tokens=store
    ) as transport:
        await HubSpot(connection(rig.url, "r"), transport).contacts.page(limit=1)

    assert asked == sum(each.path.startswith("/oauth") for each in rig.asked)
    assert f"Bearer {shown}" == rig.asked[-1].headers["Authorization"]


@pytest.mark.parametrize(
    ("expected", "expires"), [("ok", 300), ("REM008", -1)], ids=["old one still good", "old one expired"]
)
async def test_a_refresh_that_fails_costs_nothing_while_the_old_token_is_good(
    rig: Rig, expected: str, expires: float
) -> None:
    """
    Of several calls one tries; the others go on with what there is. Expired, it is the error of the call.
    """
    store = Alone()
    stored(store, rig, due=-1, expires=expires)
    rig.answers = [
        lambda request: web.json_response(
            {"results": []}, status=500 if request.path.startswith("/oauth") else 200
        )
    ]
    async with Transport(
        log=Logger(rig.notebook),
        measure=rig.notebook.metrics.append,
        policy=RetryPolicy(attempts=1),
        tokens=store,
    ) as transport:
        hub = HubSpot(connection(rig.url, "r"), transport)
        outcomes = [await outcome(hub) for _ in range(3)]

    assert [expected] * 3 == outcomes
    assert (1 if expected == "ok" else 3) == sum(each.path.startswith("/oauth") for each in rig.asked)


async def test_a_refresh_token_that_is_configured_anew_begins_anew(office: Office) -> None:
    """
    What is stored descends from another installation, and is left.
    """
    async with office.process() as hub:
        await outcome(hub)
    await form(office.twin, "/oauth/2026-03/token/revoke", token=office.refresh_token)
    office.refresh_token = await installed(office.twin)

    async with office.process() as hub:
        assert "ok" == await outcome(hub)

    assert [True, True] == office.refreshes


async def test_secrets_are_in_no_log_metric_or_error_and_sealed_in_the_database(
    shared: Office, pool: Pool, rig: Rig
) -> None:
    """
    A service that repeats what it was sent gets none of it written down.
    """
    async with shared.process() as hub:
        await outcome(hub)
    rows = await pool.fetch("SELECT generation, sealed, expires_at FROM ops_secrets.oauth_tokens")
    rig.answers = [lambda request: web.Response(status=400, body=rig.bodies[-1])]
    async with Transport(log=Logger(rig.notebook), measure=rig.notebook.metrics.append) as transport:
        with pytest.raises(errors.Unauthenticated) as caught:
            await HubSpot(connection(rig.url, shared.refresh_token), transport).contacts.page(limit=1)

    written = f"{shared.twin.records} {shared.twin.metrics} {rig.notebook.records} {rig.notebook.metrics}"
    written += f"{caught.value!r} {caught.value.facts} {rows}"
    secrets = (shared.refresh_token, APP["client_secret"], "sandbox-refresh-", "sandbox-access-")
    assert [1] == [row["generation"] for row in rows]
    assert [] == [secret for secret in secrets if secret in written]


async def test_of_two_that_refresh_one_is_stored(pool: Pool, database: str) -> None:
    """
    Each says which it follows; and it is never the turn of two.
    """
    store, soon = OAuthTokens(pool, lambda: connect(database)), clock.now() + timedelta(hours=1)
    nothing = await store.read("a/b")
    kept = [
        await store.write("a/b", sealed, after=after, expires_at=soon)
        for sealed, after in ((b"1", 0), (b"2", 0), (b"3", 1), (b"4", 1))
    ]
    async with store.turn("a/b") as mine, store.turn("a/b") as also, store.turn("c/d") as elsewhere:
        turns = (mine, also, elsewhere)
    async with store.turn("a/b") as then:
        again = then

    assert (None, [True, False, True, False], (2, b"3")) == (nothing, kept, await store.read("a/b"))
    assert ((True, False, True), True) == (turns, again)
