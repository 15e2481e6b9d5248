"""
One log call whose record survives kill -9, beside the standard library's JSON to a file.
"""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path

from benchmarks.measuring import Row, paired
from masterops.logs import Pipeline

CALLS = 5_000


class Json(logging.Formatter):
    """
    The usual formatter: the record's own fields and its extras as one line of JSON.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        fields = {"time": self.formatTime(record), "level": record.levelname, "message": record.getMessage()}
        return json.dumps(fields | {name: getattr(record, name) for name in "abcdef"})


def measure() -> list[Row]:
    """Calls with six fields of context; ours also makes a sortable id and looks for secrets."""
    with tempfile.TemporaryDirectory() as folder:
        pipeline = Pipeline(Path(folder) / "spool")
        ours = pipeline.logger(source="bench")
        theirs = logging.Logger("bench")
        handler = logging.FileHandler(Path(folder) / "theirs.log")
        handler.setFormatter(Json())
        theirs.addHandler(handler)
        context = {"a": 1, "b": "two", "c": 3.0, "d": "four", "e": 5, "f": True}

        def mine() -> None:
            for _ in range(CALLS):
                ours.info("orders.imported", **context)

        def other() -> None:
            for _ in range(CALLS):
                theirs.info("orders.imported", extra=context)

        took, compared, ratio = paired(mine, other, 9)
        pipeline.close()
        handler.close()
    per = 1e6 / CALLS
    what = "log call, 6 fields, safe from kill -9 / stdlib logging, JSON to a file"
    return [Row(what, f"{took * per:.1f} µs", f"{compared * per:.1f} µs", ratio, "-")]
