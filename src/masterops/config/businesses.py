"""
The businesses: those that the file declares, or the first four.
"""

from __future__ import annotations

import re

from masterops.config.keys import BUSINESS, DEFAULT_BUSINESSES
from masterops.config.kinds import quoted
from masterops.config.model import Business, Origin
from masterops.config.reading import Source
from masterops.config.setting import GROUP, SLUG
from masterops.config.toml import dotted
from masterops.errors import ConfigType

TABLE = "businesses"


def read_businesses(source: Source) -> tuple[tuple[Business, ...], dict[str, Origin]]:
    """The businesses in the file's order, and the origins of their values. Raises ConfigKey or ConfigType."""
    slugs = tuple(source.table(TABLE))
    if not slugs:
        return tuple(Business(slug, name, type, "active") for slug, name, type in DEFAULT_BUSINESSES), {}
    origins: dict[str, Origin] = {}
    businesses = tuple(_business(source, slug, origins) for slug in slugs)
    _check_names_differ(source, businesses)
    return businesses, origins


def _business(source: Source, slug: str, origins: dict[str, Origin]) -> Business:
    _check_slug(source, slug)
    source.check_names((TABLE, slug), (each.name for each in BUSINESS))
    values: dict[str, str | None] = {"name": slug.replace("-", " ").title()}
    for setting in BUSINESS:
        key = dotted(TABLE, slug, setting.name)
        found = source.find(setting, key, (TABLE, slug, setting.name), ())
        if found is not None:
            origins[key] = found.origin
            values[setting.name] = str(found.value)
        elif setting.default is not None:
            values[setting.name] = str(setting.default)
    return Business(
        slug,
        name=values["name"] or slug,
        type=values["type"] or "",
        status=values["status"] or "",
        hubspot_company_id=values.get("hubspot_company_id"),
        unleashed_customer_code=values.get("unleashed_customer_code"),
        log_days=int(days) if (days := values.get("log_days")) else None,
    )


def _check_slug(source: Source, slug: str) -> None:
    facts = {"where": source.document.where(TABLE, slug), "key": dotted(TABLE, slug)}
    if not re.fullmatch(SLUG, slug):
        expected = "named in small letters, digits and hyphens"
        raise ConfigType(**facts, expected=expected, got=quoted(slug), hint=_slug_advice(slug))
    if slug == GROUP:
        expected = "named otherwise (`group` stands for all businesses)"
        raise ConfigType(**facts, expected=expected, got=quoted(slug))


def _slug_advice(text: str) -> str:
    words = "".join(each if each.isascii() and each.isalnum() else " " for each in text.lower()).split()
    return f"Write [businesses.{'-'.join(words)}]." if words else ""


def _check_names_differ(source: Source, businesses: tuple[Business, ...]) -> None:
    """A name in two places would be one row in the database."""
    owner: dict[str, str] = {}
    for each in businesses:
        first = owner.setdefault(each.name.casefold(), each.slug)
        if first != each.slug:
            where = source.document.where(TABLE, each.slug, "name")
            key = dotted(TABLE, each.slug, "name")
            raise ConfigType(where=where, key=key, expected="a name of its own", got=f"the name of `{first}`")
