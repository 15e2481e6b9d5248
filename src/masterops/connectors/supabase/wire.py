"""
One project as it is asked: the transport, where, and with which kind of key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from masterops import errors
from masterops.connectors.supabase.keys import Kind
from masterops.core.backoff import RetryPolicy
from masterops.transport import Reply, Request, Target, Transport

T = TypeVar("T")

HINT = (
    "Set `service_role_key` to the project's secret key (sb_secret_...) or its service_role key: Project "
    "Settings > API Keys."
)


@dataclass(frozen=True, slots=True)
class Wire:
    """
    Sends requests to one project.
    """

    transport: Transport
    target: Target
    kind: Kind

    @property
    def connection(self) -> str:
        """The connection's id."""
        return self.target.connection

    async def ask(
        self, request: Request, read: Callable[[Reply], T], *, policy: RetryPolicy | None = None
    ) -> T:
        """The answer to one request, as `read` reads it. Raises a RemoteError when it fails for good."""
        return await self.transport.read(self.target, request, read, policy=policy)

    def needs_secret(self, what: str) -> None:
        """Raise Forbidden, before anything is sent, where the key is one that anybody may have."""
        if self.kind == "publishable":
            reason = f"{what} takes the secret key, and this one is publishable (or the anon key)"
            raise errors.Forbidden(service=self.connection, reason=reason, hint=HINT)
