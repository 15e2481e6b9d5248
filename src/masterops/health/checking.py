"""
What a check of `[[checks]]` asks, and what its answer means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from masterops import errors
from masterops.config import Check, Secret
from masterops.core import clock
from masterops.core.conditions import Condition, failed, told
from masterops.db import Pool, ask_once
from masterops.health.evaluate import Probe, Verdict, evaluate
from masterops.health.settle import Rule
from masterops.transport import Page, Prober

# What is expected where a check says nothing itself.
USUAL: dict[str, tuple[Condition, ...]] = {
    "http": (Condition("status", "<", 400),),
    "tcp": (),
    "dns": (Condition("count", ">", 0),),
    "tls": (Condition("certificate_days", ">", 14, "degraded"),),
    "domain": (Condition("domain_days", ">", 30, "degraded"),),
    "sql": (Condition("value", "=", True),),
}
WRONG = "condition"
# What a result keeps of the facts: a page's text is not among them.
KEPT = ("status", "redirects", "size_bytes", "certificate_days", "issuer", "answers", "domain_days", "value")
LONGEST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Sight:
    """
    One look at a check: the facts, or the error in their place.
    """

    probe: Probe
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> dict[str, Any]:
        """The facts that are worth keeping with the result."""
        return {name: _short(self.facts[name]) for name in KEPT if self.facts.get(name) is not None}


class Asker:
    """
    Looks at checks, whatever their kind.
    """

    def __init__(self, prober: Prober, pool: Pool) -> None:
        self._prober = prober
        self._pool = pool

    async def ask(self, check: Check) -> Sight:
        """One look. Whatever goes wrong is a fact about the check; what is ours says so by its category."""
        start = clock.ticks()
        try:
            facts = await self._facts(check)
        except errors.MasterOpsError as error:
            took = (clock.ticks() - start) * 1000
            return Sight(Probe(took, error.category, error.message, error.code))
        return Sight(Probe(facts.get("latency_ms", (clock.ticks() - start) * 1000)), facts)

    async def _facts(self, check: Check) -> dict[str, Any]:
        given, prober, name, seconds = check.values, self._prober, check.name, check.timeout
        match check.kind:
            case "http":
                return await prober.http(name, page_of(check), seconds)
            case "tcp":
                return await prober.tcp(name, given["host"], given["port"], seconds)
            case "tls":
                return await prober.tls(name, given["host"], given["port"], seconds)
            case "dns":
                return await prober.dns(name, given["host"], given["record"], given["resolver"], seconds)
            case "domain":
                return await prober.domain(name, given["rdap_url"], given["domain"], seconds)
            case _:
                return await self._answer(check)

    async def _answer(self, check: Check) -> dict[str, Any]:
        start = clock.ticks()
        found = await ask_once(self._pool, check.values["query"], check.timeout)
        return {**found, "latency_ms": (clock.ticks() - start) * 1000}


def judge(check: Check, sight: Sight) -> Verdict:
    """What a look means: the error if there was one, else the conditions."""
    if sight.probe.error_category is not None:
        return evaluate(sight.probe)
    conditions = check.conditions or USUAL[check.kind]
    broken = failed(conditions, sight.facts)
    if broken is None:
        return Verdict("up", True, None)
    return Verdict(broken.otherwise, False, told(broken, sight.facts))


def category_of(sight: Sight, verdict: Verdict) -> str | None:
    """The category of what is wrong: the error's, or that a condition does not hold."""
    return sight.probe.error_category or (None if verdict.healthy else WRONG)


def page_of(check: Check) -> Page:
    """The page that an HTTP check asks for, its secrets revealed."""
    given = check.values
    headers = {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in (given.get("headers") or {}).items()
    }
    return Page(given["url"], given["method"].upper(), headers, given.get("body"), given["redirects"])


def host_of_check(check: Check) -> str | None:
    """The host that a check looks at; None where it is no host."""
    if check.kind == "http":
        return urlsplit(str(check.values["url"])).hostname
    return str(check.values["host"]) if check.kind in ("tcp", "tls") else None


def rule_of(check: Check, rule: Rule) -> Rule:
    """How carefully this check is decided, where it says so itself."""
    failures = check.failures or rule.failures
    looks = max(check.looks or rule.looks, failures)
    return replace(rule, failures=failures, looks=looks, successes=check.successes or rule.successes)


def _short(value: Any) -> Any:
    return value[:LONGEST_KEPT] if isinstance(value, (str, list)) else value
