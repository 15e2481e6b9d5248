"""
Finding a business or a service by what a person calls it.
"""

from __future__ import annotations

from masterops.config.model import Business, Settings
from masterops.config.services import SERVICES
from masterops.config.setting import Setting
from masterops.core.spelling import fold, nearest, unknown
from masterops.errors import UnknownName


def find_business(settings: Settings, text: str) -> Business:
    """The business with this slug or name. Raises UnknownName with the nearest right spelling."""
    by_word = {word: each for each in settings.businesses for word in (each.slug, each.name)}
    for word, business in by_word.items():
        if fold(word) == fold(text):
            return business
    close = nearest(text, by_word)
    known = [each.slug for each in settings.businesses]
    raise UnknownName(kind="business", name=text, known=known, nearest=by_word[close].slug if close else None)


def find_service(settings: Settings, text: str) -> str:
    """The name of a service that a connection can lead to. Raises UnknownName."""
    for service in SERVICES:
        if fold(service) == fold(text):
            return service
    raise unknown("service", text, SERVICES)


def settings_of(service: str) -> tuple[Setting, ...]:
    """What can be set of a service's connections. Raises KeyError."""
    return SERVICES[service]
