"""
`masterops.get_logger`: a logger for any script, with nothing to open first.

Its records go into the spool, where they survive the process, and from there into the database: by
this process when it has opened Master-Ops, else by the next one that does (`ops up` does it all day).
"""

from __future__ import annotations

from typing import cast

from masterops.config import load
from masterops.logs import Console, Logger, Pipeline, default_pipeline, set_default_pipeline


def get_logger(source: str = "system", business: str | None = None, **fields: object) -> Logger:
    """
    A logger whose records carry `source`, `business` and `fields`.

    Level and console come from the configuration (`log.level`, `log.console`). Raises ConfigError.
    """
    pipeline = default_pipeline() or _open()
    return pipeline.logger(source=source, business=business, **fields)


def _open() -> Pipeline:
    settings = load()
    console = cast("Console", settings.log.console)  # the configuration allows no other word
    pipeline = Pipeline(settings.home / "spool", level=settings.log.level, console=console)
    set_default_pipeline(pipeline)
    return pipeline
