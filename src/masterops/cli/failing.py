"""
How an error is shown: what is wrong, how to mend it, its code; a traceback only when asked for.
"""

from __future__ import annotations

import os
import sys
import traceback

import click

from masterops import errors


def report(error: errors.MasterOpsError, *, debug: bool) -> int:
    """Say it on stderr; answers with the exit code."""
    if debug:
        traceback.print_exception(error)
    lines = [f"{_red('error')}: {error.message}"]
    if error.advice:
        lines.append(f"  hint: {error.advice}")
    lines.append(f"  code: {error.code}")
    print("\n".join(lines), file=sys.stderr)
    return error.exit_code


def report_crash(error: Exception, *, debug: bool) -> int:
    """A fault of our own."""
    if debug:
        traceback.print_exception(error)
    wrapped = errors.MasterOpsError()
    print(f"{_red('error')}: {wrapped.message} ({type(error).__name__}: {error})", file=sys.stderr)
    print(f"  hint: {wrapped.advice}\n  code: {wrapped.code}", file=sys.stderr)
    return wrapped.exit_code


def report_usage(error: click.ClickException) -> int:
    """A command line that click cannot read."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "ops"
    wrapped = errors.UsageError(what=error.format_message(), hint=f"`{command} --help` shows what it takes.")
    return report(wrapped, debug=False)


def _red(text: str) -> str:
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return f"\x1b[1;31m{text}\x1b[0m" if coloured else text
