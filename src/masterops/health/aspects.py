"""
What matters at a connection, and at the platform itself, beyond whether it answers. Pure.

Each aspect is a check of its own: a name, and how it is judged from what is known. One about which nothing is
known is not recorded. None of them makes anything `down` that still works: that is for the connection to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from masterops.config import Health
from masterops.core.durations import in_words
from masterops.health.evaluate import Verdict

WELL = Verdict("up", True, None)
MIB = 1024 * 1024

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Aspect(Generic[R]):
    """
    One of them. `judge` answers None where nothing is known.
    """

    name: str
    judge: Callable[[R, Health], Verdict | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What is known about a connection: the facts of its pulse, what is left of its days and months, the trouble
    of its workflows, its open circuits and its clock.
    """

    now: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    quotas: Sequence[Mapping[str, Any]] = ()
    circuits: Sequence[str] | None = None
    skew: float | None = None
    workflows: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Platform:
    """
    What is known about ourselves.
    """

    now: datetime
    oldest_record: datetime | None = None
    dead_letters: int = 0
    free_bytes: int | None = None
    sessions: int | None = None
    most_sessions: int | None = None
    behind_bytes: int | None = None
    answer_ms: float | None = None


def token(reading: Reading, limits: Health) -> Verdict | None:
    """Until when the credentials are good, where they say so."""
    ends = reading.facts.get("token_expires_at")
    if not isinstance(ends, str):
        return None
    left = (datetime.fromisoformat(ends) - reading.now).total_seconds() / 86_400
    if left <= 0:
        return Verdict("down", False, f"the token expired on {ends[:10]}")
    if left < limits.token_days:
        return Verdict("degraded", False, f"the token expires in {left:,.1f} days, on {ends[:10]}")
    return WELL


def quota(reading: Reading, limits: Health) -> Verdict | None:
    """What is left of the calls of a day or month."""
    if not reading.quotas:
        return None
    shares = [(100 * each["remaining"] / max(1, each["permits"]), each) for each in reading.quotas]
    left, worst = min(shares, key=lambda pair: pair[0])
    if left > limits.quota_pct:
        return WELL
    return Verdict(
        "degraded",
        False,
        f"{worst['remaining']:,} of {worst['permits']:,} calls a {worst['window']} are left ({left:.1f} %)",
    )


def clock(reading: Reading, limits: Health) -> Verdict | None:
    """How far its clock and ours are apart: signatures and cursors go wrong by it."""
    if reading.skew is None:
        return None
    if abs(reading.skew) <= limits.clock_seconds:
        return WELL
    side = "ahead of" if reading.skew > 0 else "behind"
    return Verdict("degraded", False, f"its clock is {abs(reading.skew):,.0f} s {side} ours")


def version(reading: Reading, limits: Health) -> Verdict | None:
    """Until when the version of its API that we ask for is supported, where that is known."""
    asked, ends = reading.facts.get("api_version"), reading.facts.get("api_version_ends_on")
    if not isinstance(ends, str):
        return None
    left = (date.fromisoformat(ends) - reading.now.date()).days
    if left <= 0:
        return Verdict("degraded", False, f"version {asked} of its API is not supported since {ends}")
    if left < limits.version_days:
        return Verdict(
            "degraded", False, f"version {asked} of its API is supported for {left} days, until {ends}"
        )
    return WELL


def circuit(reading: Reading, limits: Health) -> Verdict | None:
    """Whether calls are not made because they keep failing."""
    if reading.circuits is None:
        return None
    return Verdict("degraded", False, "; ".join(reading.circuits)) if reading.circuits else WELL


def workflows(reading: Reading, limits: Health) -> Verdict | None:
    """What is wrong with workflows that no execution says."""
    if reading.workflows is None:
        return None
    serious = [each for each in reading.workflows if each["severity"] != "info"]
    if not serious:
        return WELL
    kinds = Counter(str(each["problem"]).replace("_", " ") for each in serious)
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return Verdict("degraded", False, f"{counted}: {serious[0]['reason']}")


def spool(platform: Platform, limits: Health) -> Verdict | None:
    """Whether log records reach the database."""
    if platform.dead_letters:
        count = f"{platform.dead_letters:,} log records were refused by the database"
        return Verdict("degraded", False, f"{count}: see `ops logs spool`")
    if platform.oldest_record is None:
        return WELL
    waits = platform.now - platform.oldest_record
    if waits.total_seconds() <= 60 * limits.spool_minutes:
        return WELL
    return Verdict("degraded", False, f"log records have waited for {in_words(waits)} for the database")


def disk(platform: Platform, limits: Health) -> Verdict | None:
    """Whether there is room on the disk of the home folder."""
    if platform.free_bytes is None:
        return None
    if platform.free_bytes >= limits.disk_mb * MIB:
        return WELL
    return Verdict("degraded", False, f"{platform.free_bytes / MIB:,.0f} MiB are left on the disk")


def database(platform: Platform, limits: Health) -> Verdict | None:
    """Whether PostgreSQL has connections left, answers in time, and its replicas keep up."""
    wrong = []
    sessions, most = platform.sessions or 0, platform.most_sessions or 0
    if most and 100 * sessions >= limits.sessions_pct * most:
        wrong.append(f"{sessions} of {most} connections are in use")
    if platform.behind_bytes is not None and platform.behind_bytes > limits.replication_mb * MIB:
        wrong.append(f"a replica is {platform.behind_bytes / MIB:,.0f} MiB behind")
    if platform.answer_ms is not None and platform.answer_ms > limits.slow_ms:
        wrong.append(f"it took {platform.answer_ms:,.0f} ms to answer")
    if platform.answer_ms is None:
        return None
    return Verdict("degraded", False, "; ".join(wrong)) if wrong else WELL


OF_CONNECTION: tuple[Aspect[Reading], ...] = (
    Aspect("token", token),
    Aspect("quota", quota),
    Aspect("clock", clock),
    Aspect("version", version),
    Aspect("circuit", circuit),
    Aspect("workflows", workflows),
)
OF_PLATFORM: tuple[Aspect[Platform], ...] = (
    Aspect("spool", spool),
    Aspect("disk", disk),
    Aspect("database", database),
)


def judged(aspects: Sequence[Aspect[R]], known: R, limits: Health) -> dict[str, Verdict]:
    """Every aspect about which something is known."""
    verdicts = ((each.name, each.judge(known, limits)) for each in aspects)
    return {name: verdict for name, verdict in verdicts if verdict is not None}
