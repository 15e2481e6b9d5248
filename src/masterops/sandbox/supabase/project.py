"""
One business's project: its database, its users and files, and what it counts.
"""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID

import msgspec

from masterops.sandbox.answer import Answer
from masterops.sandbox.clock import Clock
from masterops.sandbox.service import Ask
from masterops.sandbox.supabase import catalogue, keys, preferences, seeds
from masterops.sandbox.supabase.catalogue import Catalogue
from masterops.sandbox.supabase.database import BYPASSING, Database, Session
from masterops.sandbox.supabase.files import Bucket
from masterops.sandbox.supabase.problems import SqlError, of_sql, rest, unavailable
from masterops.sandbox.supabase.rows import READS, Rows
from masterops.sandbox.supabase.statements import Reader
from masterops.sandbox.supabase.traits import Traits
from masterops.sandbox.window import Window

REST = "/rest/v1"
SET_UP = """
SELECT set_config('role', %s, true), set_config('request.jwt.claims', %s, true),
    set_config('search_path', %s, true), set_config('statement_timeout', %s, true),
    set_config('lock_timeout', '3s', true)
"""


class Project:
    """
    The project of one business. Without a server the row API has no database, and says so.
    """

    def __init__(
        self, business: str, clock: Clock, seed: int, server: str | None, rows: int | None = None
    ) -> None:
        self.business, self.clock = business, clock
        self.database = Database(server, business) if server else None
        self._seed, self._rows, self._seeded = seed, rows, False
        self._catalogue = Catalogue()
        self.requests = self.refused = 0
        self.reset()

    def reset(self) -> None:
        """Put it back to its seeds; the tables when they are asked for next."""
        self.traits = Traits()
        self.window = Window(self.traits.calls_per_minute, 60.0)
        self._chance = Random(f"{self._seed}/{self.business}")
        self.users: dict[str, dict[str, Any]] = {}
        self.buckets: dict[str, Bucket] = {}
        self.signed: dict[str, tuple[str, str, float]] = {}
        self.links = 0
        self._seeded = False
        seeds.people(self)

    def set(self, traits: Traits) -> None:
        """Another behaviour from now on."""
        self.traits = traits
        self.window = Window(traits.calls_per_minute, 60.0)

    def uuid(self) -> str:
        """A new id; the same ones for the same seed."""
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def token(self) -> str:
        """A word that nobody guesses; the same ones for the same seed."""
        return f"{self._chance.getrandbits(224):056x}"

    def now(self) -> str:
        """The present moment as the services write it."""
        return self.clock.now().isoformat()

    def rest(self, ask: Ask) -> Answer:
        """The answer of the row API. Raises Refusal."""
        prefer = preferences.read(ask.headers.get("Prefer", ""))
        claims = self.claims(ask)
        role = str(claims.get("role") or "anon")
        schema = self._schema(ask)
        anonymous = role == "anon"
        if self.database is None:
            raise unavailable(
                "The sandbox has no database: start it with a PostgreSQL in MASTEROPS_SANDBOX_DATABASE."
            )
        try:
            self._ready()
            reads = ask.method in READS
            with self.database.transaction(read_only=reads) as session:
                self._as(session, role, claims, schema)
                rows = Rows(
                    session,
                    Reader(self._catalogue, schema),
                    schema,
                    prefer,
                    ask.headers,
                    self.traits.max_rows,
                )
                return rows.answer(ask, ask.path.removeprefix(REST), anonymous)
        except SqlError as error:
            if error.code.startswith("08"):
                raise unavailable(error.message) from error
            raise of_sql(error, anonymous=anonymous) from error

    def claims(self, ask: Ask) -> dict[str, Any]:
        """The claims of whoever asks: a user's token, or the role of the key. Raises Refusal."""
        bearer = ask.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        key = ask.headers.get("apikey", "")
        if not bearer or bearer in (key, keys.secret_key(self.business)):
            return {"role": ask.caller.app}
        try:
            return keys.claims_of(bearer, self.business, self.clock.now())
        except keys.BadToken as error:
            code = "PGRST303" if error.expired else "PGRST301"
            raise rest(401, code, error.message) from None

    def happen(self, chance: Random) -> str:
        """One more order, as a customer might make it."""
        if self.database is None:
            return "nothing happened"
        try:
            self._ready()
            with self.database.transaction() as session:
                return seeds.order(session, chance)
        except SqlError as error:
            return f"nothing happened: {error.message}"

    def _schema(self, ask: Ask) -> str:
        header = "Accept-Profile" if ask.method in READS else "Content-Profile"
        schema = ask.headers.get(header) or self.traits.schemas[0]
        if schema not in self.traits.schemas:
            details = f"Only the following schemas are exposed: {', '.join(self.traits.schemas)}"
            raise rest(406, "PGRST106", f"Invalid schema: {schema}", details)
        return schema

    def _as(self, session: Session, role: str, claims: dict[str, Any], schema: str) -> None:
        """The transaction is that of a role, as PostgREST's are."""
        acting = BYPASSING if role == "service_role" else role
        path = f'"{schema}", "extensions"'
        told = msgspec.json.encode(claims).decode()
        session.rows(SET_UP, [acting, told, path, f"{self.traits.statement_timeout_ms}"])

    def _ready(self) -> None:
        """The tables are seeded, and what is known of them is what was there when somebody said so."""
        assert self.database is not None
        fresh = not self._seeded
        if fresh:
            with self.database.transaction() as session:
                seeds.tables(session, self.business, self._seed, self._rows)
            self._seeded = True
        if self.database.reload_asked() or fresh:
            with self.database.transaction(read_only=True) as session:
                self._catalogue = catalogue.read(session, list(self.traits.schemas))
