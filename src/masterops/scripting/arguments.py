"""
A script's arguments: its docstring is the manual, and what every script takes is there already.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from masterops.cli.output import FORMATS
from masterops.errors import UsageError


class Arguments(argparse.ArgumentParser):
    """
    `--output`, `--business`, `--dry-run`, and for one that writes `--apply`: without it nothing is changed.
    """

    def __init__(self, manual: str | None, *, writes: bool = False) -> None:
        super().__init__(
            prog=f"ops run {Path(sys.argv[0]).stem}",
            description=inspect.cleandoc(manual or ""),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._writes = writes
        self.add_argument("--business", help="only this business, by slug or name")
        self.add_argument("-o", "--output", choices=FORMATS, default="table", help="how to print the result")
        if writes:
            self.add_argument("--apply", action="store_true", help="do it; without this it is only shown")
        self.add_argument("--dry-run", action="store_true", help="change nothing, whatever else is said")

    def parse(self, words: Sequence[str] | None = None) -> Any:
        """What was given. Raises UsageError."""
        given = self.parse_args(words)
        if self._writes:
            given.apply = given.apply and not given.dry_run
        return given

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, which is told like any other error."""
        what = message[:1].upper() + message[1:]
        raise UsageError(what=what, hint=f"`{self.prog} --help` shows what it takes.")
