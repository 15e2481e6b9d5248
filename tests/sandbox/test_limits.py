"""
HubSpot's limits, as a client meets them.
"""

from __future__ import annotations

from masterops.sandbox.hubspot.limits import Limits
from tests.sandbox.desk import CONTACTS, Desk, opened

SEARCH = f"{CONTACTS}/search"


async def test_the_hundred_and_first_call_in_ten_seconds_is_refused(limited: Desk) -> None:
    """
    With HubSpot's body, and not counted: at the tenth second all are free again.
    """
    first = [await limited.get(f"{CONTACTS}?limit=1") for _ in range(100)]
    refused = [await limited.get(f"{CONTACTS}?limit=1") for _ in range(3)]
    limited.clock.move(10)
    after = await limited.get(f"{CONTACTS}?limit=1")

    assert {200} == {reply.status for reply in first}
    assert [429] * 3 == [reply.status for reply in refused]
    assert ("error", "RATE_LIMIT", "TEN_SECONDLY_ROLLING") == tuple(
        refused[0].body[name] for name in ("status", "errorType", "policyName")
    )
    assert {"message", "correlationId", "requestId"} <= set(refused[0].body)
    assert "Retry-After" not in refused[0].headers
    assert (200, "99", str(250_000 - 101)) == (
        after.status,
        after.headers["X-HubSpot-RateLimit-Remaining"],
        after.headers["X-HubSpot-RateLimit-Daily-Remaining"],
    )


async def test_the_window_rolls_and_does_not_start_afresh(limited: Desk) -> None:
    """
    50 calls at second 0 and 50 at second 9 leave room for 50 at second 10, not for 100.
    """
    for _ in range(50):
        await limited.get(f"{CONTACTS}?limit=1")
    limited.clock.move(9)
    for _ in range(50):
        await limited.get(f"{CONTACTS}?limit=1")
    limited.clock.move(1)
    statuses = [(await limited.get(f"{CONTACTS}?limit=1")).status for _ in range(51)]

    assert [200] * 50 + [429] == statuses


async def test_every_answer_but_a_search_says_what_is_left(limited: Desk) -> None:
    """
    The five headers, on errors too.
    """
    good, bad = await limited.get(CONTACTS), await limited.get(f"{CONTACTS}/404")
    search = await limited.post(SEARCH, {})

    assert ("100", "99", "10000", "250000", "249999") == tuple(
        good.headers[f"X-HubSpot-RateLimit-{name}"]
        for name in ("Max", "Remaining", "Interval-Milliseconds", "Daily", "Daily-Remaining")
    )
    assert "98" == bad.headers["X-HubSpot-RateLimit-Remaining"]
    assert [] == [name for name in search.headers if name.lower().startswith("x-hubspot-ratelimit")]


async def test_search_has_a_limit_of_its_own(limited: Desk) -> None:
    """
    Five a second; it spends nothing of the ten-second window.
    """
    statuses = [(await limited.post(SEARCH, {})).status for _ in range(5)]
    refused = await limited.post(SEARCH, {})
    left = (await limited.get(CONTACTS)).headers["X-HubSpot-RateLimit-Remaining"]
    limited.clock.move(1)

    assert ([200] * 5, 429, "99") == (statuses, refused.status, left)
    assert ("You have reached your secondly limit.", "SECONDLY") == (
        refused.body["message"],
        refused.body["policyName"],
    )
    assert [] == [name for name in refused.headers if name.lower().startswith("x-hubspot-ratelimit")]
    assert 200 == (await limited.post(SEARCH, {})).status


async def test_associations_spend_a_limit_of_their_own(limited: Desk) -> None:
    """
    As large as the usual one, and neither takes from the other.
    """
    path = "/crm/associations/2026-03/contacts/companies/labels"
    statuses = [(await limited.get(path)).status for _ in range(101)]
    other = await limited.get(CONTACTS)

    assert [200] * 100 + [429] == statuses
    assert "99" == other.headers["X-HubSpot-RateLimit-Remaining"]


async def test_one_business_does_not_spend_the_limit_of_another(limited: Desk) -> None:
    """
    Limits are of the account.
    """
    for _ in range(101):
        await limited.get(f"{CONTACTS}?limit=1")

    assert 200 == (await limited.get(CONTACTS, business="red-hill-fresh")).status


async def test_the_day_ends_at_midnight_where_the_account_is() -> None:
    """
    01:30 UTC is 12:30 in Sydney: the quota is back 11.5 hours later, and searches count.
    """
    async with opened(limits=Limits(daily=3)) as desk:
        await desk.get(CONTACTS)
        await desk.post(SEARCH, {})
        usage = (await desk.get("/account-info/2026-03/api-usage/daily/private-apps")).body["results"][0]
        refused = await desk.get(CONTACTS)
        desk.clock.move(11.5 * 3600 - 1)
        before = await desk.get(CONTACTS)
        desk.clock.move(1)
        after = await desk.get(CONTACTS)

        assert (3, 3, "2026-11-02T13:00:00Z") == (
            usage["currentUsage"],
            usage["usageLimit"],
            usage["resetsAt"],
        )
        assert ("You have reached your daily limit.", "DAILY") == (
            refused.body["message"],
            refused.body["policyName"],
        )
        assert (429, 429, 200) == (refused.status, before.status, after.status)
