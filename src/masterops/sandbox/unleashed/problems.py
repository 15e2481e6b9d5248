"""
Unleashed's refusals. Statuses are those that it documents; the shape of a body and its words are ours,
because neither is documented, nor is what a used-up month is answered with.
"""

from __future__ import annotations

from collections.abc import Mapping

from masterops.sandbox.answer import Answer, json_answer

SAID = {
    400: "The request is not in a correct form.",
    401: "Authentication failed.",
    403: "Method authentication failed.",
    404: "The endpoint does not exist.",
    405: "The method is not allowed here.",
    429: "Too many requests.",
    500: "An error has occurred.",
    503: "The service is unavailable.",
}
UNPARSED = "The object could not be parsed."
USED_UP = "The monthly API call quota of this subscription has been used up."


class Refusal(Exception):
    """Unleashed does not do what it was asked to; `answer` makes the reply."""

    def __init__(self, status: int, message: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.message = message or SAID.get(status, f"HTTP {status}")
        super().__init__(self.message)
        self.status, self.headers = status, dict(headers or {})

    def answer(self) -> Answer:
        """The reply."""
        return json_answer(self.status, {"Description": self.message, "Errors": []}, self.headers)


def invalid(message: str) -> Refusal:
    """A value is wrong."""
    return Refusal(400, message)


def too_many(retry_after: int | str | None = None) -> Refusal:
    """Too many at once."""
    return Refusal(429, headers={} if retry_after is None else {"Retry-After": str(retry_after)})


def forced(status: int, retry_after: int | str | None) -> Refusal:
    """The answer of a fault that sets the status."""
    return Refusal(status, headers={} if retry_after is None else {"Retry-After": str(retry_after)})
