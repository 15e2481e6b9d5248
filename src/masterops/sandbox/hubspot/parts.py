"""
A batch that fails in parts because a fault says so: every third input, reported as HubSpot reports it.

A read may fail in parts at any time. A write does so only when each input carries an `objectWriteTraceId`
of its own (error handling guide); any other batch is done whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from masterops.sandbox.answer import Answer, json_answer

WRITES = ("create", "update", "upsert")


def has_parts(path: str) -> bool:
    """Whether a path leads to a batch of records that can fail in parts."""
    parts = path.rstrip("/").split("/")
    return "objects" in parts and parts[-2:-1] == ["batch"] and parts[-1] in ("read", *WRITES)


def done(path: str, body: bytes, perform: Callable[[bytes], Answer]) -> Answer:
    """The answer when every third input, the second first, fails and the others do not."""
    try:
        sent = msgspec.json.decode(body, type=dict[str, Any])
        inputs = [dict(each) for each in sent["inputs"]]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, ValueError):
        return perform(body)
    failing = inputs[1::3]
    if not failing or (not path.rstrip("/").endswith("read") and not _traced(inputs)):
        return perform(body)
    rest = [each for place, each in enumerate(inputs) if place % 3 != 1]
    answer = perform(msgspec.json.encode({**sent, "inputs": rest}))
    if answer.status >= 300:
        return answer
    shown: dict[str, Any] = msgspec.json.decode(answer.body)
    flaws = [*shown.get("errors", []), *(_flaw(each) for each in failing)]
    return json_answer(207, shown | {"numErrors": len(flaws), "errors": flaws}, answer.headers)


def _traced(inputs: list[dict[str, Any]]) -> bool:
    traces = [each.get("objectWriteTraceId") for each in inputs]
    return None not in traces and len({str(each) for each in traces}) == len(traces)


def _flaw(each: dict[str, Any]) -> dict[str, Any]:
    trace = each.get("objectWriteTraceId")
    context = {"objectWriteTraceId": [trace]} if trace is not None else {"ids": [str(each.get("id"))]}
    return {
        "status": "error",
        "category": "INTERNAL_ERROR",
        "message": "There was a problem with this input.",
        "context": context,
    }
