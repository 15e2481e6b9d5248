"""
Calls that are no verb of a resource, at one n8n.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from masterops.connectors.connector import PULSE
from masterops.connectors.envelopes import nothing
from masterops.core.backoff import RetryPolicy
from masterops.transport import Request, Target, Transport

T = TypeVar("T")

NONE: Mapping[str, str] = {}


class Calls:
    """
    One server, asked directly. Every method raises a RemoteError when it fails for good.
    """

    def __init__(self, transport: Transport, target: Target) -> None:
        self._transport, self._target = transport, target

    async def ask(
        self,
        method: str,
        path: str,
        operation: str,
        kind: type[T],
        *,
        parts: Mapping[str, str] = NONE,
        body: object = None,
        repeatable: bool = True,
        policy: RetryPolicy | None = None,
    ) -> T:
        """The answer to one call, as a `kind`."""
        request = Request(
            method,
            path,
            operation,
            parts=parts,
            body=body,
            repeatable=repeatable,
            probe=policy is PULSE,
        )
        decode = msgspec.json.Decoder(kind).decode
        return await self._transport.call(self._target, request, decode, policy=policy)

    async def tell(
        self,
        method: str,
        path: str,
        operation: str,
        *,
        parts: Mapping[str, str] = NONE,
        body: Any = None,
        repeatable: bool = True,
    ) -> None:
        """One call whose answer says nothing."""
        request = Request(method, path, operation, parts=parts, body=body, repeatable=repeatable)
        await self._transport.call(self._target, request, nothing)
