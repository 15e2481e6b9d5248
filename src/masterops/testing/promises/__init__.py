"""
The promises, a file for each thing that they are about.
"""

from __future__ import annotations

from masterops.testing.promises import (
    batches,
    bodies,
    ids,
    limits,
    network,
    paging,
    statuses,
    time,
    traces,
    writes,
)
from masterops.testing.suite import Promise

_FILES = (paging, ids, bodies, statuses, limits, network, writes, batches, time, traces)

ALL: dict[str, Promise] = {
    name: each for file in _FILES for name, each in vars(file).items() if isinstance(each, Promise)
}
