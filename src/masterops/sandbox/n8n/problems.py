"""
n8n's refusals, in its own words.
"""

from __future__ import annotations

from collections.abc import Mapping

from masterops.sandbox.answer import Answer, json_answer

HTML = {"Content-Type": "text/html; charset=utf-8"}
SAID = {
    400: "request/body must be object",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    500: "Internal server error",
}
NO_SUCH_PATH = "not found"


class Refusal(Exception):
    """
    What n8n answers when it does not do what it was asked.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message

    def answer(self) -> Answer:
        """As JSON, but for a broken request: n8n has a page for that."""
        return said(self.status, self.message)


class Unreadable(Refusal):
    """
    The answer to a body that is no JSON.
    """

    def __init__(self) -> None:
        super().__init__(500, "Internal Server Error")

    def answer(self) -> Answer:
        """A page of HTML."""
        page = f"<!DOCTYPE html><html><body><pre>{self.message}</pre></body></html>"
        return Answer(500, page.encode(), HTML)


def said(status: int, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error body."""
    return json_answer(status, {"message": message}, headers)


def forced(status: int, retry_after: int | str | None) -> Answer:
    """The answer of a fault that sets the status."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if status == 429:
        text = b"Too many requests, please try again later."
        return Answer(429, text, {**HTML, **headers})
    return said(status, SAID.get(status, f"HTTP {status}"), headers)


def unlicensed(feature: str) -> Refusal:
    """The answer where a licence is missing."""
    return Refusal(
        403,
        f"Your license does not allow for {feature}. To enable {feature}, please upgrade to a license that"
        " supports this feature.",
    )
