"""
What every answer has, whatever gives it; and what is logged of it.
"""

from __future__ import annotations

import socket

import pytest

from masterops.config import Web
from masterops.errors import AddressTaken, AddressUnusable
from masterops.web import bind
from masterops.web.callers import Callers
from tests.web.conftest import Served


async def test_health_readiness_status_and_their_description(served: Served) -> None:
    """
    Live, ready, what strangers may know, and the schema of all of it.
    """
    site = await served()
    await site.app.register()

    health, ready, status, schema, nothing, wrong = [
        await site.ask("/healthz"),
        await site.ask("/readyz"),
        await site.ask("/status.json"),
        await site.ask("/schema/openapi.json"),
        await site.ask("/nothing/here"),
        await site.ask("/healthz", "POST"),
    ]

    assert "ok" == (await health.json())["status"]
    assert {"database": True, "pings": True, "spool": True} == {
        each["name"]: each["ok"] for each in (await ready.json())["checks"]
    }
    businesses = (await status.json())["businesses"]
    assert ["Buy Organics Online", "Elevate Wholesale", "Red Hill Fresh", "Teelixir"] == [
        each["name"] for each in businesses
    ]
    assert {"name", "state", "since"} == set(businesses[0])
    assert "/readyz" in (await schema.json(content_type=None))["paths"]
    assert (404, "WEB012") == (nothing.status, (await nothing.json(content_type=None))["code"])
    assert (405, "GET") == (wrong.status, wrong.headers["Allow"])
    for each in (health, ready, status, nothing, wrong):
        assert "nosniff" == each.headers["X-Content-Type-Options"]
        assert "DENY" == each.headers["X-Frame-Options"]
        assert "server" not in each.headers


async def test_refusals_are_logged_and_a_share_of_the_rest_and_never_a_token(served: Served) -> None:
    """
    An address is logged as its template.
    """
    site = await served("web.log_share = 0.0")
    await site.ping()
    await site.ask("/ping/some-secret-token-of-mine/start")
    await site.ask("/some-secret-page/with/more?key=secret")

    logged = await site.logged()

    assert [("/ping/{token}", 404), ("/some-secret-page", 404)] == [
        (each["details_json"]["path"], each["details_json"]["status_code"]) for each in logged
    ]
    assert site.token not in str(logged) and "some-secret-token" not in str(logged)


async def test_all_is_logged_where_the_share_is_all(served: Served) -> None:
    """
    With the time that it took.
    """
    site = await served("web.log_share = 1.0")
    await site.ping()

    (one,) = await site.logged()

    assert ("info", 200, "GET") == (
        one["level"],
        one["details_json"]["status_code"],
        one["details_json"]["method"],
    )


def test_an_address_that_cannot_be_had_says_why() -> None:
    """
    Taken by another, or no address of this machine.
    """
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = web(port=other.getsockname()[1])
        with pytest.raises(AddressTaken, match="in use"):
            bind(taken)
    with pytest.raises(AddressUnusable):
        bind(web(host="192.0.2.1"))


def web(**values: object) -> Web:
    given = {
        "enabled": True, "host": "127.0.0.1", "port": 0, "base_url": None, "body_limit_kb": 1,
        "trusted_proxies": "", "log_share": 0.0, "pings_per_minute": 1,
    }  # fmt: skip
    return Web(**{**given, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("proxies", "peer", "said", "expected"),
    [
        ("", "10.0.0.1", "198.51.100.7", "10.0.0.1"),
        ("10.0.0.0/8", "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.0/8", "10.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.0/8", "10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.0/8, ::1", "::1", "2001:db8::5", "2001:db8::5"),
        ("10.0.0.0/8", "10.0.0.1", None, "10.0.0.1"),
    ],
    ids=["none trusted", "a stranger", "a proxy", "a chain", "nonsense", "six", "silent"],
)
def test_who_called(proxies: str, peer: str, said: str | None, expected: str) -> None:
    """
    Whom the last proxy that we trust names, and nobody whom a stranger names.
    """
    headers = [(b"x-forwarded-for", said.encode())] if said is not None else []

    assert expected == Callers(proxies).of({"client": (peer, 1234), "headers": headers})
