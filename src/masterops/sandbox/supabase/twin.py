"""
Supabase as the server sees a service: keys, faults' answers, and the projects of all businesses.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from masterops import errors
from masterops.core.spelling import unknown
from masterops.sandbox.answer import Answer
from masterops.sandbox.clock import Clock
from masterops.sandbox.service import Ask, Caller
from masterops.sandbox.supabase import auth, keys, management, problems, storage
from masterops.sandbox.supabase.project import REST, Project
from masterops.sandbox.supabase.traits import Traits

SIGNED = f"{storage.PREFIX}/object/sign/"
NO_KEY = "No API key found in request"
NO_KEY_HINT = "No `apikey` request header or url param was found."
BAD_KEY = "Invalid API key"
BAD_KEY_HINT = "Double check your Supabase `anon` or `service_role` API key."
MANAGING = "management"


class SupabaseTwin:
    """
    The projects of all businesses. `database` is the URL of a PostgreSQL on which they make theirs.
    """

    name = "supabase"

    def __init__(
        self,
        businesses: Sequence[str],
        clock: Clock,
        *,
        seed: int = 1,
        database: str | None = None,
        rows: int | None = None,
    ) -> None:
        self._clock = clock
        self.projects = {each: Project(each, clock, seed, database, rows) for each in businesses}
        self._callers: dict[str, Caller] = {}
        for each in businesses:
            self._callers |= {
                keys.secret_key(each): Caller(each, "service_role"),
                f"sb_secret_sandbox_{each}": Caller(each, "service_role"),
                keys.publishable_key(each): Caller(each, "anon"),
                keys.jwt(each, "service_role"): Caller(each, "service_role"),
                keys.jwt(each, "anon"): Caller(each, "anon"),
            }
        self._tokens = {keys.access_token(each): Caller(each, MANAGING) for each in businesses}

    # --- who is it ---

    def unguarded(self, method: str, path: str, query: str, body: bytes, content_type: str) -> Answer | None:
        """A signed file is for whoever has its address."""
        if method != "GET" or not path.startswith(SIGNED):
            return None
        answers = (storage.opened(each, path, query) for each in self.projects.values())
        found = next((each for each in answers if each is not None), None)
        return found or problems.storage(400, "InvalidJWT", "invalid signature").answer()

    def caller_of(self, headers: Mapping[str, str], query: str) -> Caller | Answer:
        """Whose key or personal access token it is; else the gateway's refusal."""
        bearer = headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if bearer in self._tokens:
            return self._tokens[bearer]
        key = headers.get("apikey", "")
        if not key:
            refusal = problems.gateway(401, NO_KEY, NO_KEY_HINT) if not bearer else _unknown_token()
            return refusal.answer()
        found = self._callers.get(key) or self._by_older_key(key)
        return found or problems.gateway(401, BAD_KEY, BAD_KEY_HINT).answer()

    def _by_older_key(self, key: str) -> Caller | None:
        """Whose key it is, of those that are tokens with an end, as older projects have them."""
        for business in self.projects:
            with contextlib.suppress(keys.BadToken):
                role = keys.claims_of(key, business, self._clock.now()).get("role")
                return Caller(business, role) if role in ("service_role", "anon") else None
        return None

    def expired_token(self, caller: Caller) -> Answer:
        """The answer when the key is no longer good."""
        self._refused(caller)
        return problems.gateway(401, BAD_KEY, BAD_KEY_HINT).answer()

    # --- may it ---

    def spend(self, caller: Caller, path: str) -> Mapping[str, str] | Answer:
        """The Management API counts calls and tells what is left; the others have no limit of their own."""
        if caller.app != MANAGING:
            return {}
        window, now = self.projects[caller.business].window, self._clock.ticks()
        if not window.take(now):
            self._refused(caller)
            headers = {"X-RateLimit-Limit": str(window.most), "X-RateLimit-Remaining": "0"}
            return problems.gateway(429, "Too Many Requests", headers=headers | {"Retry-After": "1"}).answer()
        return {
            "X-RateLimit-Limit": str(window.most),
            "X-RateLimit-Remaining": str(window.left(now)),
            "X-RateLimit-Reset": "60",
        }

    def crowd(self, caller: Caller, path: str, calls: int) -> None:
        """Count calls to the Management API that somebody else makes."""
        window = self.projects[caller.business].window
        for _ in range(calls):
            window.take(self._clock.ticks())

    def latency(self, business: str) -> float:
        """Seconds that an answer takes when nothing is wrong."""
        return self.projects[business].traits.latency_ms / 1000

    def storm(self, caller: Caller, path: str, retry_after: int | str | None) -> Answer:
        """The answer when others spend the limit."""
        self._refused(caller)
        waiting = problems.waiting(retry_after)
        return problems.gateway(429, "Too many requests", headers=waiting).answer()

    def forced(self, caller: Caller, status: int, retry_after: int | str | None) -> Answer:
        """The answer with a status that a fault sets: the gateway's."""
        self._refused(caller)
        waiting = problems.waiting(retry_after)
        return problems.gateway(status, f"HTTP {status}", headers=waiting).answer()

    # --- the work ---

    def perform(self, ask: Ask) -> Answer:
        """Do what was asked."""
        project = self.projects[ask.caller.business]
        project.requests += 1
        try:
            return _routed(project, ask)
        except problems.Refusal as refusal:
            project.refused += 1
            return refusal.answer()

    def in_parts(self, path: str) -> bool:
        """A statement is done whole or not at all."""
        return False

    def perform_in_parts(self, ask: Ask) -> Answer:
        """A statement is done whole or not at all."""
        return self.perform(ask)

    # --- from outside ---

    def settings(self, business: str) -> dict[str, Any]:
        """What can be set about a project."""
        shown: dict[str, Any] = msgspec.to_builtins(self.projects[business].traits)
        return shown

    def set(self, business: str, given: Mapping[str, Any]) -> None:
        """Set some of it. Raises UnknownName or BadValue."""
        before = self.settings(business)
        for name in given:
            if name not in before:
                raise unknown("setting of a twin", name, list(before))
        try:
            traits = msgspec.convert(before | dict(given), Traits)
        except msgspec.ValidationError as error:
            raise errors.BadValue(value=dict(given), kind="setting", reason=f"{error}.") from None
        flaw = traits.flaw() or (None if traits.schemas else "a schema must be exposed")
        if flaw is not None:
            raise errors.BadValue(value=dict(given), kind="setting", reason=f"{flaw}.")
        self.projects[business].set(traits)

    def state(self, business: str) -> dict[str, Any]:
        """Counts for the state page."""
        project = self.projects[business]
        return {
            "users": len(project.users),
            "files": sum(len(each.files) for each in project.buckets.values()),
            "database": project.database.name if project.database else None,
            "requests": project.requests,
            "refused": project.refused,
        }

    def reset(self, business: str) -> None:
        """Put a project back to its seeds."""
        self.projects[business].reset()

    async def work(self) -> None:
        """It does nothing by itself, and lets go of its databases in the end."""
        try:
            await asyncio.Event().wait()
        finally:
            for each in self.projects.values():
                if each.database is not None:
                    each.database.close()

    def happen(self, business: str, chance: Random) -> str:
        """One change of the kind that people make; says what it was."""
        return self.projects[business].happen(chance)

    def _refused(self, caller: Caller) -> None:
        project = self.projects[caller.business]
        project.requests += 1
        project.refused += 1


def _routed(project: Project, ask: Ask) -> Answer:
    """The part of the project that a path leads to. Raises Refusal."""
    managing = ask.caller.app == MANAGING
    if ask.path.startswith(management.PREFIX):
        if not managing:
            raise _unknown_token()
        return management.answer(project, ask)
    if managing:
        raise problems.gateway(401, NO_KEY, NO_KEY_HINT)
    if ask.path.startswith(REST):
        return project.rest(ask)
    if ask.path.startswith(auth.PREFIX):
        return auth.answer(project, ask)
    if ask.path.startswith(storage.PREFIX):
        return storage.answer(project, ask)
    raise problems.gateway(404, "no Route matched with those values")


def _unknown_token() -> problems.Refusal:
    return problems.gateway(401, "Unauthorized")
