"""
HubSpot as the server sees a service: tokens, limits, faults' answers, and the accounts behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from masterops.sandbox import tokens
from masterops.sandbox.answer import Answer
from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot import live, problems, routes, seeds
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.limits import Limits


class HubSpotTwin:
    """
    The accounts of all businesses at HubSpot.
    """

    name = "hubspot"

    def __init__(
        self,
        businesses: Sequence[str],
        clock: Clock,
        *,
        seed: int = 1,
        limits: Limits | None = None,
        contacts: int | None = None,
    ) -> None:
        self._clock, self._seed, self._limits, self._contacts = clock, seed, limits, contacts
        self._bearers = {f"Bearer {tokens.token_for(self.name, each)}": each for each in businesses}
        self.accounts: dict[str, Account] = {}
        for business in businesses:
            self.reset(business)

    def business_of(self, authorization: str | None) -> str | None:
        """The business whose token this is, or None."""
        return self._bearers.get(authorization or "")

    def unknown_token(self) -> Answer:
        """The answer to a call without a good token."""
        return problems.unauthenticated().answer()

    def expired_token(self, business: str) -> Answer:
        """The answer when the token has run out."""
        self._refused(business)
        return problems.token_expired().answer()

    def spend(self, business: str, path: str) -> Mapping[str, str] | Answer:
        """Count one call; the rate headers of its answer, or the refusal."""
        account = self.accounts[business]
        try:
            return account.meter.spend(search=routes.is_search(path))
        except problems.Refusal as refusal:
            self._refused(business)
            return refusal.answer()

    def storm(self, business: str, path: str, retry_after: int | None) -> Answer:
        """The answer when others spend the limit."""
        self._refused(business)
        meter = self.accounts[business].meter
        return meter.storm(search=routes.is_search(path), retry_after=retry_after).answer()

    def forced(self, business: str, status: int, retry_after: int | None) -> Answer:
        """The answer with a status that a fault sets."""
        self._refused(business)
        return problems.forced(status, retry_after).answer()

    def perform(
        self, business: str, method: str, path: str, query: str, body: bytes, content_type: str, address: str
    ) -> Answer:
        """Do what was asked."""
        account = self.accounts[business]
        account.requests += 1
        try:
            if len(path) + len(query) > routes.LONGEST_URL:
                raise problems.Refusal(414, "HTTP 414 URI Too Long", "URI_TOO_LONG")
            action, parts, version = routes.found(method, path)
            return action(account, Call(method, parts, query, body, content_type, address, version))
        except problems.Refusal as refusal:
            account.refused += 1
            return refusal.answer()

    def state(self, business: str) -> dict[str, Any]:
        """Counts for the state page."""
        account = self.accounts[business]
        limits = account.meter.limits
        return {
            "records": account.counts(),
            "requests": account.requests,
            "refused": account.refused,
            "spent_today": account.meter.today(),
            "limits": {"burst": limits.burst, "burst_seconds": limits.burst_seconds, "daily": limits.daily},
        }

    def reset(self, business: str) -> None:
        """Put an account back to its seeds; its limits are fresh."""
        self.accounts[business] = seeds.seeded(
            business, self._seed, self._clock, self._limits, contacts=self._contacts
        )

    def happen(self, business: str, chance: Random) -> str:
        """One change of the kind that people make; says what it was."""
        return live.happen(self.accounts[business], chance)

    def _refused(self, business: str) -> None:
        account = self.accounts[business]
        account.requests += 1
        account.refused += 1
