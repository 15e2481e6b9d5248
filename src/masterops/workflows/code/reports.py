"""
Problems in the words of other programs: SARIF for code hosts, JUnit for build servers. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from masterops.workflows.code.problems import CODES, Problem

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sarif(problems: Sequence[Problem]) -> dict[str, Any]:
    """A log of one run."""
    rules = [
        {
            "id": code,
            "shortDescription": {"text": what},
            "help": {"text": fix},
            "defaultConfiguration": {"level": severity},
        }
        for code, (severity, what, fix) in CODES.items()
    ]
    driver = {"name": "ops workflows validate", "rules": rules}
    results = [_result(each) for each in problems]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def junit(files: Sequence[str], problems: Sequence[Problem]) -> str:
    """A test case for each file, which fails when it has an error; warnings are told beside."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    failed = {each.file for each in problems if each.severity == "error"}
    names = sorted({*files, *(each.file for each in problems)})
    lines.append(f'<testsuite name="workflows" tests="{len(names)}" failures="{len(failed)}">')
    for file in names:
        lines.append(f'  <testcase classname="workflows" name={quoteattr(_xml(file))}>')
        of = [each for each in problems if each.file == file]
        for each in of:
            if each.severity == "error":
                about = quoteattr(_xml(f"{each.code} {each.message}"))
                lines.append(f"    <failure message={about}>{escape(_xml(_line(each)))}</failure>")
        warnings = [_line(each) for each in of if each.severity == "warning"]
        if warnings:
            lines.append(f"    <system-out>{escape(_xml(chr(10).join(warnings)))}</system-out>")
        lines.append("  </testcase>")
    return "\n".join([*lines, "</testsuite>"]) + "\n"


def _result(problem: Problem) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": problem.file}}
    if problem.line is not None:
        place["region"] = {"startLine": problem.line}
    return {
        "ruleId": problem.code,
        "level": problem.severity,
        "message": {"text": f"{problem.message}. {problem.fix}"},
        "locations": [{"physicalLocation": place}],
    }


def _line(problem: Problem) -> str:
    where = f"{problem.file}:{problem.line}" if problem.line else problem.file
    return f"{where}: {problem.code} {problem.message}. {problem.fix}"


def _xml(text: str) -> str:
    return NOT_XML.sub("?", text)
