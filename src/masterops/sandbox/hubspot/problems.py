"""
HubSpot's refusals: the error bodies that it answers with, word for word where we know its words.

Status and category are what a client should decide by; the message is for a person. Batch entries use the
shorter form without a correlation id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from masterops.sandbox.answer import Answer, json_answer

VALIDATION = "VALIDATION_ERROR"
NO_TOKEN = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
    "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)


AUTH_FAILURE = {"X-HubSpot-Auth-Failure": "401 Unauthorized"}


class Refusal(Exception):
    """HubSpot does not do what it was asked to; `answer` makes the reply."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str | None = None,
        *,
        context: Mapping[str, list[str]] | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        sub_category: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.context = dict(context or {})
        self.details = list(details)
        self.sub_category = sub_category
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def answer(self) -> Answer:
        """The reply to a request that failed whole."""
        correlation = str(uuid4())
        body: dict[str, Any] = {"status": "error", "message": self.message, "correlationId": correlation}
        body |= self._facts() | self.extra
        return json_answer(self.status, body, {**self.headers, "X-HubSpot-Correlation-Id": correlation})

    def entry(self, trace: str | None) -> dict[str, Any]:
        """The same as one entry of `errors` in a batch's answer (207)."""
        context = self.context | ({"objectWriteTraceId": [trace]} if trace is not None else {})
        return {"status": "error", "message": self.message} | self._facts() | {"context": context}

    def _facts(self) -> dict[str, Any]:
        facts = {
            "category": self.category,
            "subCategory": self.sub_category,
            "errors": self.details,
            "context": self.context,
        }
        return {name: value for name, value in facts.items() if value}


class Flaw:
    """One property value that cannot be accepted."""

    __slots__ = ("code", "message", "property")

    def __init__(self, property: str, code: str, message: str) -> None:
        self.property = property
        self.code = code
        self.message = message


def invalid_values(flaws: Sequence[Flaw]) -> Refusal:
    """Some property values are wrong. The message holds a JSON list: that is HubSpot's own habit."""
    listed = [
        {"isValid": False, "message": flaw.message, "error": flaw.code, "name": flaw.property}
        for flaw in flaws
    ]
    details = [
        {"message": flaw.message, "code": flaw.code, "context": {"propertyName": [flaw.property]}}
        for flaw in flaws
    ]
    text = json.dumps(listed, separators=(",", ":"))
    return Refusal(400, f"Property values were not valid: {text}", VALIDATION, details=details)


def invalid(message: str, **context: str) -> Refusal:
    """The request itself is wrong."""
    return Refusal(400, message, VALIDATION, context={name: [value] for name, value in context.items()})


def not_found(kind: str, id: str) -> Refusal:
    """There is no such record, or it is archived."""
    message = "Object not found.  objectId are usually numeric."
    return Refusal(404, message, "OBJECT_NOT_FOUND", context={"objectType": [kind], "id": [id]})


def unauthenticated() -> Refusal:
    """No token, or none that we gave out."""
    return Refusal(401, NO_TOKEN, "INVALID_AUTHENTICATION", headers=AUTH_FAILURE)


def token_expired(seconds: float, at: str) -> Refusal:
    """The token was good once, so many seconds ago; `at` is when it ceased to be."""
    span = round(max(0.0, seconds))
    units = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next(((size, unit) for size, unit in units if span >= size), (1, "second"))
    message = f"The OAuth token used to make this call expired {span // size} {unit}(s) ago."
    context = {"expire time": [at]}
    return Refusal(401, message, "EXPIRED_AUTHENTICATION", context=context, headers=AUTH_FAILURE)


def too_many(policy: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """A limit is reached; `policy` is DAILY, TEN_SECONDLY_ROLLING or SECONDLY."""
    period = {"DAILY": "daily", "TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "SECONDLY": "secondly"}[
        policy
    ]
    extra = {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": str(uuid4())}
    message = f"You have reached your {period} limit."
    return Refusal(429, message, headers=headers, extra=extra)


# What a forced status says; any other status has a plain sentence.
SAID = {
    400: ("There was a problem with the request.", VALIDATION),
    401: (NO_TOKEN, "INVALID_AUTHENTICATION"),
    403: (
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes "
        "here: https://developers.hubspot.com/scopes.",
        "MISSING_SCOPES",
    ),
    404: ("resource not found", "OBJECT_NOT_FOUND"),
    409: ("There was a conflict with another request.", "CONFLICT"),
    423: ("This record is locked while it is being changed.", "LOCKED"),
    477: ("This account is being moved between data hosting locations.", "MIGRATION_IN_PROGRESS"),
    500: ("internal error", "INTERNAL_ERROR"),
    502: ("Bad gateway", "BAD_GATEWAY"),
    503: ("Service temporarily unavailable", "SERVICE_UNAVAILABLE"),
    504: ("Gateway timeout", "GATEWAY_TIMEOUT"),
}


def forced(status: int, retry_after: int | str | None) -> Refusal:
    """The answer of a fault that sets the status."""
    message, category = SAID.get(status, (f"HTTP {status}", None))
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if status == 429:
        return too_many("TEN_SECONDLY_ROLLING", headers)
    return Refusal(status, message, category, headers=headers)
