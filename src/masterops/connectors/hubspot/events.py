"""
What HubSpot's webhooks tell, as typed events.

A delivery is a list of up to a hundred events. HubSpot promises neither their order nor that each comes once,
and `eventId` is not unique: `key` tells two events apart (webhooks guide). A type or a field that is not
known here is kept in `raw`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from masterops import errors

_USUAL = frozenset({"creation", "deletion", "merge", "propertyChange", "restore"})
_LINKED = _USUAL | {"associationChange"}
# Every type that one can subscribe to (HubSpot's OpenAPI file of webhooks, 2026-03).
TYPES = {
    "contact": _LINKED | {"privacyDeletion"},
    "company": _LINKED,
    "deal": _LINKED,
    "ticket": _LINKED,
    "line_item": _LINKED,
    "product": _USUAL,
    "object": _LINKED,
    "conversation": frozenset({"creation", "deletion", "newMessage", "privacyDeletion", "propertyChange"}),
    "event": frozenset({"completed"}),
}


class Event(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """
    Something that happened; an event of a type without a struct of its own is this alone.

    `subject` is contact, company, deal, ...; for the general subscriptions it is object, and `object_type_id`
    says which. What HubSpot did not say is None; `raw` is all that it did.
    """

    subscription_type: str = ""
    portal_id: int | None = None
    occurred_at: datetime | None = None
    event_id: int | None = None
    subscription_id: int | None = None
    app_id: int | None = None
    object_id: str | None = None
    object_type_id: str | None = None
    attempt_number: int = 0
    change_source: str | None = None
    source_id: str | None = None
    raw: dict[str, Any] = {}

    @property
    def subject(self) -> str:
        """What it happened to."""
        return self.subscription_type.partition(".")[0]

    @property
    def action(self) -> str:
        """What happened."""
        return self.subscription_type.partition(".")[2]

    @property
    def known(self) -> bool:
        """Whether it is of a type that one can subscribe to, as far as we know."""
        return self.action in TYPES.get(self.subject, ())

    @property
    def key(self) -> tuple[object, ...]:
        """The same for a delivery and its repetitions, and for no other event."""
        return (
            self.portal_id,
            self.subscription_type,
            self.object_id,
            self.event_id,
            self.occurred_at,
            self.raw.get("propertyName"),
        )


class Created(Event, frozen=True):
    """
    A record was made.
    """

    change_flag: str | None = None


class Deleted(Event, frozen=True):
    """
    A record was archived.
    """


class PrivacyDeleted(Event, frozen=True):
    """
    A person's record was deleted for good: every copy of it has to go.
    """


class Restored(Event, frozen=True):
    """
    A record came back from the recycle bin.
    """


class PropertyChanged(Event, frozen=True):
    """
    A property has another value; the empty text where it was cleared.
    """

    property_name: str = ""
    property_value: str | None = None


class Merged(Event, frozen=True):
    """
    Records became one: those merged, and the primary one unless it kept its id, are gone.
    """

    primary_object_id: str | None = None
    merged_object_ids: tuple[str, ...] = ()
    new_object_id: str | None = None
    number_of_properties_moved: int | None = None


class AssociationChanged(Event, frozen=True):
    """
    Two records were associated, or parted when `association_removed`.
    """

    from_object_id: str | None = None
    to_object_id: str | None = None
    association_type: str | None = None
    association_type_id: int | None = None
    association_category: str | None = None
    association_removed: bool = False
    is_primary_association: bool | None = None


class MessageReceived(Event, frozen=True):
    """
    A conversation has a new message.
    """

    message_id: str | None = None
    message_type: str | None = None


BY_ACTION: dict[str, type[Event]] = {
    "creation": Created,
    "deletion": Deleted,
    "privacyDeletion": PrivacyDeleted,
    "restore": Restored,
    "propertyChange": PropertyChanged,
    "merge": Merged,
    "associationChange": AssociationChanged,
    "newMessage": MessageReceived,
}

# How a value comes where it is not what the field holds: ids are numbers, moments milliseconds.
_IDS = frozenset(
    (
        "object_id",
        "source_id",
        "primary_object_id",
        "new_object_id",
        "from_object_id",
        "to_object_id",
        "message_id",
    )
)


def parse(body: bytes) -> list[Event]:
    """The events of a delivery. Raises BadValue for a body that is not a list of objects."""
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(f"{error}.") from None
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise _unreadable("it is not a list of objects.")
    return [event(each) for each in given]


def event(given: dict[str, Any]) -> Event:
    """One event; a field that does not hold what it should is left out, and stays in `raw`."""
    name = given.get("subscriptionType")
    subscription = name if isinstance(name, str) else ""
    kind = BY_ACTION.get(subscription.partition(".")[2], Event)
    facts: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name == "raw" or given.get(field.encode_name) is None:
            continue
        try:
            facts[field.name] = msgspec.convert(_value(field.name, given[field.encode_name]), field.type)
        except (msgspec.ValidationError, OverflowError, OSError, ValueError):
            continue
    return kind(**facts | {"subscription_type": subscription, "raw": given})


def _value(name: str, value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        if name in _IDS:
            return str(value)
        if name == "occurred_at":
            return datetime.fromtimestamp(value / 1000, UTC)
    if name == "merged_object_ids" and isinstance(value, list):
        return tuple(str(each) for each in value)
    return value


def _unreadable(reason: str) -> errors.BadValue:
    return errors.BadValue(value="the body", kind="delivery of HubSpot's webhooks", reason=reason)
