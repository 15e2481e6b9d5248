"""
Results of checks as JUnit XML, which CI systems show as tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree


def junit(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """A suite with a case for each row: failed where it is not up, skipped where nothing is known."""
    bad = [row for row in rows if row["state"] in ("down", "degraded", "late")]
    skipped = [row for row in rows if row["state"] == "unknown"]
    suite = ElementTree.Element(
        "testsuite", name=name, tests=str(len(rows)), failures=str(len(bad)), skipped=str(len(skipped))
    )
    for row in rows:
        seconds = (row["response_time_ms"] or 0) / 1000
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_printable(row["service"]),
            name=_printable(f"{row['connection']} {row['check_name']}"),
            time=f"{seconds:.3f}",
        )
        if row["state"] != "up":
            kind = "skipped" if row["state"] == "unknown" else "failure"
            message = _printable(f"{row['state']}: {row['error_message'] or ''}")
            ElementTree.SubElement(case, kind, message=message)
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suite, "unicode") + "\n"


def _printable(text: str) -> str:
    """XML has no way to say a control character."""
    return "".join(each if each.isprintable() else " " for each in text)
