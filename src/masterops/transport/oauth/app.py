"""
What is configured of an OAuth app, and what a service answers to a refresh (RFC 6749, sections 5 and 6).
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from masterops import errors
from masterops.config import Secret
from masterops.transport.outcome import Problem, Reply

# A token is refreshed so long before it expires: longer than a call may wait for its permit.
MARGIN_SECONDS = 300.0
MARGIN_SHARE = 1 / 6  # of the life of one that lives shorter than half an hour
MEND = (
    "Authorize the app again and set its new `refresh_token`; check `client_id` and `client_secret` as well."
)


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """
    An app that was installed in an account: `path` is the service's token endpoint, below its base URL, and
    `refresh_token` the one that the installation gave. Raises PackageMissing where tokens cannot be sealed.
    """

    path: str
    client_id: Secret
    client_secret: Secret
    refresh_token: Secret

    def __post_init__(self) -> None:
        if importlib.util.find_spec("cryptography") is None:
            raise errors.PackageMissing(setting="refresh_token", extra="oauth")

    def form(self, refresh_token: Secret) -> dict[str, str | Secret]:
        """What is sent to get a new access token."""
        return {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "refresh_token": refresh_token,
        }


@dataclass(frozen=True, slots=True)
class Tokens:
    """
    What the service gave: `due_at` is when to ask for the next, `root` tells the configured refresh token
    that they descend from, `generation` counts what was stored.
    """

    access: Secret
    refresh: Secret
    due_at: datetime
    expires_at: datetime
    root: str
    generation: int


class Answer(msgspec.Struct, frozen=True):
    """
    The answer to a refresh. A service that does not rotate leaves the refresh token out or gives it again.
    """

    access_token: str
    expires_in: float = 1800.0
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return "Answer(***)"

    def tokens(self, used: Secret, *, now: datetime, root: str, generation: int) -> Tokens:
        """The tokens, from the moment `now` on which they were asked for."""
        margin = min(MARGIN_SECONDS, self.expires_in * MARGIN_SHARE)
        expires_at = now + timedelta(seconds=self.expires_in)
        return Tokens(
            access=Secret(self.access_token),
            refresh=Secret(self.refresh_token) if self.refresh_token else used,
            due_at=expires_at - timedelta(seconds=margin),
            expires_at=expires_at,
            root=root,
            generation=generation,
        )


class _Refusal(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""
    status: str = ""  # HubSpot's own form
    message: str = ""


def explain(reply: Reply) -> Problem:
    """A refusal of the token endpoint: whatever it says in a 4xx, the app must be authorized again."""
    try:
        said = msgspec.json.decode(reply.body, type=_Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = _Refusal()
    words = said.error_description or said.message or said.error or said.status
    if reply.status not in (400, 401, 403):
        return Problem(words)
    reason = f"it gives no new access token: {words}" if words else "it gives no new access token"
    return Problem(reason, error=errors.Unauthenticated, facts={"hint": MEND})
