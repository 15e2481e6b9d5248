"""
How an error is shown: what is wrong, how to mend it, its code; a traceback only when asked for.
"""

from __future__ import annotations

import sys
import traceback

import click

from masterops import errors
from masterops.cli import look


def report(error: errors.MasterOpsError, *, debug: bool) -> int:
    """Say it on stderr; answers with the exit code."""
    if debug:
        traceback.print_exception(error)
    _say(error.message, error.advice, error.code)
    return error.exit_code


def report_crash(error: Exception, *, debug: bool) -> int:
    """A fault of our own."""
    if debug:
        traceback.print_exception(error)
    wrapped = errors.MasterOpsError()
    _say(f"{wrapped.message} ({type(error).__name__}: {error})", wrapped.advice, wrapped.code)
    return wrapped.exit_code


def report_usage(error: click.ClickException) -> int:
    """A command line that click cannot read."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "ops"
    wrapped = errors.UsageError(what=error.format_message(), hint=f"`{command} --help` shows what it takes.")
    return report(wrapped, debug=False)


def _say(message: str, advice: str, code: str) -> None:
    red = look.paint("error", "1;31", on=look.colours(sys.stderr))
    print(look.wrap(f"error: {message}", "  ", sys.stderr).replace("error", red, 1), file=sys.stderr)
    if advice:
        print(look.wrap(f"  hint: {advice}", "        ", sys.stderr), file=sys.stderr)
    print(f"  code: {code}", file=sys.stderr)
