"""
What Supabase itself says of a project: its Management API, with a personal access token.

`https://api.supabase.com/v1/projects/{ref}`; 120 calls a minute for a project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec

from masterops.connectors.supabase.limits import MANAGEMENT
from masterops.connectors.supabase.wire import Wire
from masterops.core.backoff import RetryPolicy
from masterops.transport import Request

T = TypeVar("T")

PROJECT = "/v1/projects/{ref}"
SERVICES = ("auth", "db", "rest", "storage", "realtime", "pooler")

Advisor = Literal["security", "performance"]
Interval = Literal["15min", "30min", "1hr", "3hr", "1day", "3day", "7day"]


class Project(msgspec.Struct, frozen=True):
    """
    One project: where it is and whether it runs.
    """

    ref: str
    name: str = ""
    region: str = ""
    status: str = ""
    created_at: datetime | None = None
    database: dict[str, Any] = {}


class ServiceHealth(msgspec.Struct, frozen=True):
    """
    How one part of a project is: `ACTIVE_HEALTHY`, `COMING_UP` or `UNHEALTHY`.
    """

    name: str
    status: str = ""
    error: str | None = None


class Lint(msgspec.Struct, frozen=True):
    """
    What an advisor has found.
    """

    name: str
    title: str = ""
    level: str = ""
    detail: str = ""
    remediation: str = ""
    categories: list[str] = []
    metadata: dict[str, Any] | None = None


class Usage(msgspec.Struct, frozen=True):
    """
    The requests of one span of time.
    """

    timestamp: datetime
    total_auth_requests: int = 0
    total_realtime_requests: int = 0
    total_rest_requests: int = 0
    total_storage_requests: int = 0


class _Lints(msgspec.Struct, frozen=True):
    """
    The findings as they come.
    """

    lints: list[Lint]


class _Usage(msgspec.Struct, frozen=True):
    """
    The counts as they come.
    """

    result: list[Usage] = []


class _Count(msgspec.Struct, frozen=True):
    """
    One count as it comes.
    """

    count: int = 0


class _Counts(msgspec.Struct, frozen=True):
    """
    The counts of one number as they come.
    """

    result: list[_Count] = []


class Management:
    """
    One project at the Management API.
    """

    def __init__(self, wire: Wire, ref: str) -> None:
        self._wire, self.ref = wire, ref

    async def project(self) -> Project:
        """The project."""
        return await self._asked("", "project.get", Project)

    async def health(
        self, services: Sequence[str] = SERVICES, *, policy: RetryPolicy | None = None
    ) -> Sequence[ServiceHealth]:
        """How the parts of the project are."""
        query = {"services": ",".join(services)}
        return await self._asked("/health", "project.health", list[ServiceHealth], query, policy)

    async def advice(self, advisor: Advisor, *, policy: RetryPolicy | None = None) -> Sequence[Lint]:
        """What the security or the performance advisor finds in the database."""
        path = f"/advisors/{advisor}"
        return (await self._asked(path, f"project.advisors.{advisor}", _Lints, {}, policy)).lints

    async def usage(self, interval: Interval = "1day") -> Sequence[Usage]:
        """How many requests each part got, in the steps that Supabase chooses for an interval."""
        path = "/analytics/endpoints/usage.api-counts"
        return (await self._asked(path, "project.usage", _Usage, {"interval": interval})).result

    async def requests(self) -> int:
        """How many requests the project got in all."""
        path = "/analytics/endpoints/usage.api-requests-count"
        return sum(each.count for each in (await self._asked(path, "project.requests", _Counts)).result)

    async def _asked(
        self,
        path: str,
        operation: str,
        kind: type[T],
        query: Mapping[str, str] | None = None,
        policy: RetryPolicy | None = None,
    ) -> T:
        request = Request(
            "GET", PROJECT + path, operation, parts={"ref": self.ref}, query=query or {}, bucket=MANAGEMENT
        )
        return await self._wire.ask(
            request, lambda reply: msgspec.json.decode(reply.body, type=kind), policy=policy
        )
