"""
How long to wait before trying again.

Pure: it is told the attempt number, the time already spent and what the server asked for, and answers
with a delay or with "give up". The transport does the sleeping, so a test of the rule never sleeps.

The curve is exponential with full jitter: waiting a random part of the ceiling spreads callers that
failed together. The server's own Retry-After always wins over the curve, because an API that says "60"
knows more than we do; one that asks for more than the deadline leaves is better left to the next run.
"""

from __future__ import annotations

from dataclasses import dataclass

LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    The bounds of one logical call, in seconds: everything, waits included, ends before `deadline`.
    """

    attempts: int = 4
    base: float = 0.5
    ceiling: float = 20.0
    deadline: float = 60.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.base <= 0 or self.ceiling < self.base or self.deadline <= 0:
            raise ValueError(f"not a usable retry policy: {self}")

    @property
    def least(self) -> float:
        """
        The seconds that an attempt after a wait must be left. One that is sent with less is cut off, and
        of a write nobody can then say whether it was done: the failure before it says more.
        """
        return min(LEAST_SECONDS, self.deadline / 10)


def curve(policy: RetryPolicy, attempt: int) -> float:
    """The most that the wait after `attempt` (1 is the first) may be, in seconds."""
    doublings = min(attempt - 1, 60)  # 2.0 ** 60 is past every ceiling, 2.0 ** 1100 overflows
    return min(policy.ceiling, policy.base * 2.0**doublings)


def next_wait(
    policy: RetryPolicy, *, attempt: int, elapsed: float, asked: float | None, fraction: float
) -> float | None:
    """
    Seconds to wait after failed attempt number `attempt`, or None to give up: after the last attempt, and
    when the next one would not be left the policy's `least` before the deadline.

    `elapsed` counts from the start of the call, `asked` is the server's Retry-After (None when it did
    not say), `fraction` a random number in [0, 1).
    """
    if attempt >= policy.attempts:
        return None
    jittered = curve(policy, attempt) * fraction
    # The jitter comes on top of what was asked: callers told "10" must not come back as one herd.
    wait = asked + min(jittered, policy.base) if asked is not None and asked > 0 else jittered
    return wait if elapsed + wait + policy.least <= policy.deadline else None
