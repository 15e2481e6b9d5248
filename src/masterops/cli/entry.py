"""
The first lines of `ops`: until everything is loaded, Ctrl-C simply ends the process.

Python would answer it with a traceback from the middle of an import.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    """Load the command line and run it."""
    from masterops.cli.main import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()
