"""
What scripts are made of, beside `masterops.open_sync`: arguments, printing, and an end that is told in words.

    arguments = Arguments(__doc__, writes=True)
    given = arguments.parse()

A script is run as `ops run NAME` or as a file; docs/scripts.md has a whole one.
"""

from masterops.cli.output import say
from masterops.cli.values import Column, count, milliseconds, moment, percent, size
from masterops.scripting.arguments import Arguments
from masterops.scripting.ending import run
from masterops.scripting.printing import columns, show
from masterops.scripting.rows import of_business, since

__all__ = [
    "Arguments",
    "Column",
    "columns",
    "count",
    "milliseconds",
    "moment",
    "of_business",
    "percent",
    "run",
    "say",
    "show",
    "since",
    "size",
]
