"""
The refusals of a project's parts, each in its own words.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from masterops.sandbox.answer import Answer, json_answer

# SQLSTATE to HTTP, as PostgREST has it; the longest beginning wins.
STATUS: Mapping[str, int] = {
    "08": 503,
    "09": 500,
    "0L": 403,
    "0P": 403,
    "21000": 400,
    "22023": 400,
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "25": 500,
    "28": 403,
    "2D": 500,
    "38": 500,
    "39": 500,
    "3B": 500,
    "40": 500,
    "53400": 500,
    "53": 503,
    "54": 500,
    "55": 500,
    "57P01": 503,
    "57": 500,
    "58": 500,
    "F0": 500,
    "HV": 500,
    "P0001": 400,
    "P0": 500,
    "XX": 500,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "42501": 403,
}


class Refusal(Exception):
    """A request is not done; `answer` is the reply."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers or {})

    def answer(self) -> Answer:
        """The reply."""
        return json_answer(self.status, self.body, self.headers)


class SqlError(Exception):
    """PostgreSQL has refused a statement."""

    def __init__(self, code: str, message: str, details: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.details, self.hint = code, message, details, hint


def rest(
    status: int, code: str, message: str, details: str | None = None, hint: str | None = None
) -> Refusal:
    """PostgREST's own."""
    body = {"code": code, "details": details, "hint": hint, "message": message}
    return Refusal(status, body)


def of_sql(error: SqlError, *, anonymous: bool) -> Refusal:
    """PostgREST's words for what PostgreSQL says."""
    if error.code.startswith("PT") and error.code[2:].isdigit():
        status = int(error.code[2:])
    else:
        known = (error.code[:length] for length in (5, 2))
        status = next((STATUS[each] for each in known if each in STATUS), 400)
    if error.code == "42501" and anonymous:
        status = 401
    refusal = rest(status, error.code, error.message, error.details, error.hint)
    if status == 401:
        refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal


def unavailable(reason: str) -> Refusal:
    """PostgREST has no database."""
    message = "Database connection error. Retrying the connection."
    return rest(503, "PGRST000", message, reason)


def auth(status: int, code: str, message: str, *, newer: bool) -> Refusal:
    """Auth's, in the older form or the newer one."""
    older = {"code": status, "error_code": code, "msg": message}
    body = {"code": code, "message": message} if newer else older
    return Refusal(status, body, {"x-sb-error-code": code})


def storage(meant: int, error: str, message: str) -> Refusal:
    """Storage's: 400 outside, and what it means inside."""
    status = 500 if meant >= 500 else 400
    return Refusal(status, {"statusCode": str(meant), "error": error, "message": message})


def gateway(status: int, message: str, hint: str = "", headers: Mapping[str, str] | None = None) -> Refusal:
    """That of what stands in front of all, or of the Management API."""
    return Refusal(status, {"message": message, **({"hint": hint} if hint else {})}, headers)


def waiting(retry_after: int | str | None) -> dict[str, str]:
    """The header that asks for patience, if any."""
    return {} if retry_after is None else {"Retry-After": str(retry_after)}


def body_object(body: bytes) -> dict[str, object]:
    """The JSON object that was sent; an empty one where none was. Raises DecodeError."""
    return msgspec.json.decode(body, type=dict[str, object]) if body else {}
