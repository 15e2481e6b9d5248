"""
A platform that is looked at and made to tell: a real database, a configuration, real channels.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from masterops.alerts import Delivered, Evaluated, deliver, evaluate
from masterops.channels import Channel, open_channels
from masterops.config import Settings, load
from masterops.core import clock
from masterops.db import Pool
from masterops.logs import Logger
from masterops.transport import Transport
from tests.transport.conftest import Notebook

HOURS_AGO = timedelta(hours=6)


class Platform:
    """
    Its time begins six hours ago; `look(at)` is an evaluation so many seconds later.
    """

    def __init__(self, pool: Pool, folder: Path, transport: Transport, notebook: Notebook) -> None:
        self.pool = pool
        self.begins = clock.now().replace(microsecond=0) - HOURS_AGO
        self.notebook = notebook
        self.log = Logger(notebook, source="alerts")
        self._folder = folder
        self._transport = transport
        self.channels: dict[str, Channel] = {}
        self.settings: Settings
        self.configure("")

    def configure(self, toml: str, **environ: str) -> None:
        """Load this file; its channels are opened."""
        (self._folder / "masterops.toml").write_text(toml)
        self.settings = load(environ=environ, cwd=self._folder, home=self._folder)
        self.channels = open_channels(self.settings.channels, self._transport, self.log)

    def moment(self, at: float) -> datetime:
        """So many seconds after it began."""
        return self.begins + timedelta(seconds=at)

    async def run(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """A statement."""
        return await self.pool.fetch(sql.encode(), values)  # type: ignore[arg-type]

    async def register(self, *connections: str) -> None:
        """Connections of businesses."""
        for each in connections:
            service, _, owner = each.partition("/")
            name = owner.replace("-", " ").title()
            await self.run("SELECT ops.upsert_business(%s, %s, 'ecommerce')", owner, name)
            await self.run(
                "INSERT INTO ops.connections (id, service, business_slug) VALUES (%s, %s, %s)",
                each,
                service,
                owner,
            )

    async def check(
        self, at: float, connection: str, state: str, error: str | None = None, *, check: str = "connection"
    ) -> None:
        """What a health check found."""
        service, _, owner = connection.partition("/")
        look = {"service": service, "integration_id": connection, "check_name": check, "state": state}
        look["business_id"] = "teelixir" if service in ("check", "heartbeat") else owner
        look["checked_at"] = self.moment(at).isoformat()
        if error is not None:
            look |= {"error_message": error, "error_category": "network", "error_code": "NET001"}
        await self.run("SELECT * FROM ops.record_health(%s)", Jsonb(look))

    async def look(self, at: float) -> Evaluated:
        """An evaluation."""
        found = await evaluate(self.pool, self.settings, self.log, now=lambda: self.moment(at))
        assert found is not None
        return found

    async def deliver(self) -> Delivered:
        """Send what is due."""
        return await deliver(self.pool, self.channels, self.log)

    async def deliver_elsewhere(self) -> Delivered:
        """The same by another process, which knows nothing of what this one was told."""
        async with Transport(log=self.log, measure=self.notebook.metrics.append) as transport:
            return await deliver(
                self.pool, open_channels(self.settings.channels, transport, self.log), self.log
            )

    async def notices(self) -> list[tuple[str, str, str]]:
        """The outbox: kind, channel and status of each."""
        rows = await self.run("SELECT kind, channel, status FROM ops.alert_notices ORDER BY created_at, id")
        return [(row["kind"], row["channel"], row["status"]) for row in rows]

    async def titles(self) -> list[str]:
        """The lines that a phone shows."""
        rows = await self.run(
            "SELECT message ->> 'title' AS title FROM ops.alert_notices ORDER BY created_at, id"
        )
        return [row["title"] for row in rows]
