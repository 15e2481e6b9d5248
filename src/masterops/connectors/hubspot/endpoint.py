"""
One family of HubSpot's endpoints at one connection: what all but the records of objects are asked through.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from functools import cache
from typing import Any, Generic, TypeVar, cast

import msgspec

from masterops.connectors.hubspot.wire import Paging, after_of
from masterops.connectors.pages import pages
from masterops.core.backoff import RetryPolicy
from masterops.core.budgets import CALLS
from masterops.transport import Request, Target, Transport

T = TypeVar("T")
S = TypeVar("S")


class Rows(msgspec.Struct, Generic[S], frozen=True):
    """
    An answer that is a list, in pages or whole.
    """

    results: list[S]
    paging: Paging | None = None

    @property
    def after(self) -> str | None:
        """The cursor of the next page, or None on the last."""
        return after_of(self.paging)


@cache
def decoder(kind: Any) -> Callable[[bytes], Any]:
    """
    The decoder of answers of a kind; None is the kind of those that nobody reads. HubSpot says null wherever
    it has nothing to say, whatever its own files promise: that is the same as saying nothing.
    """
    if kind is None:
        return lambda body: None
    decode = msgspec.json.Decoder().decode
    return lambda body: msgspec.convert(_without_nulls(decode(body)), kind)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


class Endpoint:
    """
    Calls under one path, named `name` in logs and metrics. Every method raises a RemoteError when it fails
    for good.
    """

    def __init__(
        self, transport: Transport, target: Target, name: str, path: str, bucket: str = CALLS
    ) -> None:
        self.connection = target.connection
        self._transport = transport
        self._target = target
        self._name = name
        self._path = path
        self._bucket = bucket

    async def ask(
        self,
        method: str,
        path: str,
        verb: str,
        kind: type[T],
        *,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        repeatable: bool = True,
        timeout: float | None = None,
        policy: RetryPolicy | None = None,
        probe: bool = False,
    ) -> T:
        """
        The answer to one call, as a `kind`. `path` goes behind the family's, `parts` fill both. A health
        check is a `probe`: it finds out whether the service is back, though its circuit is open.
        """
        request = self._request(
            method,
            path,
            verb,
            parts=parts,
            query=query,
            body=body,
            repeatable=repeatable,
            timeout=timeout,
            probe=probe,
        )
        decode: Callable[[bytes], T] = decoder(cast("Hashable", kind))
        return await self._transport.call(self._target, request, decode, policy=policy)

    async def tell(
        self,
        method: str,
        path: str,
        verb: str,
        *,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> None:
        """One call whose answer says nothing; it may be sent twice."""
        request = self._request(method, path, verb, parts=parts, query=query, body=body)
        await self._transport.call(self._target, request, decoder(None))

    async def every(
        self,
        path: str,
        verb: str,
        row: type[S],
        *,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> AsyncIterator[S]:
        """Every row of a list, page by page."""
        kind: Any = Rows[row]  # type: ignore[valid-type]  # known when it runs

        async def fetch(after: str | None) -> Rows[S]:
            asked = dict(query or {}) | ({"after": after} if after else {})
            found: Rows[S] = await self.ask("GET", path, verb, kind, parts=parts, query=asked)
            return found

        async for page in pages(fetch, connection=self.connection):
            for each in page.results:
                yield each

    def _request(
        self,
        method: str,
        path: str,
        verb: str,
        *,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: object = None,
        repeatable: bool = True,
        timeout: float | None = None,
        probe: bool = False,
    ) -> Request:
        return Request(
            method,
            self._path + path,
            f"{self._name}.{verb}",
            parts=parts or {},
            query=query or {},
            body=body,
            repeatable=repeatable,
            timeout=timeout,
            bucket=self._bucket,
            probe=probe,
        )
