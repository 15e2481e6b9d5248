"""
One round of a check of `[[checks]]`: looks until it is settled, and the result of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from masterops.config import Check
from masterops.core import clock
from masterops.health.checking import Asker, Sight, category_of, host_of_check, judge, rule_of
from masterops.health.concluding import Before, Care, conclude
from masterops.health.evaluate import Probe, Verdict
from masterops.health.lag import Pulsometer
from masterops.health.looking import Round, finish
from masterops.health.network import Network
from masterops.health.offline import blame, reach_category
from masterops.health.recording import Result

SERVICE = "check"


@dataclass(slots=True)
class Surroundings:
    """
    What the rounds of a process share. No more than `turns` looks happen at the same time.
    """

    asker: Asker
    beat: Pulsometer
    network: Network
    turns: asyncio.Semaphore


async def one_round(check: Check, before: Before, care: Care, shared: Surroundings) -> Result:
    """As many looks as it takes, and what they mean."""
    round: Round[Sight] = Round(before.previous, rule_of(check, care.rule))

    async def ask() -> Sight:
        async with shared.turns:
            sight = await shared.asker.ask(check)
        category = reach_category(sight.probe.error_category, sight.probe.error_code)
        shared.network.note(host_of_check(check), category)
        await shared.network.settle(category)
        return sight

    def means(sight: Sight) -> Verdict:
        category = reach_category(sight.probe.error_category, sight.probe.error_code)
        return blame(judge(check, sight), category, away=shared.network.away)

    verdict = await finish(round, ask, means, shared.beat, longest_lag=care.longest_lag)
    sight = round.probe or Sight(Probe(None))
    at = clock.now()
    conclusion = conclude(
        before, verdict, at, care, (check.id, check.name, SERVICE, check.business or "group")
    )
    looks = [each.state for each in round.seen]
    return Result(
        check.id,
        check.kind,
        SERVICE,
        check.business,
        conclusion,
        at,
        sight.probe.response_ms,
        category_of(sight, verdict),
        sight.probe.error_code,
        {**sight.kept, **({"looks": looks} if len(looks) > 1 else {})},
    )


def after(before: Before, result: Result) -> Before:
    """How a check stands after a result."""
    conclusion = result.conclusion
    state = before.state if conclusion.holds and before.state else conclusion.verdict.state
    return Before(state, conclusion.memory)
