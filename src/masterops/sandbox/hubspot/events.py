"""
What happened in an account, as webhooks tell it, and who wants to know.

Pure: events go in, batches for a target come out with the moment of their next attempt. HubSpot sends up to
100 events at once and tries again after a failure for ten times over 24 hours (webhooks guide); how the tries
are spread over the day is not published: here the wait doubles from a minute up to five hours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import deque
from typing import Any

import msgspec

MOST_IN_BATCH = 100
MOST_TRIES = 11  # the first and ten more
FIRST_WAIT, LONGEST_WAIT = 60.0, 18_000.0  # seconds
# The last can be asked for; here nothing is restored.
ACTIONS = (
    "creation",
    "deletion",
    "propertyChange",
    "merge",
    "associationChange",
    "privacyDeletion",
    "restore",
)


class Subscription(msgspec.Struct, rename="camel"):
    """
    One kind of event that an app is told of.
    """

    id: int
    event_type: str
    property_name: str | None
    active: bool
    created_at: str


class Batch(msgspec.Struct):
    """
    Events on their way, together until they have arrived or are given up.
    """

    events: list[dict[str, Any]]
    tries: int = 0
    due: float = 0.0  # ticks


class Outbox:
    """
    The subscriptions of one account's app and what it has not been told yet.
    """

    def __init__(self, portal_id: int, app_id: int) -> None:
        self.portal_id, self.app_id = portal_id, app_id
        self.target: str | None = None
        self.throttling: dict[str, Any] = {}  # as it was put; deliveries are ten at once
        self.set_at = ""
        self.subscriptions: dict[int, Subscription] = {}
        self.delivered = self.lost = 0
        self._fresh: deque[dict[str, Any]] = deque()
        self._again: list[Batch] = []
        self._events = 0
        self._next = 1

    @property
    def waiting(self) -> int:
        """Events that have not arrived."""
        return len(self._fresh) + sum(len(batch.events) for batch in self._again)

    def subscribe(self, event_type: str, property_name: str | None, active: bool, now: str) -> Subscription:
        """A new subscription."""
        made = Subscription(self._next, event_type, property_name, active, now)
        self._next += 1
        self.subscriptions[made.id] = made
        return made

    def happened(self, subject: str, type_id: str, action: str, at_ms: int, **facts: Any) -> None:
        """Note an event for every subscription that asks for it."""
        for each in self.subscriptions.values():
            named, _, wanted = each.event_type.partition(".")
            if not each.active or wanted != action or named not in (subject, "object"):
                continue
            if action == "propertyChange" and each.property_name not in (None, facts.get("propertyName")):
                continue
            self._events += 1
            event = {
                "eventId": self._events,
                "subscriptionId": each.id,
                "portalId": self.portal_id,
                "appId": self.app_id,
                "occurredAt": at_ms,
                "subscriptionType": each.event_type,
                "changeSource": "INTEGRATION",
                "sourceId": str(self.app_id),
            }
            self._fresh.append(event | ({"objectTypeId": type_id} if named == "object" else {}) | facts)

    def due(self, ticks: float) -> list[Batch]:
        """The batches to be sent now; they are out of the box until `told`."""
        ready = [batch for batch in self._again if batch.due <= ticks]
        self._again = [batch for batch in self._again if batch.due > ticks]
        while self._fresh:
            count = min(MOST_IN_BATCH, len(self._fresh))
            ready.append(Batch([self._fresh.popleft() for _ in range(count)]))
        return ready

    def told(self, batch: Batch, ticks: float, *, arrived: bool) -> None:
        """What became of a batch."""
        batch.tries += 1
        if arrived:
            self.delivered += len(batch.events)
        elif batch.tries >= MOST_TRIES:
            self.lost += len(batch.events)
        else:
            batch.due = ticks + min(FIRST_WAIT * 2 ** (batch.tries - 1), LONGEST_WAIT)
            self._again.append(batch)


def body(batch: Batch) -> bytes:
    """The batch as it is sent: each event says how often it was tried before."""
    return msgspec.json.encode([event | {"attemptNumber": batch.tries} for event in batch.events])


# Of the address, HubSpot signs these as they stand: everything else stays as it was sent.
PLAIN = {f"%{ord(each):02X}": each for each in ":/?@!$'()*,;"}
ENCODED = re.compile("|".join(PLAIN), re.IGNORECASE)


def signature(secret: str, method: str, url: str, sent: bytes, timestamp_ms: int) -> str:
    """The `X-HubSpot-Signature-v3` of a request (request validation guide; hubspot-api-python)."""
    plain = ENCODED.sub(lambda found: PLAIN[found[0].upper()], url)
    text = method.encode() + plain.encode() + sent + str(timestamp_ms).encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
