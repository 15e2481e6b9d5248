"""
What an execution's data says of its nodes: how many ran, how many failed and why, what they ended with. Pure.

The data also holds what the workflow was sent, so that nothing of it is kept but the error's own words and
how many items there were.
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


def items_out(data: object) -> int | None:
    """
    How many items the last nodes gave, those that no other went on from; None where the data does not say.
    An item without a field or a file is none.
    """
    ran = _at(_at(data, "resultData"), "runData")
    if not isinstance(ran, dict) or not ran:
        return None
    runs = {name: _dicts(some) for name, some in ran.items()}
    followed = {
        _at(source, "previousNode")
        for some in runs.values()
        for run in some
        for source in _dicts(run.get("source"))
    }
    last = [name for name in runs if name not in followed] or list(runs)[-1:]
    return sum(_items(run) for name in last for run in runs[name])


def _items(run: dict[str, Any]) -> int:
    """Those of all its outputs, whatever their kind."""
    kinds = _at(run, "data")
    outputs = [some for each in kinds.values() for some in _lists(each)] if isinstance(kinds, dict) else []
    return sum(bool(item.get("json") or item.get("binary")) for some in outputs for item in _dicts(some))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _lists(value: object) -> list[list[Any]]:
    return [each for each in value if isinstance(each, list)] if isinstance(value, list) else []


def _failed(runs: object) -> bool:
    return any(_at(run, "error") for run in runs) if isinstance(runs, list) else False


def _at(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: object, name: str) -> str | None:
    found = _at(value, name)
    return redact_text(found)[:LONGEST_MESSAGE] if isinstance(found, str) and found else None
