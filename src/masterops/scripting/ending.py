"""
How a script ends: with an exit code, and an error in words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

from masterops.app.public import lent
from masterops.cli.failing import report
from masterops.errors import MasterOpsError


def run(main: Callable[[], int | None]) -> NoReturn:
    """
    Run a script's main function and exit. Under `ops run` its errors are told there; as a file of its own
    they are told here.
    """
    try:
        sys.exit(main() or 0)
    except MasterOpsError as error:
        if lent():
            raise
        sys.exit(report(error, debug=False))
    except KeyboardInterrupt:
        if lent():
            raise
        sys.exit(130)
