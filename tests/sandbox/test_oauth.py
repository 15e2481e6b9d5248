"""
OAuth and service keys, over HTTP.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from masterops.sandbox import tokens
from tests.sandbox.desk import CONTACTS, Desk

APP = {"client_id": "sandbox-app-teelixir", "client_secret": "sandbox-app-secret-teelixir"}
BACK = "http://localhost/back"
TOKEN = "/oauth/2026-03/token"


async def form(desk: Desk, path: str, **fields: str) -> Any:
    """One form, sent by an app that says who it is."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = urlencode({**APP, **fields}).encode()
    return await desk.call("POST", path, data=sent, headers=kind, business=None)


async def code(desk: Desk) -> str:
    """What consent leads back with."""
    asked = urlencode({"client_id": APP["client_id"], "redirect_uri": BACK, "state": "s"})
    async with desk.session.get(f"{desk.url}/oauth/authorize?{asked}", allow_redirects=False) as answer:
        told = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (302, ["s"]) == (answer.status, told["state"])
    return told["code"][0]


async def installed(desk: Desk) -> dict[str, Any]:
    """The tokens of a fresh installation."""
    reply = await form(desk, TOKEN, grant_type="authorization_code", code=await code(desk), redirect_uri=BACK)
    assert 200 == reply.status, reply.raw
    found: dict[str, Any] = reply.body
    return found


async def with_token(desk: Desk, token: str) -> Any:
    """One read."""
    return await desk.get(f"{CONTACTS}?limit=1", business=None, headers={"Authorization": f"Bearer {token}"})


async def test_an_access_token_lives_thirty_minutes(desk: Desk) -> None:
    """
    Then it is refused as expired, in HubSpot's words, with the moment.
    """
    given = await installed(desk)
    desk.clock.move(1_799)
    good = await with_token(desk, given["access_token"])
    desk.clock.move(121)
    bad = await with_token(desk, given["access_token"])

    assert (1_800, "bearer", 200) == (given["expires_in"], given["token_type"], good.status)
    assert (
        401,
        "EXPIRED_AUTHENTICATION",
        "The OAuth token used to make this call expired 2 minute(s) ago.",
    ) == (
        bad.status,
        bad.body["category"],
        bad.body["message"],
    )
    assert {"expire time": ["2026-11-02T02:00:00Z"]} == bad.body["context"]


async def test_a_refresh_token_is_good_once(desk: Desk) -> None:
    """
    Unless the account keeps them, as HubSpot does.
    """
    first = await installed(desk)
    second = (await form(desk, TOKEN, grant_type="refresh_token", refresh_token=first["refresh_token"])).body
    again = await form(desk, TOKEN, grant_type="refresh_token", refresh_token=first["refresh_token"])
    await desk.call(
        "PUT", "/_sandbox/settings/hubspot/teelixir", {"rotate_refresh_tokens": False}, business=None
    )
    kept = [
        (
            await form(
                desk, "/oauth/v1/token", grant_type="refresh_token", refresh_token=second["refresh_token"]
            )
        ).body
        for _ in range(2)
    ]

    assert (400, "BAD_REFRESH_TOKEN") == (again.status, again.body["status"])
    assert second["refresh_token"] != first["refresh_token"]
    assert [second["refresh_token"]] * 2 == [each["refresh_token"] for each in kept]
    assert 200 == (await with_token(desk, kept[1]["access_token"])).status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"client_id": "nobody"}, "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
        ({"code": "x"}, "BAD_AUTH_CODE"),
        ({"redirect_uri": "http://localhost/other"}, "MISMATCH_REDIRECT_URI_AUTH_CODE"),
    ],
)
async def test_a_wrong_request_for_a_token_gets_none(desk: Desk, fields: dict[str, str], status: str) -> None:
    """
    And says what was wrong with it.
    """
    right = {"grant_type": "authorization_code", "code": await code(desk), "redirect_uri": BACK}
    refused = await form(desk, TOKEN, **{**right, **fields})

    assert (400, status) == (refused.status, refused.body["status"])


async def test_a_code_is_good_once_and_for_ten_minutes(desk: Desk) -> None:
    """
    Whichever comes first.
    """
    used, late = await code(desk), await code(desk)
    right = {"grant_type": "authorization_code", "redirect_uri": BACK}
    statuses = [(await form(desk, TOKEN, code=used, **right)).status for _ in range(2)]
    desk.clock.move(600)
    expired = await form(desk, TOKEN, code=late, **right)

    assert ([200, 400], "EXPIRED_AUTH_CODE") == (statuses, expired.body["status"])


async def test_a_revoked_refresh_token_takes_its_access_with_it(desk: Desk) -> None:
    """
    Introspection says so before and after.
    """
    given = await installed(desk)
    asked = f"{TOKEN}/introspect"
    before = (await form(desk, asked, token=given["access_token"])).body
    await form(desk, f"{TOKEN}/revoke", token=given["refresh_token"])
    after = (await form(desk, asked, token=given["access_token"])).body
    refused = await with_token(desk, given["access_token"])

    assert (True, 1_800, False) == (before["active"], before["expires_in"], after["active"])
    assert (401, "INVALID_AUTHENTICATION") == (refused.status, refused.body["category"])


async def test_an_installed_app_has_110_calls_of_its_own(limited: Desk) -> None:
    """
    Its answers say nothing of the day; the private app and the service key have their own hundred each.
    """
    token = (await installed(limited))["access_token"]
    replies = [await with_token(limited, token) for _ in range(111)]
    private = await limited.get(CONTACTS)
    key = await with_token(limited, tokens.service_key_for("hubspot", "teelixir"))

    assert [200] * 110 + [429] == [each.status for each in replies]
    assert ("110", None) == tuple(
        replies[0].headers.get(f"X-HubSpot-RateLimit-{name}") for name in ("Max", "Daily")
    )
    assert ("99", "99", str(250_000 - 112)) == (
        private.headers["X-HubSpot-RateLimit-Remaining"],
        key.headers["X-HubSpot-RateLimit-Remaining"],
        key.headers["X-HubSpot-RateLimit-Daily-Remaining"],
    )
