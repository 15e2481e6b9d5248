"""
What is refused, as `application/problem+json` (RFC 9457) with our codes.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import msgspec

from masterops import errors
from masterops.web.headers import Header, secured

TYPE = b"application/problem+json"


def of_error(error: errors.MasterOpsError) -> errors.RequestError:
    """An error as what the asker may know of it: of a database no more than that it is away."""
    if isinstance(error, errors.RequestError):
        return error
    if isinstance(error, errors.DatabaseError):
        return errors.NotReady(reason="the database is away")
    if isinstance(error, errors.UsageError):
        return errors.BadRequest(reason=error.message)
    return errors.RequestFailed()


def problem(error: errors.RequestError) -> dict[str, Any]:
    """The body."""
    return {
        "type": f"urn:masterops:problem:{error.code.lower()}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        **({"hint": error.advice} if error.advice else {}),
    }


def answer(error: errors.RequestError) -> tuple[int, list[Header], bytes]:
    """Status, headers and body."""
    body = msgspec.json.encode(problem(error))
    headers = [(b"content-type", TYPE), (b"content-length", str(len(body)).encode())]
    if "allowed" in error.facts:
        headers.append((b"allow", str(error.facts["allowed"]).encode()))
    wait = error.facts.get("retry_after")
    if isinstance(wait, (int, float)):
        headers.append((b"retry-after", str(max(1, math.ceil(wait))).encode()))
    return error.status, secured(headers), body
