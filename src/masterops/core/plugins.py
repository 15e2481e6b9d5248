"""
Connectors that are installed beside Master-Ops: packages that name themselves in the entry point group
`masterops.connectors`.

Such a package has a module for each part, imported by the layer that needs it and no sooner: `settings`
(SETTINGS), `connector` (CONNECTOR) and, where the service has one, `twin` (TWIN).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

from masterops.errors import PluginUnusable

T = TypeVar("T")

GROUP = "masterops.connectors"
ATTRIBUTES = {"settings": "SETTINGS", "connector": "CONNECTOR", "twin": "TWIN"}


@cache
def installed() -> Mapping[str, str]:
    """The package of each installed connector, by its service. Raises PluginUnusable."""
    from importlib.metadata import entry_points  # costs every start some milliseconds

    found: dict[str, str] = {}
    for each in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        before = found.setdefault(each.name, each.value)
        if before != each.value:
            raise PluginUnusable(service=each.name, package=each.value, reason=f"{before} is one already")
    return found


@cache
def part(service: str, name: str) -> Any:
    """A part of an installed connector; None for a twin that it does not have. Raises PluginUnusable."""
    package = installed()[service]
    module = f"{package}.{name}"
    try:
        if name == "twin" and find_spec(module) is None:
            return None
        return getattr(import_module(module), ATTRIBUTES[name])
    except Exception as error:  # another's code, of which anything may go wrong
        reason = f"{module}: {type(error).__name__}: {error}"
        raise PluginUnusable(service=service, package=package, reason=reason) from error


class WithInstalled(Mapping[str, T], Generic[T]):
    """
    What Master-Ops itself has of a part, by service, and what installed connectors bring; those are looked
    for when they are asked for first.
    """

    def __init__(self, ours: Mapping[str, T], name: str, made: Callable[[Any], T] | None = None) -> None:
        """`made` makes one of ours of what a package brings."""
        self.ours = ours
        self._name = name
        self._made = made

    def __getitem__(self, service: str) -> T:
        if service in self.ours:
            return self.ours[service]
        found = part(service, self._name) if service in installed() else None
        if found is None:
            raise KeyError(service)
        value: T = self._made(found) if self._made else found
        return value

    def __iter__(self) -> Iterator[str]:
        yield from self.ours
        for service, package in installed().items():
            if service in self.ours:
                reason = "Master-Ops has one of this name itself"
                raise PluginUnusable(service=service, package=package, reason=reason)
            if self._name != "twin" or part(service, "twin") is not None:
                yield service

    def __len__(self) -> int:
        return sum(1 for _ in self)
