"""What every error has: a message, a code, a category, a recovery, a hint, an exit code."""

from __future__ import annotations

from typing import ClassVar, Literal

Recovery = Literal["retry", "skip", "stop"]
# Where to look for the fault: in what we sent, in the settings, on the way there, or at the service.
Blame = Literal["us", "configuration", "network", "service"]
Category = Literal[
    "network",
    "timeout",
    "authentication",
    "authorization",
    "rate_limit",
    "quota",
    "validation",
    "not_found",
    "conflict",
    "server",
    "outcome_unknown",
    "circuit_open",
    "configuration",
    "usage",
    "database",
    "internal",
    "unknown",
]


class _Unsaid(str):
    """The name of a fact that was not supplied; it takes every format, `:g` and `!r` too."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


class _Facts(dict[str, object]):
    """Facts for a message: one that was not supplied shows as its name instead of raising."""

    def __missing__(self, key: str) -> str:
        return _Unsaid(f"<{key}>")


class MasterOpsError(Exception):
    """Something went wrong inside Master-Ops."""

    code: ClassVar[str] = "OPS000"
    category: ClassVar[Category] = "unknown"
    recovery: ClassVar[Recovery] = "stop"
    hint: ClassVar[str] = "Run the command again with --debug and report what it prints."
    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """One sentence for a person, facts filled in."""
        text = " ".join((type(self).__doc__ or type(self).__name__).split())
        return text.format_map(_Facts(self.facts))

    @property
    def advice(self) -> str:
        """How to mend it, facts filled in; empty when there is nothing to do."""
        return str(self.facts.get("hint") or self.hint.format_map(_Facts(self.facts)))

    def __str__(self) -> str:
        return self.message


class ConnectorCrashed(MasterOpsError):
    """The connector of {connection} has a fault of ours: {reason}"""

    code = "OPS001"
    category = "internal"
    hint = "`ops logs --errors-only` has the traceback: please report it. The other connections go on."
