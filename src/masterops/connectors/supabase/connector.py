"""
One Supabase project.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, overload

from masterops import errors
from masterops.config import Connection, Secret, pairs
from masterops.connectors import circuit
from masterops.connectors.connector import PULSE, Capability, Changed, Pulse
from masterops.connectors.supabase import functions, keys, limits, problems, pulse
from masterops.connectors.supabase.capabilities import capabilities
from masterops.connectors.supabase.changes import changed_since
from masterops.connectors.supabase.description import ROOT, Description
from masterops.connectors.supabase.exact import Row
from masterops.connectors.supabase.management import Management
from masterops.connectors.supabase.storage import Storage
from masterops.connectors.supabase.table import Table
from masterops.connectors.supabase.users import Users
from masterops.connectors.supabase.wire import Wire
from masterops.core.budgets import INTERACTIVE
from masterops.core.spelling import unknown
from masterops.core.tokens import expires_at
from masterops.transport import Request, Target, Transport, in_lane

R = TypeVar("R")

CLOUD = ".supabase.co"
NO_ARGUMENTS: Mapping[str, Any] = {}


class Supabase:
    """
    The connector: tables by their names, functions, users, files; `management` where there is a personal
    access token.
    """

    service = "supabase"

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection = connection.id
        key = connection.secret("service_role_key")
        self._wire = Wire(transport, target(connection), keys.kind_of(key.reveal()))
        self._description = Description(self._wire)
        # Public: of an old key, which is a JSON Web Token; None for one that does not say.
        self.key_ends_at = expires_at(key.reveal())
        self._schema = ""
        self._watched = pairs(str(connection.values.get("changes") or ""))
        self.users = Users(self._wire)
        self.storage = Storage(self._wire)
        self.management = _management(connection, transport)

    @property
    def watched(self) -> tuple[str, ...]:
        """The tables whose changes are read: the setting `changes`."""
        return tuple(self._watched)

    @overload
    def table(self, name: str, *, key: str | Sequence[str] = ()) -> Table[Row]: ...

    @overload
    def table(self, name: str, *, row: type[R], key: str | Sequence[str] = ()) -> Table[R]: ...

    def table(self, name: str, *, row: Any = dict, key: str | Sequence[str] = ()) -> Table[Any]:
        """
        A table or view. Its rows are dicts, or structs of `row`. `key` are the columns that tell rows apart,
        for what has no primary key, or where the description of the tables is not to be asked for.
        """
        names = (key,) if isinstance(key, str) else tuple(key)
        return Table(self._wire, self._description, name, row, names, self._schema)

    def schema(self, name: str) -> Supabase:
        """The same project, its tables and functions in another schema, which must be exposed."""
        return self._other(schema=name)

    def acting_as(self, token: Secret) -> Supabase:
        """The same project as a user sees it, by an access token of that user: the policies decide."""
        wire, shown = self._wire, self._wire.target.headers

        def headers() -> dict[str, str]:
            return {**shown(), "Authorization": f"Bearer {token.reveal()}"}

        return self._other(wire=replace(wire, target=replace(wire.target, headers=headers)))

    async def rpc(
        self,
        function: str,
        arguments: Mapping[str, Any] = NO_ARGUMENTS,
        *,
        read: bool = False,
        repeatable: bool = False,
    ) -> Any:
        """
        What a function of the database answers: a value, rows as dicts, None for nothing. `read` says that
        it changes nothing, `repeatable` that calling it twice does no more than calling it once. Raises
        OutcomeUnknown for any other when nobody can say whether it ran, AnswerTooLarge for rows cut.
        """
        return await functions.call(
            self._wire, function, arguments, schema=self._schema, read=read, repeatable=repeatable
        )

    async def ping(self) -> Pulse:
        """
        The head of the tables' description: network, key, gateway, row API and database. With a personal
        access token also what Supabase says of the project; that it says nothing is a fact and no failure.
        """
        self._wire.needs_secret("the health check")
        known = {"token_expires_at": self.key_ends_at.isoformat()} if self.key_ends_at else {}
        with in_lane(INTERACTIVE):
            request = Request("HEAD", ROOT, "description.head", probe=True)
            beat = self._wire.ask(request, lambda reply: None, policy=PULSE)
            if self.management is None:
                await beat
                return Pulse(known)
            _, facts = await asyncio.gather(beat, pulse.facts(self.management))
        return Pulse({**known, **facts})

    async def changed_since(self, resource: str, since: datetime) -> Sequence[Changed]:
        """Every row of a watched table changed at or after `since`, each once."""
        if resource not in self._watched:
            raise unknown("Supabase table", resource, list(self._watched))
        return await changed_since(self.table(resource), self._watched[resource], since)

    async def tables(self) -> Sequence[str]:
        """The tables and views that the key may see."""
        return tuple(await self._description.tables(self._schema))

    def capabilities(self) -> list[Capability]:
        """What `ops test-integration supabase` tries."""
        return capabilities(self)

    def _other(self, *, schema: str | None = None, wire: Wire | None = None) -> Supabase:
        """The same, but for some of it."""
        other = object.__new__(Supabase)
        other.__dict__.update(self.__dict__)
        if schema is not None:
            other._schema = schema
        if wire is not None:
            other._wire, other._description = wire, self._description
            other.users, other.storage = Users(wire), Storage(wire)
        return other


def target(connection: Connection) -> Target:
    """The transport's view of a project. Raises ConfigReference when it has no key."""
    key = connection.secret("service_role_key")
    return Target(
        connection=connection.id,
        service="supabase",
        business=connection.slug,
        base_url=str(connection.values["url"]),
        headers=lambda: keys.headers_of(key.reveal()),
        explain=problems.explain,
        limits=limits.limits(connection),
        circuit=circuit.rules(connection),
    )


def _management(connection: Connection, transport: Transport) -> Management | None:
    """The Management API's side; None without a token. Raises BadValue where nobody says which project."""
    token = connection.values.get("access_token")
    if not isinstance(token, Secret):
        return None
    url = str(connection.values["url"])
    ref = str(connection.values.get("project_ref") or "") or ref_of(url)
    if not ref:
        hint = "Set `project_ref`: Project Settings > General."
        raise errors.BadValue(value=url, kind="project URL", reason="it names no project.", hint=hint)
    where = replace(
        target(connection),
        base_url=str(connection.values.get("management_url") or "https://api.supabase.com"),
        headers=lambda: {"Authorization": f"Bearer {token.reveal()}"},
        rate=limits.rate,
    )
    return Management(Wire(transport, where, "secret"), ref)


def ref_of(url: str) -> str:
    """The project that a URL of Supabase's own names; empty for any other URL."""
    host = url.partition("//")[2].partition("/")[0].partition(":")[0]
    return host.removesuffix(CLOUD) if host.endswith(CLOUD) else ""
