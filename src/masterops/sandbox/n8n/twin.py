"""
n8n as the sandbox's server sees a service: keys, faults' answers, and the server of each business.
"""

from __future__ import annotations

from asyncio import Event
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Literal

import msgspec

from masterops import errors
from masterops.core.spelling import unknown
from masterops.sandbox import tokens
from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.clock import Clock
from masterops.sandbox.n8n import demo, problems, routes, seeds
from masterops.sandbox.n8n.call import Call
from masterops.sandbox.n8n.instance import Instance, Traits
from masterops.sandbox.service import Ask, Caller

HEALTH = ("/healthz", "/healthz/readiness")
STARTING = Answer(200, b"n8n is starting up. Please wait", problems.HTML)
READS = ("GET", "HEAD")
KEY_HEADER = "X-N8N-API-KEY"


class NewRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A run that begins now; without `seconds` it never ends.
    """

    workflow: str
    seconds: float | None = None
    ends_as: Literal["success", "error", "crashed", "canceled"] = "success"
    mode: str = "trigger"
    failing: str = ""
    words: str = ""
    items: int = 1


class N8nTwin:
    """
    The n8n servers of all businesses.
    """

    name = "n8n"

    def __init__(
        self,
        businesses: Sequence[str],
        clock: Clock,
        *,
        seed: int = 1,
        workflows: int | None = None,
        live: bool = False,
        executions: int | None = None,
    ) -> None:
        """With `live` workflows run by the clock, where no number of idle ones or of executions is given."""
        self._clock, self._seed, self._workflows = clock, seed, workflows
        self._live = live and workflows is None and executions is None
        self._executions = executions
        self._keys = {tokens.token_for(self.name, each): Caller(each) for each in businesses}
        self._chance = Random(seed)
        self.servers: dict[str, Instance] = {}
        for business in businesses:
            self.reset(business)

    def unguarded(self, method: str, path: str, query: str, body: bytes, content_type: str) -> Answer | None:
        """The answer to a question for health, or to a path that is none; None for any other."""
        if path in HEALTH:
            return json_answer(200, {"status": "ok"})
        return None if routes.is_known(path) else problems.said(404, problems.NO_SUCH_PATH)

    def caller_of(self, headers: Mapping[str, str], query: str) -> Caller | Answer:
        """Who bears this key, or the answer to a call without a good one."""
        return self._keys.get(headers.get(KEY_HEADER, "")) or problems.said(401, "Unauthorized")

    def expired_token(self, caller: Caller) -> Answer:
        """The answer when the key has run out."""
        self._refused(caller)
        return problems.said(401, "Unauthorized")

    def spend(self, caller: Caller, path: str) -> Mapping[str, str] | Answer:
        """n8n counts no calls."""
        return {}

    def crowd(self, caller: Caller, path: str, calls: int) -> None:
        """Calls of others take nothing away."""

    def latency(self, business: str) -> float:
        """Seconds that an answer takes when nothing is wrong."""
        traits = self.servers[business].traits
        return (traits.latency_ms + self._chance.random() * traits.jitter_ms) / 1000

    def storm(self, caller: Caller, path: str, retry_after: int | str | None) -> Answer:
        """The answer of a proxy in front of n8n, which refuses nobody itself."""
        self._refused(caller)
        return problems.forced(429, retry_after)

    def forced(self, caller: Caller, status: int, retry_after: int | str | None) -> Answer:
        """The answer with a status that a fault sets."""
        self._refused(caller)
        return problems.forced(status, retry_after)

    def perform(self, ask: Ask) -> Answer:
        """Do what was asked."""
        home = self.servers[ask.caller.business]
        home.requests += 1
        if home.traits.starting:
            return STARTING
        try:
            action, parts = routes.found(ask.method, ask.path, older=home.traits.older)
            if home.traits.read_only and ask.method not in READS:
                raise problems.Refusal(403, "Forbidden")
            call = Call(ask.method, parts, ask.query, ask.body, ask.content_type)
            call.check_type()
            return action(home, call)
        except problems.Refusal as refusal:
            home.refused += 1
            return refusal.answer()

    def in_parts(self, path: str) -> bool:
        """Nothing of n8n's has inputs that can fail one by one."""
        return False

    def perform_in_parts(self, ask: Ask) -> Answer:
        """As a whole."""
        return self.perform(ask)

    def settings(self, business: str) -> dict[str, Any]:
        """What can be set about a server."""
        found: dict[str, Any] = msgspec.to_builtins(self.servers[business].traits)
        return found

    def set(self, business: str, given: Mapping[str, Any]) -> None:
        """Set some of it; `run` lets a workflow run now. Raises UnknownName or BadValue."""
        before = self.settings(business)
        given = dict(given)
        if "run" in given:
            self._run(business, given.pop("run"))
        for name in given:
            if name not in before:
                raise unknown("setting of a twin", name, list(before))
        try:
            traits = msgspec.convert({**before, **given}, Traits)
        except msgspec.ValidationError as error:
            raise errors.BadValue(value=dict(given), kind="setting", reason=f"{error}.") from None
        if (flaw := traits.flaw()) is not None:
            raise errors.BadValue(value=dict(given), kind="setting", reason=f"{flaw}.")
        self.servers[business].traits = traits

    def _run(self, business: str, given: object) -> None:
        home = self.servers[business]
        try:
            wanted = msgspec.convert(given, NewRun)
        except msgspec.ValidationError as error:
            raise errors.BadValue(value=given, kind="run", reason=f"{error}.") from None
        named = {row["name"]: id for id, row in home.workflows.items()}
        if wanted.workflow not in named:
            raise unknown("workflow of this twin", wanted.workflow, list(named))
        home.begin(
            named[wanted.workflow],
            wanted.mode,
            at=self._clock.now(),
            seconds=wanted.seconds,
            ends_as=wanted.ends_as,
            failing=wanted.failing,
            words=wanted.words,
            items=wanted.items,
        )

    def state(self, business: str) -> dict[str, Any]:
        """Counts for the state page."""
        home = self.servers[business]
        return {"records": home.counts(), "requests": home.requests, "refused": home.refused}

    def reset(self, business: str) -> None:
        """Put a server back to its seeds."""
        if self._live:
            self.servers[business] = seeds.empty(business, self._seed, self._clock)
            demo.furnish(self.servers[business])
        else:
            home = seeds.seeded(business, self._seed, self._clock, workflows=self._workflows)
            if self._executions is not None:
                seeds.busy(home, self._executions)
            self.servers[business] = home

    async def work(self) -> None:
        """Nothing by itself: what is over by now is seen when somebody looks."""
        await Event().wait()

    def happen(self, business: str, chance: Random) -> str:
        """An active workflow runs that does not run by the clock; says which."""
        home = self.servers[business]
        clocked = {timer.workflow for timer in home.timers}
        active = [row for row in home.workflows.values() if row["active"] and row["id"] not in clocked]
        if not active:
            return "n8n has no active workflow"
        row = chance.choice(active)
        run = home.begin(row["id"], "trigger", at=self._clock.now(), seconds=chance.random() * 20)
        return f"n8n ran {row['name']} as {run.number}"

    def _refused(self, caller: Caller) -> None:
        home = self.servers[caller.business]
        home.requests += 1
        home.refused += 1
