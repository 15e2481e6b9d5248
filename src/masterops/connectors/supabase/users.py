"""
The users of a project: Auth's administration, `/auth/v1/admin`.

A link or a code that signs somebody in is a `Secret`: it is shown by `reveal` alone and logged nowhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from masterops.config import Secret
from masterops.connectors.client import Page, ResourceClient
from masterops.connectors.envelopes import nothing
from masterops.connectors.paginators import Numbered
from masterops.connectors.resource import Listing, Resource, Verb
from masterops.connectors.supabase.limits import AUTH
from masterops.connectors.supabase.wire import Wire
from masterops.core.backoff import RetryPolicy
from masterops.transport import Reply, Request

ADMIN = "/auth/v1/admin"
PAGE = 200
# Errors in the newer of their two forms.
VERSION = {"X-Supabase-Api-Version": "2024-01-01"}

LinkType = Literal["signup", "invite", "magiclink", "recovery", "email_change_current", "email_change_new"]


class User(msgspec.Struct, frozen=True):
    """
    One user. Never decide by `user_metadata`: a user may change it; `app_metadata` is ours.
    """

    id: str
    email: str | None = None
    phone: str | None = None
    role: str | None = None
    aud: str | None = None
    app_metadata: dict[str, Any] = {}
    user_metadata: dict[str, Any] = {}
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    email_confirmed_at: datetime | None = None
    invited_at: datetime | None = None
    banned_until: datetime | None = None
    deleted_at: datetime | None = None


class _Link(msgspec.Struct, frozen=True):
    """
    A link as it comes.
    """

    action_link: str
    email_otp: str = ""
    hashed_token: str = ""
    verification_type: str = ""
    redirect_to: str = ""


class Link(msgspec.Struct, frozen=True):
    """
    What signs a user in, once. Whoever has it is that user.
    """

    url: Secret
    code: Secret
    token_hash: Secret
    type: str
    redirect_to: str


USERS = Resource(
    "users",
    f"{ADMIN}/users",
    User,
    listing=Listing(
        rows="users", pager=Numbered("page", size="per_page"), size=PAGE, headers=VERSION, bucket=AUTH
    ),
    get=Verb("GET", "/{id}", headers=VERSION, bucket=AUTH),
    create=Verb("POST", headers=VERSION, repeatable=False, bucket=AUTH),
    update=Verb("PUT", "/{id}", headers=VERSION, bucket=AUTH),
    delete=Verb("DELETE", "/{id}", headers=VERSION, bucket=AUTH),
)


class Users:
    """
    The users of one project. Every method takes the secret key, and raises Forbidden without it.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rows = ResourceClient(wire.transport, wire.target, USERS)

    async def list(self, *, limit: int | None = None) -> AsyncIterator[User]:
        """Every user, page by page."""
        self._secret()
        async for user in self._rows.list(limit=limit):
            yield user

    async def page(self, *, size: int = PAGE, policy: RetryPolicy | None = None) -> Page[User]:
        """The first of them."""
        self._secret()
        rows = self._rows if policy is None else self._rows.bounded(policy)
        return await rows.page(size=size)

    async def get(self, id: str) -> User:
        """One user. Raises NotFound."""
        self._secret()
        return await self._rows.get(id)

    async def create(self, fields: Mapping[str, Any]) -> User:
        """
        Make a user: `email` or `phone`, `password`, `email_confirm`, `app_metadata`, ... Raises Conflict when
        there is one already, OutcomeUnknown when nobody can say whether it was made.
        """
        self._secret()
        return await self._rows.create(fields)

    async def update(self, id: str, fields: Mapping[str, Any]) -> User:
        """Change a user."""
        self._secret()
        return await self._rows.update(id, fields)

    async def delete(self, id: str, *, soft: bool = False) -> None:
        """Remove a user; `soft` keeps the record without the person, so that what refers to it stays."""
        self._secret()
        body = {"should_soft_delete": soft}
        await self._wire.ask(self._request("DELETE", "/users/{id}", "users.delete", body, id=id), _nothing)

    async def invite(
        self, email: str, *, data: Mapping[str, Any] | None = None, redirect_to: str = ""
    ) -> User:
        """Make a user and send an invitation. OutcomeUnknown when nobody can say whether it was sent."""
        self._secret()
        request = Request(
            "POST",
            "/auth/v1/invite",
            "users.invite",
            query={"redirect_to": redirect_to} if redirect_to else {},
            body={"email": email, "data": dict(data or {})},
            headers=VERSION,
            repeatable=False,
            bucket=AUTH,
        )
        return await self._wire.ask(request, lambda reply: _USER(reply.body))

    async def link(self, type: LinkType, email: str, *, redirect_to: str = "", **more: Any) -> Link:
        """
        A link that signs a user in, which is sent to nobody; `more` are `password`, `new_email` and `data`
        where the type takes them. A new one ends the one before.
        """
        self._secret()
        given = {"type": type, "email": email, "redirect_to": redirect_to, **more}
        body = {name: value for name, value in given.items() if value}
        request = self._request("POST", "/generate_link", "users.link", body)
        made = await self._wire.ask(request, lambda reply: _LINK(reply.body))
        return Link(
            Secret(made.action_link),
            Secret(made.email_otp),
            Secret(made.hashed_token),
            made.verification_type,
            made.redirect_to,
        )

    def _request(self, method: str, path: str, operation: str, body: object, **parts: str) -> Request:
        return Request(
            method,
            ADMIN + path,
            operation,
            parts=parts,
            body=body,
            headers=VERSION,
            repeatable=method == "DELETE",
            bucket=AUTH,
        )

    def _secret(self) -> None:
        self._wire.needs_secret("the administration of users")


_USER = msgspec.json.Decoder(User).decode
_LINK = msgspec.json.Decoder(_Link).decode


def _nothing(reply: Reply) -> None:
    nothing(reply.body)
