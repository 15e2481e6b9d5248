"""
Webhook subscriptions: `/webhooks/subscriptions`, five at most. What they deliver is checked by
`signature.verify`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from masterops.config import Secret
from masterops.connectors.client import ResourceClient
from masterops.connectors.resource import Listing, Resource, Verb
from masterops.connectors.unleashed.records import CLIENT


class SignatureKey(Secret):
    """
    What signs a subscription's deliveries.
    """

    @classmethod
    def from_wire(cls, text: object) -> SignatureKey:
        """Read it. Raises ValueError for what is no text."""
        if not isinstance(text, str):
            raise ValueError("a key is a text")
        return cls(text)


class Subscription(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """
    Where which events are delivered. The key is told once, when the subscription is made: store it.
    """

    subscription_id: str
    description: str | None = None
    notification_url: str | None = None
    event_types: tuple[str, ...] | None = ()
    signature_key: SignatureKey | None = None


SUBSCRIPTIONS = Resource(
    "webhooks",
    "/webhooks/subscriptions",
    Subscription,
    key="subscription_id",
    listing=Listing(rows="Items", headers=CLIENT),
    create=Verb("POST", repeatable=False, headers=CLIENT),
)


class Webhooks(ResourceClient[Subscription]):
    """
    The subscriptions of one account.
    """

    async def subscribe(
        self, url: str, event_types: Sequence[str], *, description: str = "Master-Ops"
    ) -> Subscription:
        """Have events (`salesorder.created`, `product.updated`) delivered to an address."""
        fields = {"notificationUrl": url, "eventTypes": list(event_types), "description": description}
        return await self.create(fields)
