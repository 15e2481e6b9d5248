"""
Files: buckets, and the objects in them, `/storage/v1`.

An address that is signed is a `Secret`: whoever has it may read the file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from masterops import errors
from masterops.config import Secret
from masterops.connectors.envelopes import nothing
from masterops.connectors.supabase.limits import STORAGE
from masterops.connectors.supabase.wire import Wire
from masterops.transport import Content, Request

T = TypeVar("T")

BASE = "/storage/v1"
PAGE = 100  # what a list gives when nothing is said
LARGEST_BYTES = 50 * 1024 * 1024  # the largest file of a project as it is set up
REMOVED_AT_ONCE = 1_000


class Bucket(msgspec.Struct, frozen=True):
    """
    One bucket; the files of a public one are read by anybody who knows the address.
    """

    id: str
    name: str = ""
    public: bool = False
    file_size_limit: int | None = None
    allowed_mime_types: list[str] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Object(msgspec.Struct, frozen=True):
    """
    One file of a list, or a folder: that has no id.
    """

    name: str
    id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    metadata: dict[str, Any] | None = None

    @property
    def size_bytes(self) -> int | None:
        """How large it is; None for a folder."""
        size = (self.metadata or {}).get("size")
        return size if isinstance(size, int) else None


class Info(msgspec.Struct, frozen=True):
    """
    What is known of one file.
    """

    name: str
    size: int
    id: str | None = None
    content_type: str | None = None
    etag: str | None = None


class Kept(msgspec.Struct, frozen=True):
    """
    Where an uploaded file is.
    """

    key: str = msgspec.field(name="Key")
    id: str | None = msgspec.field(name="Id", default=None)


class _Signed(msgspec.Struct, frozen=True):
    """
    A signed address as it comes: a path behind `/storage/v1`.
    """

    url: str = msgspec.field(name="signedURL")


class Storage:
    """
    The files of one project.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def buckets(self) -> Sequence[Bucket]:
        """Every bucket."""
        return await self._asked("GET", "/bucket", "buckets.list", list[Bucket])

    async def bucket(self, id: str) -> Bucket:
        """One bucket. Raises NotFound."""
        return await self._asked("GET", "/bucket/{bucket}", "buckets.get", Bucket, {"bucket": id})

    async def create_bucket(self, id: str, *, public: bool = False, **more: Any) -> None:
        """Make a bucket; `more` are `file_size_limit` and `allowed_mime_types`. Raises Conflict."""
        body = {"id": id, "name": id, "public": public, **more}
        await self._told("POST", "/bucket", "buckets.create", {}, body=body, repeatable=False)

    async def empty_bucket(self, id: str) -> None:
        """Remove every file of a bucket."""
        await self._told("POST", "/bucket/{bucket}/empty", "buckets.empty", {"bucket": id})

    async def delete_bucket(self, id: str) -> None:
        """Remove a bucket, which must be empty."""
        await self._told("DELETE", "/bucket/{bucket}", "buckets.delete", {"bucket": id})

    async def list(self, bucket: str, folder: str = "", *, limit: int | None = None) -> AsyncIterator[Object]:
        """The files and folders of one folder, by name."""
        offset, left = 0, limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            body = {
                "prefix": folder,
                "limit": size,
                "offset": offset,
                "sortBy": {"column": "name", "order": "asc"},
            }
            parts = {"bucket": bucket}
            found = await self._asked(
                "POST", "/object/list/{bucket}", "objects.list", list[Object], parts, body=body
            )
            for each in found:
                yield each
            offset += len(found)
            left = None if left is None else left - len(found)
            if len(found) < size:
                return

    async def info(self, bucket: str, path: str) -> Info:
        """What is known of a file. Raises NotFound."""
        where, parts = _placed("/object/info/{bucket}", bucket, path)
        return await self._asked("GET", where, "objects.info", Info, parts)

    async def download(self, bucket: str, path: str, *, most_bytes: int = LARGEST_BYTES) -> bytes:
        """
        A file. Raises AnswerTooLarge, before it is read, where it is larger than `most_bytes` or than the
        transport reads at all.
        """
        known = await self.info(bucket, path)
        if known.size > most_bytes:
            reason = f"{path} has {known.size:,} bytes, more than {most_bytes:,}"
            raise errors.AnswerTooLarge(service=self._wire.connection, reason=reason)
        where, parts = _placed("/object/{bucket}", bucket, path)
        request = Request(
            "GET", BASE + where, "objects.download", parts=parts, bucket=STORAGE, headers={"Accept": "*/*"}
        )
        data = await self._wire.ask(request, lambda reply: reply.body)
        if len(data) > most_bytes:  # it was replaced meanwhile
            reason = f"{path} has {len(data):,} bytes, more than {most_bytes:,}"
            raise errors.AnswerTooLarge(service=self._wire.connection, reason=reason)
        return data

    async def upload(
        self, bucket: str, path: str, data: bytes, *, media_type: str, replace: bool = False
    ) -> Kept:
        """
        Keep a file. Raises Conflict for one that is there, unless it is to be replaced: that may be sent
        twice, the other not.
        """
        where, parts = _placed("/object/{bucket}", bucket, path)
        request = Request(
            "POST",
            BASE + where,
            "objects.upload",
            parts=parts,
            body=Content(data, media_type),
            headers={"x-upsert": str(replace).lower()},
            repeatable=replace,
            bucket=STORAGE,
        )
        return await self._wire.ask(request, lambda reply: msgspec.json.decode(reply.body, type=Kept))

    async def delete(self, bucket: str, paths: Sequence[str]) -> Sequence[Object]:
        """Remove files; those that were there are given back."""
        gone: list[Object] = []
        for start in range(0, len(paths), REMOVED_AT_ONCE):
            body = {"prefixes": list(paths[start : start + REMOVED_AT_ONCE])}
            parts = {"bucket": bucket}
            gone += await self._asked(
                "DELETE", "/object/{bucket}", "objects.delete", list[Object], parts, body=body
            )
        return gone

    async def sign(self, bucket: str, path: str, *, seconds: int) -> Secret:
        """An address at which anybody may read a file for so long."""
        where, parts = _placed("/object/sign/{bucket}", bucket, path)
        body = {"expiresIn": seconds}
        signed = await self._asked("POST", where, "objects.sign", _Signed, parts, body=body)
        return Secret(self._wire.target.base_url.rstrip("/") + BASE + signed.url)

    async def _asked(
        self,
        method: str,
        path: str,
        operation: str,
        kind: type[T],
        parts: Mapping[str, str] | None = None,
        *,
        body: object = None,
    ) -> T:
        request = Request(method, BASE + path, operation, parts=parts or {}, body=body, bucket=STORAGE)
        return await self._wire.ask(request, lambda reply: msgspec.json.decode(reply.body, type=kind))

    async def _told(
        self,
        method: str,
        path: str,
        operation: str,
        parts: Mapping[str, str],
        *,
        body: object = None,
        repeatable: bool = True,
    ) -> None:
        request = Request(
            method, BASE + path, operation, parts=parts, body=body, repeatable=repeatable, bucket=STORAGE
        )
        await self._wire.ask(request, lambda reply: nothing(reply.body))


def _placed(base: str, bucket: str, path: str) -> tuple[str, dict[str, str]]:
    """The template of a file's path, each of its folders a part, and the parts."""
    parts = {f"p{number}": part for number, part in enumerate(path.split("/"))}
    return f"{base}/{'/'.join(f'{{{name}}}' for name in parts)}", {"bucket": bucket, **parts}
