"""
Unleashed's refusals, read into ours.

It documents 400, 403 for a signature that is wrong, 404, 405, and 500 also for a body that it cannot parse
(apidocs.unleashedsoftware.com, "Status codes"); neither the shape of an error's body nor the status of a
used-up month is documented. So every field is optional, and what a refusal is about is read from its words.
"""

from __future__ import annotations

from itertools import islice

from masterops import errors
from masterops.connectors.problems import body_of, text_at
from masterops.transport import Problem, Reply

REFUSED = (402, 403, 429)
QUOTA = ("monthly", "quota", "per month", "this month")
UNPARSED = "could not be parsed"
MOST_DETAILS = 3


def explain(reply: Reply) -> Problem:
    """Unleashed's own words for a failed call; an unreadable body gives none."""
    body = body_of(reply)
    said = next(filter(None, (text_at(body, name) for name in ("Description", "message", "Message"))), "")
    details = "; ".join(islice(_details(body), MOST_DETAILS))
    both = said and details and details not in said
    reason = f"{said} ({details})" if both else said or details
    return Problem(reason, error=_kind(reply.status, reason.lower()))


def _details(body: object) -> list[str]:
    """What each entry of `Errors` says."""
    rows = body.get("Errors") if isinstance(body, dict) else None
    texts = (text_at(row, "Description") or text_at(row, "message") for row in _list(rows))
    return [text for text in texts if text]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _kind(status: int, words: str) -> type[errors.RemoteError] | None:
    """What the status alone would not tell."""
    if status in REFUSED and any(word in words for word in QUOTA):
        return errors.QuotaExhausted
    if status == 403:
        return errors.Unauthenticated  # the documented meaning: the signature or the id is wrong
    if status == 500 and UNPARSED in words:
        return errors.Invalid  # the same body would be refused again
    return None
