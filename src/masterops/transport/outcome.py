"""
What an answer means: one table from status to error, pure.

    200-299                      fine
    400 413 414 415 422          Invalid            the values are wrong: mend them
    401                          Unauthenticated    403 Forbidden
    404 410                      NotFound           409 412 Conflict
    402                          QuotaExhausted
    423 429                      RateLimited        wait and try again
    408 500-599                  ServerFailed       try again
    anything else                UnexpectedAnswer

A service may know better (a 429 that means "used up for today" is no reason to wait a second): its
`Problem.error` wins over the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from masterops import errors
from masterops.logs import REDACTED, redact_text

BY_STATUS: dict[int, type[errors.RemoteError]] = {
    400: errors.Invalid,
    401: errors.Unauthenticated,
    402: errors.QuotaExhausted,
    403: errors.Forbidden,
    404: errors.NotFound,
    408: errors.ServerFailed,
    409: errors.Conflict,
    410: errors.NotFound,
    412: errors.Conflict,
    413: errors.Invalid,
    414: errors.Invalid,
    415: errors.Invalid,
    422: errors.Invalid,
    423: errors.RateLimited,
    429: errors.RateLimited,
}

# Statuses of class ServerFailed after which the request was certainly not carried out.
NOT_CARRIED_OUT = frozenset({503})
# What services, and the networks in front of them, call a request by; the first that is there.
REQUEST_IDS = (
    "x-hubspot-correlation-id",
    "x-request-id",
    "sb-request-id",
    "request-id",
    "xero-correlation-id",
    "x-correlation-id",
    "cf-ray",
)
LONGEST_REQUEST_ID = 200
LONGEST_REASON = 500
SHORTEST_SECRET = 4  # a shorter part of a header is a word like any other


@dataclass(frozen=True, slots=True)
class Reply:
    """
    One HTTP answer, read to its end. Headers are asked for by their names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Problem:
    """
    A service's own words for what went wrong. `undone` says that it has changed nothing, whatever the status
    would let one fear.
    """

    reason: str = ""
    error: type[errors.RemoteError] | None = None
    retry_after: float | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    undone: bool = False


def judge(
    reply: Reply,
    problem: Problem,
    *,
    connection: str,
    asked: float | None,
    secrets: Sequence[str] = (),
) -> errors.RemoteError:
    """
    The error that `reply` means, which is none of the fine ones. `asked` is its Retry-After in seconds,
    `secrets` what no error may repeat.
    """
    kind = problem.error or BY_STATUS.get(reply.status) or _by_class(reply.status)
    # Before it is cut: half a token at the end is still half a token.
    words = without(problem.reason or _first_words(reply.body), secrets)
    reason = redact_text(words)[:LONGEST_REASON]
    facts = {
        name: without(fact, secrets) if isinstance(fact, str) else fact
        for name, fact in problem.facts.items()
    }
    if request_id := _request_id(reply):
        facts.setdefault("request_id", without(request_id, secrets))
    error = kind(
        service=connection,
        status=reply.status,
        retry_after=asked if asked is not None else problem.retry_after,
        reason=f"{reason} (HTTP {reply.status})" if reason else f"HTTP {reply.status}",
        **facts,
    )
    error.undone = problem.undone
    return error


def _request_id(reply: Reply) -> str | None:
    """The service's own name for the request, for whoever asks its support."""
    found = next((reply.headers[name] for name in REQUEST_IDS if reply.headers.get(name)), None)
    return found[:LONGEST_REQUEST_ID] if found else None


def secrets_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be seen of headers that were sent: each value, and what stands behind its scheme."""
    parts = {part for value in headers.values() for part in (value, value.partition(" ")[2].strip())}
    return tuple(sorted((part for part in parts if len(part) >= SHORTEST_SECRET), key=len, reverse=True))


def without(text: str, secrets: Sequence[str]) -> str:
    """`text` with every one of `secrets` taken out."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    return text


def cleaned(reply: Reply, secrets: Sequence[str]) -> Reply:
    """The reply without `secrets` in its body: whoever explains it may cut it anywhere."""
    body = reply.body
    for secret in secrets:
        body = body.replace(secret.encode(), REDACTED.encode())
    return replace(reply, body=body)


def ambiguous(error: errors.RemoteError, *, sent: bool) -> bool:
    """Whether the request that ended in `error` may have been carried out all the same."""
    if error.undone or isinstance(error, errors.RateLimited):
        return False
    if error.status is not None and isinstance(error, errors.ServerFailed):
        return error.status not in NOT_CARRIED_OUT
    kinds = (errors.NetworkError, errors.Timeout, errors.MalformedAnswer, errors.AnswerTooLarge)
    return sent and isinstance(error, kinds)


def _by_class(status: int) -> type[errors.RemoteError]:
    return errors.ServerFailed if 500 <= status < 600 else errors.UnexpectedAnswer


def _first_words(body: bytes) -> str:
    """A body that nobody explained, as far as it is text: its first line."""
    text = " ".join(body[:2000].decode("utf-8", "replace").split())
    return "an HTML page" if text[:200].lower().lstrip().startswith(("<!doctype", "<html")) else text[:200]
