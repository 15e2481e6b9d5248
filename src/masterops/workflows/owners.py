"""
Whose a workflow is. Pure.

What the connection's settings say comes first, then a tag, then the name, then the connection's own business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Owners:
    """
    The businesses, by what they may be called: slug and name. `rules` are those of the settings, from a
    workflow's id or name to a slug; `own` is the business of the connection, None for the group's.
    """

    called: Mapping[str, str]
    rules: Mapping[str, str] = field(default_factory=dict)
    own: str | None = None

    def of(self, id: str, name: str | None, tags: Iterable[str]) -> str | None:
        """The slug of a workflow's business; None for the group."""
        for given in filter(None, (id, name)):
            if given in self.rules:
                return self.rules[given]
        tagged = {self.called[plain(tag)] for tag in tags if plain(tag) in self.called}
        if len(tagged) == 1:
            return tagged.pop()
        named = self._named(name or "")
        return named if named is not None else self.own

    def _named(self, name: str) -> str | None:
        """The business that a workflow's name begins with: `Teelixir: orders`, `[teelixir] orders`."""
        text = plain(name) + " "
        fitting = [words for words in self.called if text.startswith(f"{words} ")]
        return self.called[max(fitting, key=len)] if fitting else None


def owners(businesses: Iterable[tuple[str, str]], rules: Mapping[str, str], own: str | None) -> Owners:
    """From slugs and names."""
    called = {plain(word): slug for slug, name in businesses for word in (slug, name)}
    return Owners(called, rules, own)


def plain(text: str) -> str:
    """A name with nothing but its words, in small letters."""
    return " ".join(re.findall(r"\w+", text.lower()))
