"""
What HubSpot says about the account itself: owners, details, the day's usage.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import problems, values
from masterops.sandbox.hubspot.account import BORN, Account, Owner
from masterops.sandbox.hubspot.call import Call

MOST_OWNERS = 500


def owners(account: Account, call: Call) -> Answer:
    """GET /crm/owners/{version}"""
    asked = call.asked()
    limit = calls.number(calls.last(asked, "limit"), "limit", least=1, most=MOST_OWNERS, otherwise=100)
    after = calls.number(calls.last(asked, "after") or None, "after", least=0, most=10**18, otherwise=0)
    email = calls.last(asked, "email")
    found = [] if calls.truth(asked, "archived") else list(account.owners)
    found = [owner for owner in found if email is None or owner.email == email.lower()]
    page = found[after : after + limit]
    body: dict[str, Any] = {"results": [_owner(owner) for owner in page]}
    if after + limit < len(found):
        further = str(after + limit)
        body["paging"] = {"next": {"after": further, "link": f"{call.address}?limit={limit}&after={further}"}}
    return json_answer(200, body)


def owner(account: Account, call: Call) -> Answer:
    """GET /crm/owners/{version}/{id}"""
    by_user = calls.last(call.asked(), "idProperty") == "userId"
    for each in account.owners:
        if call.parts[0] == (str(each.user_id) if by_user else each.id):
            return json_answer(200, _owner(each))
    raise problems.not_found("OWNER", call.parts[0])


def details(account: Account, call: Call) -> Answer:
    """GET /account-info/{version}/details"""
    offset = account.clock.now().astimezone(account.meter.zone).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    body = {
        "portalId": account.portal_id,
        "accountType": "SANDBOX",
        "timeZone": account.time_zone,
        "companyCurrency": account.currency,
        "additionalCurrencies": [],
        "utcOffset": f"{sign}{hours:02}:{rest:02}",
        "utcOffsetMilliseconds": minutes * 60_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "ap1",
    }
    return json_answer(200, body)


def usage(account: Account, call: Call) -> Answer:
    """GET /account-info/{version}/api-usage/daily/private-apps"""
    row = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": account.meter.limits.daily,
        "currentUsage": account.meter.today(),
        "collectedAt": values.iso(account.clock.now()),
        "fetchStatus": "SUCCESS",
        "resetsAt": values.iso(account.meter.resets_at()),
    }
    return json_answer(200, {"results": [row]})


def _owner(owner: Owner) -> dict[str, Any]:
    return {
        "id": owner.id,
        "email": owner.email,
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "type": "PERSON",
        "userId": owner.user_id,
        "userIdIncludingInactive": owner.user_id,
        "createdAt": BORN,
        "updatedAt": BORN,
        "archived": False,
        "teams": [],
    }
