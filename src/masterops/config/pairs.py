"""
Settings that are several words, or a word for each of several names: `hubspot=debug, n8n=warn`.

In a file such a setting may be a text, a list or a table; it is kept as text, as a variable has it.
"""

from __future__ import annotations

from collections.abc import Mapping

from masterops.config.kinds import Kind, Unfit, number, quoted


def of_names(name: str, expected: str, value: Kind) -> Kind:
    """A value for each of any names: `name=value, ...`, or a table."""

    def read(given: object) -> object:
        if isinstance(given, str):
            given = dict(_split(each, expected) for each in _parts(given))
        if not isinstance(given, Mapping):
            raise Unfit(expected, quoted(given))
        for key in given:
            if not key.strip() or "," in key or "=" in key:
                raise Unfit(f"{expected}, whose names have no comma and no equals sign", quoted(key))
        return ", ".join(f"{key}={_one(value, each)}" for key, each in given.items())

    return Kind(name, read)


def of_shares(name: str, expected: str) -> Kind:
    """A part of a whole for each of any names, which leave something of it."""
    each = of_names(name, expected, number("a share", above=0, most=0.99))

    def read(given: object) -> object:
        text = each.read(given)
        if sum(float(share) for share in pairs(str(text)).values()) > 0.99:
            raise Unfit(f"{expected}, which leave something to others", quoted(text))
        return text

    return Kind(name, read)


def of_words(*allowed: str) -> Kind:
    """Any of a few words: `word, word`, or a list."""

    def read(given: object) -> object:
        expected = f"any of {', '.join(allowed)}"
        words = _parts(given) if isinstance(given, str) else given
        if not isinstance(words, list) or not all(word in allowed for word in words):
            raise Unfit(expected, quoted(given))
        return ", ".join(word for word in allowed if word in words)

    return Kind(" \\| ".join(f"`{word}`" for word in allowed) + ", or several", read)


def of_any_words(name: str, expected: str) -> Kind:
    """Words without a list of those that are allowed: `word, word`, or a list."""

    def read(given: object) -> object:
        words = _parts(given) if isinstance(given, str) else given
        if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
            raise Unfit(expected, quoted(given))
        if any("," in each for each in words):
            raise Unfit(expected, "a comma in one of them")
        return ", ".join(each.strip() for each in words if each.strip())

    return Kind(name, read)


def pairs(text: str) -> dict[str, str]:
    """The names and values of such a setting."""
    return dict(each.split("=", 1) for each in _parts(text))


def words(text: str) -> list[str]:
    """The words of such a setting."""
    return _parts(text)


def _parts(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _split(part: str, expected: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise Unfit(expected, quoted(part))
    return name.strip(), value.strip()


def _one(kind: Kind, given: object) -> object:
    return kind.from_text(given) if isinstance(given, str) else kind.read(given)
