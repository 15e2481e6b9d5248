"""
HubSpot as the server sees a service: tokens, limits, faults' answers, and the accounts behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from masterops import errors
from masterops.core.spelling import unknown
from masterops.sandbox import tokens
from masterops.sandbox.answer import Answer
from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot import delivery, exports, live, oauth, parts, problems, routes, seeds, values
from masterops.sandbox.hubspot.account import Account, portal_of
from masterops.sandbox.hubspot.call import Call
from masterops.sandbox.hubspot.limits import Limits
from masterops.sandbox.hubspot.traits import Traits
from masterops.sandbox.service import Ask, Caller


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
        self._bearers: dict[str, Caller] = {}
        for each in businesses:
            self._bearers[f"Bearer {tokens.token_for(self.name, each)}"] = Caller(each)
            self._bearers[f"Bearer {tokens.service_key_for(self.name, each)}"] = Caller(each, "service-key")
        self._chance = Random(seed)
        self.grants = oauth.Grants([oauth.app_for(each, portal_of(each)) for each in businesses], clock)
        self.accounts: dict[str, Account] = {}
        for business in businesses:
            self.reset(business)

    # --- who is it ---

    def unguarded(self, method: str, path: str, query: str, body: bytes, content_type: str) -> Answer | None:
        """The answer to a request for consent, a token, or an exported file; None for any other."""
        if path.startswith(exports.FILES):
            found = (exports.file(account, path) for account in self.accounts.values())
            return next(filter(None, found), problems.Refusal(403, "Request has expired").answer())
        return self.grants.answer(method, path, query, body) if path.startswith("/oauth/") else None

    def caller_of(self, headers: Mapping[str, str], query: str) -> Caller | Answer:
        """Who bears this token, or the answer to a call without a good one."""
        authorization = headers.get("Authorization", "")
        caller = self._bearers.get(authorization)
        if caller is not None:
            return caller
        held = self.grants.access.get(authorization.removeprefix("Bearer "))
        if held is None:
            return problems.unauthenticated().answer()
        caller = Caller(held.app.business, held.app.client_id, oauth=True)
        over = (self._clock.now() - held.expires_at).total_seconds()
        if over < 0:
            return caller
        self._refused(caller)
        return problems.token_expired(over, values.iso(held.expires_at)).answer()

    def expired_token(self, caller: Caller) -> Answer:
        """The answer when the token has run out."""
        self._refused(caller)
        return problems.token_expired(1, values.iso(self._clock.now())).answer()

    # --- may it ---

    def spend(self, caller: Caller, path: str) -> Mapping[str, str] | Answer:
        """Count one call; the rate headers of its answer, or the refusal."""
        meter = self.accounts[caller.business].meter
        try:
            return meter.spend(search=routes.is_search(path), app=_bucket(caller, path), oauth=caller.oauth)
        except problems.Refusal as refusal:
            self._refused(caller)
            return refusal.answer()

    def crowd(self, caller: Caller, path: str, calls: int) -> None:
        """Count calls that somebody else makes."""
        meter = self.accounts[caller.business].meter
        meter.crowd(calls, search=routes.is_search(path), app=_bucket(caller, path), oauth=caller.oauth)

    def latency(self, business: str) -> float:
        """Seconds that an answer takes when nothing is wrong."""
        traits = self.accounts[business].traits
        if not traits.latency_ms and not traits.jitter_ms:
            return 0.0
        return (traits.latency_ms + self._chance.random() * traits.jitter_ms) / 1000

    def storm(self, caller: Caller, path: str, retry_after: int | str | None) -> Answer:
        """The answer when others spend the limit."""
        self._refused(caller)
        meter, search = self.accounts[caller.business].meter, routes.is_search(path)
        return meter.storm(
            search=search, retry_after=retry_after, app=_bucket(caller, path), oauth=caller.oauth
        ).answer()

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
            if len(ask.path) + len(ask.query) > routes.LONGEST_URL:
                raise problems.Refusal(414, "HTTP 414 URI Too Long", "URI_TOO_LONG")
            action, named, version = routes.found(ask.method, ask.path)
            call = Call(ask.method, named, ask.query, ask.body, ask.content_type, ask.address, version)
            return action(account, call)
        except problems.Refusal as refusal:
            account.refused += 1
            return refusal.answer()

    def in_parts(self, path: str) -> bool:
        """Whether a request has inputs that can fail one by one."""
        return parts.has_parts(path)

    def perform_in_parts(self, ask: Ask) -> Answer:
        """Do what was asked, but for every third input."""
        return parts.done(
            ask.path, ask.body, lambda body: self.perform(msgspec.structs.replace(ask, body=body))
        )

    # --- from outside ---

    def settings(self, business: str) -> dict[str, Any]:
        """What can be set about an account."""
        account = self.accounts[business]
        shown: dict[str, Any] = msgspec.to_builtins(account.traits)
        return shown | {"limits": msgspec.to_builtins(account.meter.limits)}

    def set(self, business: str, given: Mapping[str, Any]) -> None:
        """Set some of it. Raises UnknownName or BadValue."""
        account = self.accounts[business]
        before = self.settings(business)
        for name in given:
            if name not in before:
                raise unknown("setting of a twin", name, list(before))
        limits = given.get("limits") or {}
        wanted = before | dict(given) | {"limits": before["limits"] | dict(limits)}
        try:
            traits = msgspec.convert(wanted, Traits)
        except msgspec.ValidationError as error:
            raise errors.BadValue(value=dict(given), kind="setting", reason=f"{error}.") from None
        if (flaw := traits.flaw()) is not None:
            raise errors.BadValue(value=dict(given), kind="setting", reason=f"{flaw}.")
        account.behave(traits, limits_too=bool(limits))
        self.grants.rotate[business] = traits.rotate_refresh_tokens

    def state(self, business: str) -> dict[str, Any]:
        """Counts for the state page."""
        account = self.accounts[business]
        limits = account.meter.limits
        return {
            "records": account.counts(),
            "requests": account.requests,
            "refused": account.refused,
            "webhooks": {
                "app_id": account.outbox.app_id,
                "delivered": account.outbox.delivered,
                "waiting": account.outbox.waiting,
                "lost": account.outbox.lost,
            },
            "spent_today": account.meter.today(),
            "limits": {"burst": limits.burst, "burst_seconds": limits.burst_seconds, "daily": limits.daily},
        }

    def reset(self, business: str) -> None:
        """Put an account back to its seeds; its limits are fresh, its installed app is gone."""
        self.accounts[business] = seeds.seeded(
            business, self._seed, self._clock, self._limits, contacts=self._contacts
        )
        self.grants.forget(business)
        self.grants.rotate.pop(business, None)

    def happen(self, business: str, chance: Random) -> str:
        """One change of the kind that people make; says what it was."""
        return live.happen(self.accounts[business], chance)

    async def work(self) -> None:
        """Deliver webhooks, for ever."""
        secrets = {app.business: app.client_secret for app in self.grants.apps.values()}
        await delivery.deliver(self.accounts, secrets, self._clock)

    def _refused(self, caller: Caller) -> None:
        account = self.accounts[caller.business]
        account.requests += 1
        account.refused += 1


def _bucket(caller: Caller, path: str) -> str:
    """
    Which of an app's limits a call spends: associations have one of their own.

    HubSpot's files exempt them from the ten-second limit. That theirs is as large on the smallest plan
    is reported; on larger ones it differs (150, with the add-on 200), which is not followed here.
    """
    return f"{caller.app}/associations" if routes.is_association(path) else caller.app
