"""
Webhook subscriptions: five at most, each with a key that is told once. The twin delivers nothing.
"""

from __future__ import annotations

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.unleashed.account import Account
from masterops.sandbox.unleashed.problems import Refusal, invalid
from masterops.sandbox.unleashed.writing import parsed

MOST = 5
EVENTS = tuple(
    f"{kind}.{what}"
    for kind in ("customer", "product", "salesorder")
    for what in ("created", "updated", "deleted")
)


def answer(account: Account, method: str, rest: list[str], body: bytes) -> Answer:
    """List them, make one, or remove one. Raises Refusal."""
    match (method, rest):
        case ("GET", []):
            return json_answer(200, {"Items": list(account.subscriptions.values())})
        case ("POST", []):
            return json_answer(200, _made(account, body))
        case ("DELETE", [id]):
            if account.subscriptions.pop(id, None) is None:
                raise Refusal(404, f"There is no subscription {id}.")
            return Answer(200)
    raise Refusal(405)


def _made(account: Account, body: bytes) -> dict[str, object]:
    given = parsed(body)
    url, events = given.get("notificationUrl"), given.get("eventTypes")
    if not isinstance(url, str) or not url.startswith("https://"):
        raise invalid("notificationUrl is required, and begins with https.")
    if not isinstance(events, list) or not events or not set(map(str, events)) <= set(EVENTS):
        raise invalid(f"eventTypes are some of {', '.join(EVENTS)}.")
    if len(account.subscriptions) >= MOST:
        raise invalid(f"An account has {MOST} subscriptions at most.")
    id = account.guid()
    made = {
        "subscriptionId": id,
        "description": given.get("description"),
        "notificationUrl": url,
        "eventTypes": events,
    }
    account.subscriptions[id] = made
    return {**made, "signatureKey": account.guid().replace("-", "")}
