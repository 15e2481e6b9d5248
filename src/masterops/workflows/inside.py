"""
What an execution's data says of its nodes: how many ran, how many failed, and why. Pure.

The data also holds what the workflow was sent, so that nothing of it is kept but the error's own words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from masterops.logs import redact_text

LONGEST_MESSAGE = 2_000


@dataclass(frozen=True, slots=True)
class Inside:
    """
    The nodes of an execution, and the error that ended it: its class, its node, its code.
    """

    nodes_executed: int | None = None
    nodes_failed: int | None = None
    error_message: str | None = None
    error_details: dict[str, Any] = field(default_factory=dict)


def inside(data: object) -> Inside:
    """What can be read of it; whatever it is, nothing is raised."""
    result = _at(data, "resultData")
    ran = _at(result, "runData")
    error = _at(result, "error")
    nodes = ran if isinstance(ran, dict) else {}
    failing = [name for name, runs in nodes.items() if _failed(runs)]
    message = _text(error, "message")
    last = failing[-1] if failing else _text(result, "lastNodeExecuted")
    told = {
        "name": _text(error, "name"),
        "node": _text(_at(error, "node"), "name") or last,
        "http_code": _text(error, "httpCode"),
        "description": _text(error, "description"),
    }
    return Inside(
        nodes_executed=len(nodes) if isinstance(ran, dict) else None,
        nodes_failed=len(failing) if isinstance(ran, dict) else None,
        error_message=message,
        error_details={name: value for name, value in told.items() if value} if error else {},
    )


def _failed(runs: object) -> bool:
    return any(_at(run, "error") for run in runs) if isinstance(runs, list) else False


def _at(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: object, name: str) -> str | None:
    found = _at(value, name)
    return redact_text(found)[:LONGEST_MESSAGE] if isinstance(found, str) and found else None
