"""
`masterops.get_logger`: a logger for any script, with nothing to open first.

Its records go into the spool, where they survive the process, and from there into the database: by
this process when it has opened Master-Ops, else by the next one that does (`ops up` does it all day).
"""

from __future__ import annotations

from typing import cast
from urllib.parse import unquote, urlsplit

from masterops.app.tuning import tune
from masterops.config import Log, Secret, Settings, load
from masterops.logs import Console, Logger, Pipeline, Policy, default_pipeline, remember, set_default_pipeline


def get_logger(source: str = "system", business: str | None = None, **fields: object) -> Logger:
    """
    A logger whose records carry `source`, `business` and `fields`.

    Level and console come from the configuration (`log.level`, `log.console`). Raises ConfigError.
    """
    pipeline = default_pipeline()
    if pipeline is None:
        settings = load()
        pipeline = pipeline_for(settings, console=settings.log.console)
    return pipeline.logger(source=source, business=business, **fields)


def pipeline_for(settings: Settings, *, console: str = "off") -> Pipeline:
    """This process's log pipeline: the one that is there, or a new one in the home folder."""
    remember(secrets_of(settings))
    pipeline = default_pipeline()
    if pipeline is None or pipeline.folder != settings.home / "spool":
        mode = cast("Console", console)  # the configuration allows no other word
        pipeline = Pipeline(settings.home / "spool", console=mode, policy=policy_of(settings.log))
        tune(pipeline, settings.log)
        set_default_pipeline(pipeline)
    return pipeline


def policy_of(log: Log) -> Policy:
    """What the spool promises, as configured."""
    return Policy(
        durability="fsync" if log.durability == "fsync" else "process",
        most_bytes=log.spool_max_mb * 1024 * 1024,
        when_full="block" if log.when_full == "block" else "drop",
        block_seconds=log.block_seconds,
    )


def secrets_of(settings: Settings) -> list[str]:
    """Every secret that was configured, to be kept out of what is written down."""
    values = [value for each in settings.connections for value in each.values.values()]
    found = [value.reveal() for value in values if isinstance(value, Secret)]
    found += [each.token.reveal() for each in settings.heartbeats if each.token]
    password = urlsplit(settings.database.url.reveal()).password if settings.database.url else None
    return [*found, unquote(password)] if password else found
