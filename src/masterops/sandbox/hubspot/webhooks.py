"""
The settings of webhooks: where they go and what they tell, under /webhooks/{version}/{appId}.

The real one wants a developer's key here; the twin takes the account's own token.
"""

from __future__ import annotations

from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.hubspot import problems, values
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.events import ACTIONS, Subscription

MOST_SUBSCRIPTIONS = 1_000


class Throttling(msgspec.Struct, frozen=True, rename="camel"):
    """
    How many deliveries may be under way at once.
    """

    max_concurrent_requests: int = 10
    period: str = "SECONDLY"


class Settings(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that says where webhooks go.
    """

    target_url: str
    throttling: Throttling = Throttling()


class Draft(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body that makes a subscription.
    """

    event_type: str
    property_name: str | None = None
    active: bool = False


class Edit(msgspec.Struct, frozen=True):
    """
    The body that changes one.
    """

    active: bool


def settings(account: Account, call: Call) -> Answer:
    """GET /webhooks/{version}/{appId}/settings"""
    _check_app(account, call)
    if account.outbox.target is None:
        raise problems.not_found("WEBHOOK_SETTINGS", call.parts[0])
    return json_answer(200, _settings(account))


def settings_put(account: Account, call: Call) -> Answer:
    """PUT /webhooks/{version}/{appId}/settings: HubSpot takes https alone, the twin http too"""
    _check_app(account, call)
    given = call.json(Settings)
    if not given.target_url.startswith(("http://", "https://")):
        raise problems.invalid("targetUrl must be an address.", targetUrl=given.target_url)
    account.outbox.target = given.target_url
    account.outbox.throttling = msgspec.to_builtins(given.throttling)
    account.outbox.set_at = values.iso(account.clock.now())
    return json_answer(200, _settings(account))


def settings_removed(account: Account, call: Call) -> Answer:
    """DELETE /webhooks/{version}/{appId}/settings"""
    _check_app(account, call)
    account.outbox.target = None
    return Answer(204)


def listed(account: Account, call: Call) -> Answer:
    """GET /webhooks/{version}/{appId}/subscriptions"""
    _check_app(account, call)
    return json_answer(200, {"results": [_shown(each) for each in account.outbox.subscriptions.values()]})


def created(account: Account, call: Call) -> Answer:
    """POST /webhooks/{version}/{appId}/subscriptions"""
    _check_app(account, call)
    draft = call.json(Draft)
    subject, _, action = draft.event_type.partition(".")
    if (subject != "object" and subject not in account.kinds) or action not in ACTIONS:
        raise problems.invalid(f"{draft.event_type!r} is not an event type.", eventType=draft.event_type)
    if len(account.outbox.subscriptions) >= MOST_SUBSCRIPTIONS:
        raise problems.invalid(f"There can be {MOST_SUBSCRIPTIONS} subscriptions.")
    now = values.iso(account.clock.now())
    made = account.outbox.subscribe(draft.event_type, draft.property_name, draft.active, now)
    return json_answer(201, _shown(made))


def changed(account: Account, call: Call) -> Answer:
    """PATCH /webhooks/{version}/{appId}/subscriptions/{id}"""
    found = _one(account, call)
    found.active = call.json(Edit).active
    return json_answer(200, _shown(found))


def removed(account: Account, call: Call) -> Answer:
    """DELETE /webhooks/{version}/{appId}/subscriptions/{id}"""
    del account.outbox.subscriptions[_one(account, call).id]
    return Answer(204)


def _settings(account: Account) -> dict[str, Any]:
    outbox = account.outbox
    return {"targetUrl": outbox.target, "throttling": outbox.throttling, "createdAt": outbox.set_at}


def _shown(subscription: Subscription) -> dict[str, Any]:
    """As HubSpot shows it: its id is text here and a number in the events."""
    shown: dict[str, Any] = msgspec.to_builtins(subscription)
    if subscription.property_name is None:
        del shown["propertyName"]
    return shown | {"id": str(subscription.id)}


def _check_app(account: Account, call: Call) -> None:
    if call.parts[0] != str(account.outbox.app_id):
        raise problems.not_found("APP", call.parts[0])


def _one(account: Account, call: Call) -> Subscription:
    _check_app(account, call)
    found = account.outbox.subscriptions.get(int(call.parts[1]) if call.parts[1].isdecimal() else 0)
    if found is None:
        raise problems.not_found("SUBSCRIPTION", call.parts[1])
    return found
