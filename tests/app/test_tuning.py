"""
The settings of records change while the process runs.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from masterops.app.tuning import Tuning, tune
from masterops.config import load
from masterops.logs import LogRecord, Pipeline, hide_personal
from tests.app.conftest import Installation, alive, until
from tests.logs.conftest import spooled


def test_everything_that_is_set_takes_effect(tmp_path: Path) -> None:
    """
    Level, sources' levels, limits and what is hidden.
    """
    file = tmp_path / "masterops.toml"
    file.write_text(
        '[log]\nlevel = "warn"\nburst = 2\nredact = "email"\nlevels = "hubspot=debug"\nsample = "row=0.5"\n'
    )
    pipeline = Pipeline(tmp_path / "spool")

    tune(pipeline, load(config=file, environ={}).log)
    pipeline.logger(source="cli").info("below")
    pipeline.logger(source="hubspot").debug("mail me@example.com")
    for _ in range(4):
        pipeline.logger(source="cli").warn("loop")
    hide_personal(())

    messages = [row.message for row in spooled(pipeline.folder) if isinstance(row, LogRecord)]
    assert ["mail ***", "loop", "loop"] == messages
    assert {"row": 0.5} == pipeline.limits.sample


async def test_a_changed_file_is_read_again_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    """
    Within seconds; what is wrong is logged and leaves everything as it was.
    """
    file = tmp_path / "masterops.toml"
    file.write_text('[log]\nlevel = "warn"\n')
    settings = load(config=file)
    pipeline = Pipeline(tmp_path / "spool", level="warn")
    stop = asyncio.Event()
    following = asyncio.create_task(Tuning(settings, pipeline, pipeline.logger()).follow(stop))
    await asyncio.sleep(0.1)

    file.write_text('[log]\nlevel = "debug"\n')
    await asyncio.to_thread(until, lambda: pipeline.level == "debug")
    file.write_text('[log]\nlevel = "loud"\n')
    await asyncio.to_thread(until, lambda: len(spooled(pipeline.folder)) == 2)
    stop.set()
    await following

    changed, refused = spooled(pipeline.folder)
    assert ("settings.changed", "debug") == (changed.message, changed.details_json["log_level"])  # type: ignore[union-attr]
    assert ("settings.refused", "error") == (refused.message, refused.level)  # type: ignore[union-attr]
    assert "loud" in refused.details_json["error"]["message"]  # type: ignore[union-attr]
    assert "debug" == pipeline.level


@pytest.mark.slow
def test_a_hangup_reads_the_settings_again_and_stops_nothing(installation: Installation) -> None:
    """
    `ops up` without a terminal goes on, with a changed file as well as with a signal.
    """
    file = installation.home / "masterops.toml"
    file.write_text('[log]\nlevel = "warn"\n')
    installation.environment["MASTEROPS_CONFIG"] = str(file)
    platform = installation.up()

    file.write_text('[log]\nlevels = "system=debug"\n')
    platform.send_signal(signal.SIGHUP)
    until(lambda: "settings.changed" in installation.rows("integration_logs", "message"))

    assert alive(platform.pid)
