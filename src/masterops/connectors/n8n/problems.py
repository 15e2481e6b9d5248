"""
n8n's error bodies, read into ours: `{"message": "..."}`, but for a broken request, which it answers with an
HTML page.
"""

from __future__ import annotations

from masterops import errors
from masterops.connectors.problems import body_of, text_at
from masterops.transport import Problem, Reply

UNLICENSED = "license does not allow"
# Of a path that this version does not have. A record that is missing says it with other letters or words.
NO_SUCH_PATH = "not found"
# A workflow that was switched off is let go of a moment later (0.2 s, n8n 2.41), and not deleted before.
BUSY = "try again in a few moments"
BUSY_SECONDS = 0.3


def explain(reply: Reply) -> Problem:
    """n8n's own words for a failed call; an unreadable body gives an empty problem."""
    message = text_at(body_of(reply), "message")
    if reply.status == 403 and UNLICENSED in message:
        return Problem(message, error=errors.NotLicensed)
    if reply.status == 409 and BUSY in message:
        return Problem(message, error=errors.RateLimited, retry_after=BUSY_SECONDS)
    if reply.status == 404 and message == NO_SUCH_PATH:
        return Problem(message, error=errors.NotServed)
    return Problem(message)
