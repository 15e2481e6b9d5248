"""
The settings of records, also while the process runs: level, sources' levels, limits, what is hidden.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from masterops import errors
from masterops.config import Log, Settings, load, pairs, words
from masterops.logs import Limits, Logger, Pipeline, check_installed, hide_personal, otlp_exporter

LOOK_SECONDS = 1.0


def tune(pipeline: Pipeline, log: Log) -> None:
    """Make `pipeline` keep what the settings say, from the next record on. Raises PackageMissing."""
    if log.otlp:
        check_installed()
    pipeline.level = log.level
    pipeline.levels = pairs(log.levels)
    sample = {event: float(share) for event, share in pairs(log.sample).items()}
    pipeline.limits = Limits(burst=log.burst or None, sample=sample)
    hide_personal(words(log.redact))
    if log.otlp is not (pipeline.export is not None):
        pipeline.export_by_otlp(otlp_exporter if log.otlp else None)


class Tuning:
    """
    Reads the settings of records again when their file changes, or when somebody asks for it.
    """

    def __init__(self, settings: Settings, pipeline: Pipeline, log: Logger) -> None:
        self._file = settings.file
        self._now = settings.log
        self._pipeline = pipeline
        self._log = log
        self._asked = False

    def ask(self) -> None:
        """Read them again soon, whether a file has changed or not: at SIGHUP."""
        self._asked = True

    async def follow(self, stop: asyncio.Event) -> None:
        """Until `stop`, keep to what the files say. What is wrong in them changes nothing and is logged."""
        seen = self._stamps()
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
            found = self._stamps()
            if self._asked or found != seen:
                self._asked, seen = False, found
                self.read_again()

    def read_again(self) -> None:
        """Once, now."""
        try:
            log = load(config=self._file).log
            if log == self._now:
                return
            tune(self._pipeline, log)
        except errors.ConfigError as error:
            self._log.error("settings.refused", error=error)
            return
        self._now = log
        facts = {"log_level": log.level, "levels": log.levels, "burst": log.burst}
        self._log.warn("settings.changed", **facts, sample=log.sample, redact=log.redact)

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        folder = self._file.parent if self._file else Path.cwd()
        return [_stamp(path) for path in (self._file, folder / ".env") if path]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes with a file; None while it is not there, as when an editor puts a new one in its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
