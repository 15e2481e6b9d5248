"""
HubSpot's error bodies and rate-limit headers, read into ours.

Every field of the body is optional; batch answers use a shorter form without a correlation id
(developers.hubspot.com/docs/api-reference/error-handling). A field that is null or of another type is
passed over alone: the one beside it may say that the day's calls are spent.
"""

from __future__ import annotations

from itertools import islice
from typing import TypeVar

import msgspec

from masterops import errors
from masterops.transport import Problem, Reply

S = TypeVar("S", bound=msgspec.Struct)

# HubSpot promises no Retry-After on a 429: the length of the window that was exceeded is the answer.
WINDOW_SECONDS = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
LOCKED_SECONDS = 2.0  # 423: "wait at least two seconds"


class Detail(msgspec.Struct, frozen=True):
    """
    One entry of `errors`.
    """

    message: str = ""


class ErrorBody(msgspec.Struct, frozen=True, rename="camel"):
    """
    The body of an error answer.
    """

    message: str = ""
    category: str | None = None
    correlation_id: str | None = None
    policy_name: str | None = None
    errors: list[object] = []


def lenient(kind: type[S], value: object) -> S:
    """`value` as a `kind`, all of whose fields have defaults: what does not fit is left at them."""
    given = value if isinstance(value, dict) else {}
    good: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        try:
            good[field.name] = msgspec.convert(given[field.encode_name], field.type)
        except (KeyError, msgspec.ValidationError):
            continue
    return kind(**good)


def texts(value: object) -> list[str]:
    """The strings in a value of a `context`, which holds lists of them, or so it says."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def explain(reply: Reply) -> Problem:
    """HubSpot's own words for a failed call; an unreadable body gives an empty problem."""
    try:
        body = lenient(ErrorBody, msgspec.json.decode(reply.body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Problem()
    messages = (lenient(Detail, each).message for each in body.errors)
    details = "; ".join(islice(filter(None, messages), 3))
    both = body.message and details and details not in body.message
    reason = f"{body.message} ({details})" if both else body.message or details
    facts = {"correlation_id": body.correlation_id, "remote_category": body.category}
    return Problem(
        reason=reason,
        error=_kind(reply.status, body),
        retry_after=_wait(reply.status, body),
        facts={name: value for name, value in facts.items() if value},
    )


def _kind(status: int, body: ErrorBody) -> type[errors.RemoteError] | None:
    """What the status alone would not tell: a 429 for the day is no reason to wait a second."""
    return errors.QuotaExhausted if status == 429 and body.policy_name == "DAILY" else None


def _wait(status: int, body: ErrorBody) -> float | None:
    if status == 423:
        return LOCKED_SECONDS
    if status != 429:
        return None
    if body.policy_name:
        return WINDOW_SECONDS.get(body.policy_name)
    return WINDOW_SECONDS["SECONDLY"] if "secondly limit" in body.message else None
