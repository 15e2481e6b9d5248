"""
One record, and how it looks on the wire.

Pages are read far more often than records change, so a record keeps its encoded forms, one for each set of
properties that was asked for, until it changes.
"""

from __future__ import annotations

from typing import Any

import msgspec

MOST_FORMS = 8  # a client that asks for ever new sets of properties must not fill the memory


class Record:
    """
    A record with its properties as HubSpot keeps them: strings, without those that were cleared.
    """

    __slots__ = (
        "_forms",
        "archived_at",
        "created_at",
        "history",
        "id",
        "links",
        "number",
        "properties",
        "updated_at",
    )

    def __init__(self, number: int, properties: dict[str, str], created_at: str) -> None:
        self.number = number
        self.id = str(number)
        self.properties = properties
        self.created_at = created_at
        self.updated_at = created_at
        self.archived_at: str | None = None
        # Only of properties that changed since they were first set: the newest value first.
        self.history: dict[str, list[tuple[str, str]]] = {}
        # kind -> id of the other record -> ids of the types, as seen from here
        self.links: dict[str, dict[str, tuple[int, ...]]] = {}
        self._forms: dict[tuple[str, ...], bytes] = {}

    def encoded(self, names: tuple[str, ...]) -> bytes:
        """The record with these properties, as JSON."""
        form = self._forms.get(names)
        if form is None:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            form = self._forms[names] = msgspec.json.encode(self.shown(names))
        return form

    def shown(self, names: tuple[str, ...]) -> dict[str, Any]:
        """The record with these properties; those without a value are null."""
        properties = self.properties
        shown: dict[str, Any] = {
            "id": self.id,
            "properties": {name: properties.get(name) for name in names},
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "archived": self.archived_at is not None,
        }
        if self.archived_at is not None:
            shown["archivedAt"] = self.archived_at
        return shown

    def versions(self, name: str) -> list[dict[str, str]]:
        """Every value of a property, the newest first."""
        pairs = self.history.get(name) or [(self.properties[name], self.created_at)] * (
            name in self.properties
        )
        return [{"value": value, "timestamp": at, "sourceType": "INTEGRATION"} for value, at in pairs]

    def change(self, values: dict[str, str | None], now: str, kept: dict[str, str]) -> None:
        """Set (or with None clear) `values`; `kept` are HubSpot's own, which leave no history."""
        for name, value in values.items():
            before = self.properties.get(name)
            if value == before:
                continue
            past = self.history.setdefault(name, [(before, self.created_at)] if before is not None else [])
            past.insert(0, (value or "", now))
            if value is None:
                self.properties.pop(name, None)
            else:
                self.properties[name] = value
        self.properties.update(kept)
        self.updated_at = now
        self.forget()

    def copy(self) -> Record:
        """The record as it is now, which later changes leave alone."""
        twin = Record(self.number, dict(self.properties), self.created_at)
        twin.updated_at = self.updated_at
        return twin

    def drop(self, name: str) -> None:
        """Lose a property's value without a trace: its definition is gone."""
        self.properties.pop(name, None)
        self.history.pop(name, None)
        self.forget()

    def forget(self) -> None:
        """Drop the encoded forms."""
        self._forms.clear()
