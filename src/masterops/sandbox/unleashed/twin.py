"""
Unleashed as the server sees a service: signatures, limits, faults' answers, and the accounts behind them.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from masterops import errors
from masterops.core.spelling import unknown
from masterops.sandbox import tokens
from masterops.sandbox.answer import Answer
from masterops.sandbox.clock import Clock
from masterops.sandbox.service import Ask, Caller
from masterops.sandbox.unleashed import live, problems, routes, seeds
from masterops.sandbox.unleashed.account import Account
from masterops.sandbox.unleashed.traits import Traits


class UnleashedTwin:
    """
    The accounts of all businesses at Unleashed.
    """

    name = "unleashed"

    def __init__(
        self, businesses: Sequence[str], clock: Clock, *, seed: int = 1, products: int | None = None
    ) -> None:
        self._clock, self._seed, self._products = clock, seed, products
        self._keys = {tokens.token_for(self.name, each): each for each in businesses}
        self.accounts: dict[str, Account] = {}
        for business in businesses:
            self.reset(business)

    # --- who is it ---

    def unguarded(self, method: str, path: str, query: str, body: bytes, content_type: str) -> Answer | None:
        """Nothing is open to all."""
        return None

    def caller_of(self, headers: Mapping[str, str], query: str) -> Caller | Answer:
        """Whose id it is, if the query is signed with the key of it; else the refusal."""
        business = self._keys.get(headers.get("api-auth-id", ""))
        if business is None:
            return problems.Refusal(403).answer()
        wanted = signature(query, tokens.service_key_for(self.name, business))
        given = headers.get("api-auth-signature", "")
        if hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape")):
            return Caller(business)
        self._refused(Caller(business))
        return problems.Refusal(403).answer()

    def expired_token(self, caller: Caller) -> Answer:
        """The answer when the key is no longer good."""
        self._refused(caller)
        return problems.Refusal(403).answer()

    # --- may it ---

    def spend(self, caller: Caller, path: str) -> Mapping[str, str] | Answer:
        """Count one call; its answer tells nothing of what is left."""
        try:
            self.accounts[caller.business].meter.spend()
        except problems.Refusal as refusal:
            self._refused(caller)
            return refusal.answer()
        return {}

    def crowd(self, caller: Caller, path: str, calls: int) -> None:
        """Count calls that somebody else makes."""
        self.accounts[caller.business].meter.crowd(calls)

    def latency(self, business: str) -> float:
        """Seconds that an answer takes when nothing is wrong."""
        return self.accounts[business].traits.latency_ms / 1000

    def storm(self, caller: Caller, path: str, retry_after: int | str | None) -> Answer:
        """The answer when others spend the limit."""
        self._refused(caller)
        return problems.too_many(retry_after).answer()

    def forced(self, caller: Caller, status: int, retry_after: int | str | None) -> Answer:
        """The answer with a status that a fault sets."""
        self._refused(caller)
        return problems.forced(status, retry_after).answer()

    # --- the work ---

    def perform(self, ask: Ask) -> Answer:
        """Do what was asked."""
        account = self.accounts[ask.caller.business]
        account.requests += 1
        try:
            return routes.answer(account, ask)
        except problems.Refusal as refusal:
            account.refused += 1
            return refusal.answer()

    def in_parts(self, path: str) -> bool:
        """It has no batches."""
        return False

    def perform_in_parts(self, ask: Ask) -> Answer:
        """It has no batches."""
        return self.perform(ask)

    # --- from outside ---

    def settings(self, business: str) -> dict[str, Any]:
        """What can be set about an account."""
        shown: dict[str, Any] = msgspec.to_builtins(self.accounts[business].traits)
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
        if (flaw := traits.flaw()) is not None:
            raise errors.BadValue(value=dict(given), kind="setting", reason=f"{flaw}.")
        account = self.accounts[business]
        account.traits = traits
        account.meter.set(traits)

    def state(self, business: str) -> dict[str, Any]:
        """Counts for the state page."""
        account = self.accounts[business]
        return {
            "records": {name: len(rows) for name, rows in account.rows.items()},
            "requests": account.requests,
            "refused": account.refused,
            "spent_this_month": account.meter.this_month(),
            "limits": {"calls_per_month": account.traits.calls_per_month},
        }

    def reset(self, business: str) -> None:
        """Put an account back to its seeds."""
        self.accounts[business] = seeds.seeded(business, self._seed, self._clock, products=self._products)

    async def work(self) -> None:
        """It does nothing by itself."""
        await asyncio.Event().wait()

    def happen(self, business: str, chance: Random) -> str:
        """One change of the kind that people make; says what it was."""
        return live.happen(self.accounts[business], chance)

    def _refused(self, caller: Caller) -> None:
        account = self.accounts[caller.business]
        account.requests += 1
        account.refused += 1


def signature(query: str, key: str) -> str:
    """What Unleashed expects for a query as it stands in the URL, without its question mark."""
    return base64.b64encode(hmac.new(key.encode(), query.encode(), hashlib.sha256).digest()).decode()
