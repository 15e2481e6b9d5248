"""
What `ops test-integration supabase` tries, each against the project itself.

Rows are written nowhere: no table is known to be free for it. A user and a file are made and taken away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from masterops import errors
from masterops.connectors.connector import Capability

if TYPE_CHECKING:
    from masterops.connectors.supabase.connector import Supabase
    from masterops.connectors.supabase.management import Management

NO_TABLES = "no table is exposed to this key"
NO_ACCESS_TOKEN = "not set up: it takes access_token"
BUCKET = "masterops-test"
DATA = "Tea, 茶".encode()


def capabilities(supabase: Supabase) -> list[Capability]:
    """Every capability of the connector, the reading ones first."""

    async def tables() -> str:
        return f"{len(await supabase.tables())} tables and views"

    async def rows() -> str:
        first = next(iter(await supabase.tables()), None)
        if first is None:
            return NO_TABLES
        found = await supabase.table(first).select().page(1)
        return f"{len(found.rows)} of {first}"

    async def count() -> str:
        first = next(iter(await supabase.tables()), None)
        if first is None:
            return NO_TABLES
        return f"{await supabase.table(first).select().count('estimated'):,} in {first}, estimated"

    async def users() -> str:
        found = await supabase.users.page(size=20)
        return f"{len(found.rows)} users{' and more' if found.after else ''}"

    async def buckets() -> str:
        return f"{len(await supabase.storage.buckets())} buckets"

    return [
        Capability("tables.list", tables),
        Capability("rows.select", rows),
        Capability("rows.count", count),
        Capability("users.list", users),
        Capability("buckets.list", buckets),
        *_of_management(supabase.management),
        Capability("users.write", lambda: _write_user(supabase), writes=True),
        Capability("objects.write", lambda: _write_object(supabase), writes=True),
    ]


def _of_management(management: Management | None) -> list[Capability]:
    """What takes a personal access token."""

    def needing(name: str, run: Callable[[Management], Awaitable[str]]) -> Capability:
        async def tried() -> str:
            assert management is not None, "a capability that lacks something is not run"
            return await run(management)

        return Capability(name, tried, lacking="" if management else NO_ACCESS_TOKEN)

    async def health(found: Management) -> str:
        parts = await found.health()
        return ", ".join(f"{each.name} {each.status.lower()}" for each in parts)

    async def security(found: Management) -> str:
        return f"{len(await found.advice('security'))} findings"

    async def performance(found: Management) -> str:
        return f"{len(await found.advice('performance'))} findings"

    async def usage(found: Management) -> str:
        return f"{sum(each.total_rest_requests for each in await found.usage()):,} requests to the row API"

    return [
        needing("project.health", health),
        needing("advisors.security", security),
        needing("advisors.performance", performance),
        needing("project.usage", usage),
    ]


async def _write_user(supabase: Supabase) -> str:
    """A user who gets no mail is made, changed and removed."""
    email = f"masterops-test-{uuid4().hex[:12]}@example.com"
    made = await supabase.users.create({"email": email, "email_confirm": True})
    try:
        changed = await supabase.users.update(made.id, {"app_metadata": {"masterops": True}})
        read = await supabase.users.get(made.id)
    finally:
        await supabase.users.delete(made.id)
    _expect(supabase, read.email == email, "the user read is not the one made")
    _expect(supabase, changed.app_metadata.get("masterops") is True, "the change was not kept")
    return "create, get, update, delete"


async def _write_object(supabase: Supabase) -> str:
    """A file in a bucket of its own is kept, read and removed."""
    storage, bucket = supabase.storage, f"{BUCKET}-{uuid4().hex[:12]}"
    await storage.create_bucket(bucket)
    try:
        await storage.upload(bucket, "a/tea.txt", DATA, media_type="text/plain")
        read = await storage.download(bucket, "a/tea.txt")
    finally:
        with suppress(errors.RemoteError):
            await storage.empty_bucket(bucket)
        await storage.delete_bucket(bucket)
    _expect(supabase, read == DATA, "the file read is not the one kept")
    return "bucket, upload, download, delete"


def _expect(supabase: Supabase, holds: bool, otherwise: str) -> None:
    if not holds:
        raise errors.UnexpectedAnswer(service=supabase.connection, reason=otherwise)
