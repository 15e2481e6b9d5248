"""
The command line in the test's own process, with an environment of its own, and what it printed.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from masterops.cli.main import run
from masterops.logs import default_pipeline, set_default_pipeline
from masterops.testing.snapshots import Snapshots, normal

OURS = ("MASTEROPS_", "HUBSPOT_", "N8N_", "SUPABASE_", "UNLEASHED_", "DATABASE_", "LOG_LEVEL")
WIDTH = 100  # columns, wherever the tests run


@dataclass(frozen=True)
class Result:
    """
    What a command did.
    """

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, decoded."""
        return json.loads(self.out)


class Commands:
    """
    Runs `ops`: `masterops_cli("logs", "-n", "5")`. Nothing of the caller's own configuration is seen.
    """

    def __init__(self, folder: Path, environment: Callable[[], Mapping[str, str]], kept: Snapshots) -> None:
        self.folder = folder
        self._environment = environment
        self._kept = kept

    def __call__(self, *words: str) -> Result:
        """Run one command line to its end. Raises AssertionError for a traceback."""
        with _surroundings(self.folder, self._environment()):
            result = _apart(lambda: _ran(words))
        assert "Traceback" not in result.err, result.err
        return result

    def snapshot(self, name: str, *words: str) -> Result:
        """
        Run one, and compare what it printed with `snapshots/NAME.txt` beside the test.

        Moments, durations, ids, ports and folders are made equal first. Raises AssertionError with the
        difference; `pytest --masterops-update-snapshots` writes the file.
        """
        result = self(*words)
        printed = f"$ ops {' '.join(words)}\n{result.out}{result.err}exit code {result.code}\n"
        self._kept.compare(name, normal(printed, folder=self.folder))
        return result


def _ran(words: tuple[str, ...]) -> Result:
    out, err = io.StringIO(), io.StringIO()
    set_default_pipeline(None)  # another test's spool lies in another home
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(words))
    pipeline = default_pipeline()
    if pipeline is not None:
        pipeline.close()
    set_default_pipeline(None)
    return Result(code, out.getvalue(), err.getvalue())


def _apart(doing: Callable[[], Result]) -> Result:
    """In a thread where the caller has an event loop: a command brings its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return doing()
    done: list[Result] = []
    thread = threading.Thread(target=lambda: done.append(doing()), name="masterops-command")
    thread.start()
    thread.join()
    assert done, "the command crashed; what it raised is above"
    return done[0]


@contextlib.contextmanager
def _surroundings(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """The folder and the variables of one command; the caller's own afterwards."""
    before, place = dict(os.environ), Path.cwd()
    for name in before:
        if name.startswith(OURS):
            del os.environ[name]
    os.environ |= {"TZ": "UTC", "COLUMNS": str(WIDTH), "LINES": "40", "NO_COLOR": "1", **environment}
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ |= before
