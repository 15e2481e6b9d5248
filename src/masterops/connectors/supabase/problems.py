"""
The refusals of a project's parts, read into ours.

The row API says `{code, message, details, hint}`, where the code is PostgreSQL's SQLSTATE or PostgREST's own.
Auth says `{code: 422, error_code, msg}` or, in its newer form, `{code: "email_exists", message}`. Storage
says `{statusCode: "404", error, message}`, mostly with status 400. The gateway and the Management API say
`{message}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from masterops import errors
from masterops.connectors.problems import body_of, text_at
from masterops.transport import Problem, Reply
from masterops.transport.outcome import BY_STATUS

RELOAD = (
    "After a change of the schema, run: NOTIFY pgrst, 'reload schema'. Else check the name and the grants."
)
GRANTS = (
    "Grant it to the key's role (GRANT ... ON ... TO service_role), or look at the policies of the table."
)
SLOW = "Ask for less, add an index, or raise the role's statement_timeout."
EXPOSE = "Add the schema to the exposed ones: Project Settings > Data API."

Kind = type[errors.RemoteError] | None

# What a code means where its status would mislead, and what helps.
BY_CODE: Mapping[str, tuple[Kind, str]] = {
    # PostgREST
    "PGRST000": (errors.ServerFailed, ""),
    "PGRST001": (errors.ServerFailed, ""),
    "PGRST002": (errors.ServerFailed, ""),
    "PGRST003": (errors.ServerFailed, ""),  # no connection of the pool became free
    "PGRST100": (errors.Invalid, ""),
    "PGRST103": (errors.Invalid, ""),
    "PGRST106": (errors.NotFound, EXPOSE),
    "PGRST200": (errors.Invalid, RELOAD),
    "PGRST202": (errors.NotFound, RELOAD),
    "PGRST204": (errors.Invalid, RELOAD),
    "PGRST205": (errors.NotFound, RELOAD),
    "PGRST301": (errors.Unauthenticated, ""),
    "PGRST302": (errors.Unauthenticated, ""),
    "PGRST303": (errors.Unauthenticated, ""),
    # PostgreSQL
    "21000": (errors.Invalid, ""),  # one statement touches a row twice; PostgREST says 500
    "23503": (errors.Conflict, ""),
    "23505": (errors.Conflict, ""),
    "25006": (errors.Invalid, "This function or table may only be read here: use POST."),
    "40001": (errors.ServerFailed, ""),
    "40P01": (errors.ServerFailed, ""),
    "42501": (errors.Forbidden, GRANTS),
    "42883": (errors.NotFound, RELOAD),
    "42P01": (errors.NotFound, RELOAD),
    "57014": (errors.ServerFailed, SLOW),
    # Auth
    "bad_jwt": (errors.Unauthenticated, ""),
    "no_authorization": (errors.Unauthenticated, ""),
    "not_admin": (errors.Forbidden, ""),
    "user_not_found": (errors.NotFound, ""),
    "email_exists": (errors.Conflict, ""),
    "phone_exists": (errors.Conflict, ""),
    "user_already_exists": (errors.Conflict, ""),
    "conflict": (errors.Conflict, ""),
    "over_request_rate_limit": (errors.RateLimited, ""),
    "over_email_send_rate_limit": (errors.RateLimited, ""),
}
NO_ROWS = "0 rows"
WHOLE_ROW = "Failing row contains"  # it would copy a person's data into logs
# Lost or ended while it ran: what was sent last may have been committed.
DOUBTFUL = ("08", "57P")
# No connection became free, or the schema was not read yet: the statement was never begun.
NOT_BEGUN = frozenset({"PGRST000", "PGRST001", "PGRST002", "PGRST003"})

_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
# `Key (email)=(ann@example.com) already exists.`, in whichever language the server speaks.
_VALUES = re.compile(r"\)( ?= ?)\(.*\)", re.DOTALL)
_CONSTRAINT = re.compile(r'constraint "([^"]{1,63})"')


def explain(reply: Reply) -> Problem:
    """A project's own words for a failed call; an unreadable body gives none."""
    body = body_of(reply)
    if text_at(body, "statusCode"):
        return _of_storage(reply, body)
    code = _code(reply, body)
    message = next(filter(None, (text_at(body, name) for name in ("message", "msg", "error"))), "")
    details = _without_values(text_at(body, "details"))
    reason = f"{message} ({details})" if details and details not in message else message
    kind, helps = BY_CODE.get(code, (None, ""))
    if code == "PGRST116":
        kind = errors.NotFound if NO_ROWS in details else errors.UnexpectedAnswer
    facts = {"sqlstate" if _SQLSTATE.fullmatch(code) else "error": code} if code else {}
    if found := _CONSTRAINT.search(message):
        facts["constraint"] = found[1]
    if hint := text_at(body, "hint") or helps:
        facts["hint"] = hint
    return Problem(reason, error=kind, facts=facts, undone=_undone(code))


def _without_values(details: str) -> str:
    """Which columns it is about, and not what stands in them: that may be a person's."""
    return "" if details.startswith(WHOLE_ROW) else _VALUES.sub(r")\1(…)", details)


def _of_storage(reply: Reply, body: object) -> Problem:
    """Storage sends most errors with status 400, and the one that it means in the body."""
    said = text_at(body, "statusCode")
    status = int(said) if said.isascii() and said.isdigit() and len(said) == 3 else reply.status
    word, message = text_at(body, "error"), text_at(body, "message")
    reason = f"{word}: {message}" if word and word.lower() not in message.lower() else message or word
    kind = BY_STATUS.get(status) or (errors.ServerFailed if status >= 500 else None)
    # An error of the server's own comes as 500, and then is one.
    return Problem(reason, error=kind if reply.status != 500 else None)


def _code(reply: Reply, body: object) -> str:
    """The code of an error: in the body, in its older place, or in a header."""
    found = text_at(body, "code") or text_at(body, "error_code")
    return found or reply.headers.get("x-sb-error-code", "")


def _undone(code: str) -> bool:
    """Whether an error of this code means that nothing was changed: PostgreSQL has taken it all back."""
    return code in NOT_BEGUN or bool(_SQLSTATE.fullmatch(code) and not code.startswith(DOUBTFUL))
