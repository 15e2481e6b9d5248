"""
Loading the settings: defaults, then the file, then `.env`, then the environment; the later wins.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from masterops.config import (
    alert_rules,
    businesses,
    channels,
    checks,
    connections,
    database_url,
    heartbeats,
    kinds,
    maintenance,
)
from masterops.config.alert_rules import read_rules
from masterops.config.alerting import Alerts
from masterops.config.businesses import read_businesses
from masterops.config.channels import read_channels
from masterops.config.checks import check_names, read_checks
from masterops.config.connections import read_connections
from masterops.config.database_url import DatabaseUrl
from masterops.config.document import Document, read
from masterops.config.environment import Environment
from masterops.config.files import current_folder, find_file, home_directory
from masterops.config.heartbeats import read_heartbeats
from masterops.config.keys import SETTINGS
from masterops.config.maintenance import read_maintenance
from masterops.config.model import (
    Database,
    Health,
    Http,
    Log,
    Origin,
    Retention,
    Sandbox,
    Schedule,
    Settings,
    Web,
)
from masterops.config.reading import Found, Source
from masterops.config.references import follow_now, plain
from masterops.config.setting import ALLOW_INLINE, ALLOW_INLINE_VARIABLE, Setting
from masterops.config.subjects import connection_ids, maintainable
from masterops.errors import ConfigType

SECTIONS = tuple(dict.fromkeys(each.section for each in SETTINGS if each.section))


def load(
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    home: Path | None = None,
) -> Settings:
    """
    The settings of this process, checked. Raises a ConfigError that says what, where and how to mend it.

    A connection whose credentials are not set yet is no error here; see Connection.
    """
    environ = os.environ if environ is None else environ
    cwd = cwd.absolute() if cwd else current_folder()
    file = find_file(config, environ, cwd, home or home_directory(environ))
    environment = Environment(environ, cwd, (file.parent if file else cwd) / ".env")
    source = Source(read(file, cwd) if file else Document(), environment)
    return _settings(source, file, home or home_directory(environment.mapping()))


def _settings(source: Source, file: Path | None, home: Path) -> Settings:
    _check_tables(source)
    inline = _inline_allowed(source)
    values: dict[str, dict[str, Any]] = {section: {} for section in ("", *SECTIONS)}
    origins: dict[str, Origin] = {}
    for setting in SETTINGS:
        values[setting.section][setting.name], origins[setting.key] = _value(source, setting, inline)
    owners, owner_origins = read_businesses(source)
    accounts, account_origins = read_connections(source, owners, inline=inline)
    ways = read_channels(source, inline=inline)
    rules = read_rules(source, ways, values["alerts"])
    usable = any(each.enabled and each.configured for each in accounts)
    demo = not usable if values[""]["demo"] is None else values[""]["demo"]
    places = connection_ids(accounts, owners, demo=demo)
    looked_at = read_checks(source, owners, places, inline=inline)
    names = check_names(source)
    expected, expected_origins = read_heartbeats(source, owners, [*names, *places], inline=inline)
    return Settings(
        home=home,
        file=file,
        demo=demo,
        allow_inline_secrets=values[""][ALLOW_INLINE],
        database=Database(**values["database"]),
        log=Log(**values["log"]),
        schedule=Schedule(**values["schedule"]),
        retention=Retention(**values["retention"]),
        http=Http(**values["http"]),
        health=Health(**values["health"]),
        sandbox=Sandbox(**values["sandbox"]),
        web=Web(**values["web"]),
        businesses=owners,
        connections=accounts,
        heartbeats=expected,
        channels=ways,
        alerts=Alerts(**values["alerts"]),
        alert_rules=rules,
        origins={**origins, **owner_origins, **account_origins, **expected_origins},
        checks=looked_at,
        maintenance=read_maintenance(source, maintainable(places, names, owners)),
    )


def _check_tables(source: Source) -> None:
    top = [each.name for each in SETTINGS if not each.section]
    tables = (businesses, connections, heartbeats, channels, checks, maintenance)
    source.check_names((), (*top, *SECTIONS, *(each.TABLE for each in tables)))
    for section in SECTIONS:
        lists = [alert_rules.TABLE.rpartition(".")[2]] if alert_rules.TABLE.startswith(f"{section}.") else []
        names = [each.name for each in SETTINGS if each.section == section]
        source.check_names((section,), (*names, *lists))


def _inline_allowed(source: Source) -> bool:
    """Asked for twice: in the file, and in the environment."""
    variable = source.environment.find(ALLOW_INLINE_VARIABLE)
    setting = Setting(ALLOW_INLINE, kinds.BOOLEAN, "")
    in_file = source.find(setting, ALLOW_INLINE, (ALLOW_INLINE,), ())
    in_environment = variable and source.find(setting, ALLOW_INLINE, (ALLOW_INLINE,), (variable.name,))
    return bool(in_file and in_file.value and in_environment and in_environment.value)


def _value(source: Source, setting: Setting, inline: bool) -> tuple[object, Origin]:
    found = source.find(setting, setting.key, tuple(setting.key.split(".")), setting.variables)
    if found is None:
        return setting.default, Origin()
    if setting.kind is kinds.DATABASE_URL:
        return _database_url(source, setting, found, inline)
    return found.value, found.origin


def _database_url(source: Source, setting: Setting, found: Found, inline: bool) -> tuple[DatabaseUrl, Origin]:
    """An address may stand in the file as long as there is no password in it."""
    written = found.written(setting.key)
    text = follow_now(written, source.environment) if written.is_reference else written.text
    flaw = database_url.flaw(text)
    if flaw is not None:
        expected = "a PostgreSQL address such as postgresql://user@host:5432/name"
        raise ConfigType(where=found.where, key=setting.key, expected=expected, got=flaw)
    url = DatabaseUrl(text)
    if not written.is_reference:
        plain(written, allowed=inline or not found.in_file or not url.has_password)
    return url, Origin(found.where, written.text if written.is_reference else None)
