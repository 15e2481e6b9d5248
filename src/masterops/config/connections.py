"""
The connections: those that the file declares, and those that variables alone make.
"""

from __future__ import annotations

from collections.abc import Iterator

from masterops.config.environment import Environment
from masterops.config.model import Business, Connection, Gap, Origin, path_of
from masterops.config.reading import Found, Source
from masterops.config.references import follow, plain
from masterops.config.secret import Secret
from masterops.config.services import ENABLED, SERVICES, variable
from masterops.config.setting import GROUP, Setting
from masterops.core.spelling import nearest
from masterops.errors import ConfigKey, ConfigReference

TABLE = "connections"


def read_connections(
    source: Source, businesses: tuple[Business, ...], *, inline: bool
) -> tuple[tuple[Connection, ...], dict[str, Origin]]:
    """Every connection and where its values came from. Raises a ConfigError, but not for a variable unset."""
    owners = (GROUP, *(each.slug for each in businesses))
    origins: dict[str, Origin] = {}
    ids = list(source.table(TABLE))
    for id in ids:
        _check_id(source, id, owners)
    ids += [id for id in _made_by_variables(source.environment, owners) if id not in ids]
    return tuple(_Reader(source, id, inline, origins).connection() for id in ids), origins


def _made_by_variables(environment: Environment, owners: tuple[str, ...]) -> Iterator[str]:
    """The connections of which a required setting is in the environment; a base URL alone makes none."""
    for service, settings in SERVICES.items():
        for owner in owners:
            names = [variable(each, owner) for each in settings if each.required]
            if environment.find(*(name for name in names if name)):
                yield f"{service}/{owner}"


class _Reader:
    """
    Reads one connection.
    """

    def __init__(self, source: Source, id: str, inline: bool, origins: dict[str, Origin]) -> None:
        self._source = source
        self._id = id
        self._service, _, self._business = id.partition("/")
        self._inline = inline
        self._origins = origins
        self._gaps: list[Gap] = []

    def connection(self) -> Connection:
        settings = SERVICES[self._service]
        self._source.check_names((TABLE, self._id), (each.name for each in settings))
        enabled = self._value(ENABLED, enabled=True) is not False
        settings = self._of_one_way(settings)
        values = {
            each.name: value
            for each in settings
            if each is not ENABLED and (value := self._value(each, enabled=enabled)) is not None
        }
        missing = ", ".join(gap.reference for gap in self._gaps) or None
        return Connection(
            self._id,
            self._service,
            self._business,
            values,
            enabled=enabled,
            configured=missing is None,
            missing=missing,
            gaps=tuple(self._gaps),
        )

    def _of_one_way(self, settings: tuple[Setting, ...]) -> tuple[Setting, ...]:
        """Without the ways to give credentials that this connection does not use."""
        ways = list(dict.fromkeys(each.way for each in settings if each.way and each.required))
        used = {each.way for each in settings if each.way and each.required and self._found(each)}
        way = next((way for way in reversed(ways) if way in used), ways[0] if ways else "")
        return tuple(each for each in settings if each.way in ("", way))

    def _found(self, setting: Setting) -> Found | None:
        key, name = f"{path_of(self._id)}.{setting.name}", variable(setting, self._business)
        return self._source.find(setting, key, (TABLE, self._id, setting.name), (name,) if name else ())

    def _value(self, setting: Setting, *, enabled: bool) -> object:
        key, name = f"{path_of(self._id)}.{setting.name}", variable(setting, self._business)
        found = self._found(setting)
        if found is None:
            if setting.required or setting.way:
                self._gaps.append(Gap(setting.name, f"env:{name}", self._place()))
            return setting.default
        if setting.secret:
            return self._secret(setting, key, found, enabled)
        self._origins[key] = found.origin
        return found.value

    def _place(self) -> str:
        """Where the connection is declared; one that variables made stands nowhere."""
        declared = self._id in self._source.table(TABLE)
        return self._source.document.where(TABLE, self._id) if declared else f"connection {self._id}"

    def _secret(self, setting: Setting, key: str, found: Found, enabled: bool) -> Secret | None:
        written = found.written(key)
        if not written.is_reference:
            self._origins[key] = found.origin
            return Secret(plain(written, allowed=self._inline or not found.in_file))
        self._origins[key] = Origin(found.where, written.text)
        try:
            value = follow(written, self._source.environment)
        except ConfigReference as error:
            if enabled:
                raise
            self._gaps.append(Gap(setting.name, written.text, found.where, str(error.facts["reason"])))
            return None
        if value is None:
            self._gaps.append(Gap(setting.name, written.text, found.where))
        return None if value is None else Secret(value)


def _check_id(source: Source, id: str, owners: tuple[str, ...]) -> None:
    """A connection is named service/business, both of them known. Raises ConfigKey or ConfigType."""
    where, key = source.document.where(TABLE, id), path_of(id)
    service, slash, business = id.partition("/")
    if not slash:
        raise ConfigKey(where=where, key=key, hint=_shape(id, tuple(source.table(TABLE, id)), owners))
    for part, known, kind in ((service, tuple(SERVICES), "Services"), (business, owners, "Businesses")):
        if part not in known:
            right = (nearest(service, SERVICES), nearest(business, owners))
            guess = f"Did you mean `{'/'.join(map(str, right))}`? " if None not in right else ""
            raise ConfigKey(where=where, key=key, hint=f"{guess}{kind}: {', '.join(known)}.")


def _shape(id: str, inside: tuple[str, ...], owners: tuple[str, ...]) -> str:
    """[connections.hubspot.teelixir] is the usual slip: a slash and quotes are missing."""
    business = next((each for each in inside if each in owners), GROUP)
    return f'Name a connection service/business: [connections."{nearest(id, SERVICES) or id}/{business}"].'
