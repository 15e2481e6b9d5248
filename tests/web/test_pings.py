"""
Pings over a socket: what is taken, what is refused, what is kept.
"""

from __future__ import annotations

import asyncio

import pytest

from masterops.heartbeats import Ingest, pause, remove, rotate, standing
from masterops.web.pings import Said, read_path
from tests.web.conftest import Served, Site, database_away


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/ping/abc", Said("abc", "success")),
        ("/ping/abc/", Said("abc", "success")),
        ("/ping/abc/start", Said("abc", "start")),
        ("/ping/abc/fail", Said("abc", "fail")),
        ("/ping/abc/log", Said("abc", "log")),
        ("/ping/abc/extend", Said("abc", "extend")),
        ("/ping/abc/0", Said("abc", "success", 0)),
        ("/ping/abc/255", Said("abc", "fail", 255)),
        ("/ping/abc/256", None),
        ("/ping/abc/-1", None),
        ("/ping/abc/٣", None),
        ("/ping/abc/start/", None),
        ("/ping/abc/finish", None),
        ("/ping/", None),
        ("/ping/" + "a" * 129, None),
    ],
)
def test_what_an_address_says(path: str, said: Said | None) -> None:
    """
    Words and exit codes; nothing else.
    """
    assert said == read_path(path)


async def test_every_method_and_word_is_taken_and_stored(served: Served) -> None:
    """
    With what was sent along, secrets hidden, and how long the run took.
    """
    site = await served()

    statuses = [
        await site.ping("/start"),
        await site.ping("/log", "POST", data=b"password=hunter2secret, half done"),
        await site.ping("/extend?by=30m"),
        await site.ping("", "HEAD"),
        await site.ping("/3?rid=run-7", "POST", data="ä" * 8_000),
    ]
    start, word, extend, success, failure = await site.stored()

    assert [200] * 5 == statuses
    assert ["start", "log", "extend", "success", "fail"] == [
        each["kind"] for each in (start, word, extend, success, failure)
    ]
    assert "hunter2secret" not in word["body"] and "half done" in word["body"]
    assert success["duration_ms"] > 0
    assert ("HEAD", "teelixir", "127.0.0.1") == (success["method"], success["business_id"], success["remote"])
    assert (3, "run-7", 16_000, 5_000) == (
        failure["exit_code"],
        failure["run_id"],
        failure["body_bytes"],
        len(failure["body"]),
    )
    assert (await standing(site.app.pool, "nightly")).last_failure_at == failure["accepted_at"]


async def test_what_is_wrong_is_refused_with_a_code_and_tells_no_name(served: Served) -> None:
    """
    As application/problem+json, whatever is wrong, and nothing of it is stored.
    """
    site = await served("web.body_limit_kb = 1")
    unknown = await site.ask("/ping/nobody-knows-this-one")
    method = await site.ask(f"/ping/{site.token}", "DELETE")
    large = await site.ask(f"/ping/{site.token}", "POST", data=b"x" * 1025)
    span = await site.ask(f"/ping/{site.token}/extend?by=soon")
    word = await site.ask(f"/ping/{site.token}/finish")

    async def parts():  # type: ignore[no-untyped-def]
        for _ in range(3):
            yield b"x" * 500

    chunked = await site.ask(f"/ping/{site.token}", "POST", data=parts())

    assert [404, 405, 413, 400, 404, 413] == [
        each.status for each in (unknown, method, large, span, word, chunked)
    ]
    assert ["WEB012", "WEB013", "WEB014", "WEB011"] == [
        (await each.json(content_type="application/problem+json"))["code"]
        for each in (unknown, method, large, span)
    ]
    assert "GET, HEAD, POST" == method.headers["Allow"]
    assert "nightly" not in await unknown.text()
    assert [] == await site.stored()


async def test_a_heartbeat_may_not_send_without_end(served: Served) -> None:
    """
    429 with Retry-After; another heartbeat is not held up.
    """
    site = await served("web.pings_per_minute = 3")

    statuses = [await site.ping() for _ in range(4)]
    refused = await site.ask(f"/ping/{site.token}")

    assert [200, 200, 200, 429] == statuses
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert 3 == len(await site.stored())


async def test_a_token_that_was_made_or_changed_meanwhile_is_known(served: Served) -> None:
    """
    A new one at its first ping; the old one is refused, once it has been looked again.
    """
    site = await served()
    old = site.token
    await site.ping()

    site.token = await rotate(site.app.pool, "nightly", ())
    new = await site.ping()
    await site.app.listening.heartbeats.read()
    gone = (await site.ask(f"/ping/{old}")).status
    await remove(site.app.pool, "nightly")
    await site.app.listening.heartbeats.read()

    assert (200, 404, 404) == (new, gone, await site.ping())


async def test_a_paused_heartbeat_still_takes_pings(served: Served) -> None:
    """
    They are history; it stays paused.
    """
    site = await served()
    await pause(site.app.pool, "nightly")

    assert 200 == await site.ping()
    assert 1 == len(await site.stored())
    assert (await standing(site.app.pool, "nightly")).paused_at is not None


async def test_pings_are_taken_while_the_database_is_away_and_stored_once_when_it_is_back(
    served: Served,
) -> None:
    """
    A token that nobody knows is not said to be wrong meanwhile: it may be new.
    """
    site = await served()
    await site.ping()
    async with database_away(site):
        taken = [await site.ping() for _ in range(5)]
        unknown = await site.ask("/ping/nobody-knows-this-one")
        ready = await site.ask("/readyz")
        health = await site.ask("/healthz")
        status = await site.ask("/status.json")

    assert [200] * 5 == taken
    assert (503, 503, 200, 503) == (unknown.status, ready.status, health.status, status.status)
    assert "Retry-After" in unknown.headers
    assert 6 == len(await _once_stored(site, 6))


async def _once_stored(site: Site, count: int) -> list[object]:
    async with asyncio.timeout(60):
        while len(rows := await _stored_or_nothing(site)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return list(rows)


async def _stored_or_nothing(site: Site) -> list[object]:
    from masterops import errors

    try:
        return list(await site.stored())
    except errors.DatabaseError:
        return []


async def test_the_database_knows_since_when_and_up_to_when_all_is_known(served: Served) -> None:
    """
    What was taken before the mark is stored; who stops in order says so.
    """
    site = await served()
    await site.ping()
    rows: list[dict[str, object]] = []
    async with asyncio.timeout(30):
        while not rows or rows[0]["behind"]:
            rows = await site.app.pool.fetch(
                "SELECT *, complete_until < (SELECT last_ping_at FROM ops.heartbeats) IS NOT false AS behind"
                " FROM ops.heartbeat_ingests"
            )
            await asyncio.sleep(0.05)
    folder = site.app.listening.intake.folder

    async def never(wanted: dict[str, int]) -> int:
        return 1

    stuck = Ingest(folder, site.app.pool, never, site.app.log)
    stop = asyncio.Event()
    stop.set()
    await stuck.mark(stop)
    (after,) = await site.app.pool.fetch("SELECT * FROM ops.heartbeat_ingests")

    assert 1 == len(await site.stored())
    assert after["listening_since"] == rows[0]["listening_since"]
    assert after["left_at"] is None
