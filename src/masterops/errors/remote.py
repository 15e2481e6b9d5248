"""A service, or the way to it, failed."""

from __future__ import annotations

from typing import ClassVar

from masterops.errors.base import Blame, MasterOpsError, Recovery


class RemoteError(MasterOpsError):
    """{service} failed: {reason}"""

    code = "REM000"
    recovery: ClassVar[Recovery] = "stop"
    blame: ClassVar[Blame] = "service"
    hint = "See `ops logs --errors-only` for the whole story."
    undone = False  # the service has said that nothing was changed, so that it may be sent again

    def __init__(self, *, service: str, status: int | None = None, retry_after: float | None = None,
                 **facts: object) -> None:  # fmt: skip
        self.service = service
        self.status = status
        self.retry_after = retry_after
        # What the service's support asks for: its own name for this request, where it told us.
        said = facts.get("correlation_id") or facts.get("request_id")
        self.request_id = str(said) if said else None
        known = {"status": status, "retry_after": retry_after}
        super().__init__(service=service, **{k: v for k, v in known.items() if v is not None}, **facts)

    @property
    def retryable(self) -> bool:
        """Whether trying the same call again may help."""
        return self.recovery == "retry"


class NetworkError(RemoteError):
    """{service} cannot be reached: {reason}"""

    code = "NET001"
    category = "network"
    recovery: ClassVar[Recovery] = "retry"
    blame: ClassVar[Blame] = "network"
    hint = "Check the network and the base URL; it is tried again by itself."


class NameNotResolved(NetworkError):
    """The host name of {service} cannot be resolved: {reason}"""

    code = "NET002"
    blame = "configuration"
    hint = "Check the base URL and the DNS of this machine."


class TlsFailed(NetworkError):
    """The certificate of {service} cannot be trusted: {reason}"""

    code = "NET003"
    recovery = "stop"
    blame = "configuration"
    hint = "Check the base URL, this machine's clock and its certificates."


class Timeout(RemoteError):
    """{service} did not answer within {seconds:.3g} s"""

    code = "NET004"
    category = "timeout"
    recovery = "retry"
    hint = "It is tried again by itself; look at the service's status page if this goes on."


class Unauthenticated(RemoteError):
    """{service} does not accept the credentials: {reason}"""

    code = "REM001"
    category = "authentication"
    blame = "configuration"
    hint = "Make a new token and set it where `ops config show` says it comes from."


class Forbidden(RemoteError):
    """{service} does not allow this with these credentials: {reason}"""

    code = "REM002"
    category = "authorization"
    blame = "configuration"
    hint = "Give the token the scope that the message names."


class NotLicensed(Forbidden):
    """The licence of {service} does not have this: {reason}"""

    code = "REM015"
    hint = "Do without it, or change the plan at the service. Another token would not help."


class RateLimited(RemoteError):
    """{service} asked us to slow down: {reason}"""

    code = "REM003"
    category = "rate_limit"
    recovery = "retry"
    blame = "us"
    hint = "Nothing to do: the next attempt waits as long as the service asked."


class QuotaExhausted(RemoteError):
    """The quota of {service} is used up: {reason}"""

    code = "REM004"
    category = "quota"
    blame = "us"
    hint = "Calls work again when the quota is reset; buy more calls or read less often if this goes on."


class BudgetExhausted(RemoteError):
    """{service} was not asked, to stay within its limits: {reason}"""

    code = "REM012"
    category = "rate_limit"
    recovery = "retry"
    blame = "us"
    hint = "Try again then; other work spends the same budget. A call with a longer deadline waits."


class CircuitOpen(RemoteError):
    """{service} was not asked, because it keeps failing: {reason}"""

    code = "REM013"
    category = "circuit_open"
    recovery = "retry"
    hint = "It is tried again at {tried_at}; a call whose deadline is later than that waits."


class NotFound(RemoteError):
    """{service} does not have it: {reason}"""

    code = "REM005"
    category = "not_found"
    recovery = "skip"
    blame = "us"
    hint = "Check the id; it may have been archived or merged."


class NotServed(NotFound):
    """This version of {service} does not have it: {reason}"""

    code = "REM016"
    hint = "Update the service; look at the base URL if nothing works at all."


class Conflict(RemoteError):
    """{service} says it conflicts with what is there: {reason}"""

    code = "REM006"
    category = "conflict"
    recovery = "skip"
    blame = "us"
    hint = "Read the record again and decide which side is right."


class Invalid(RemoteError):
    """{service} refuses the values: {reason}"""

    code = "REM007"
    category = "validation"
    recovery = "skip"
    blame = "us"
    hint = "Mend the values that the message names."


class ServerFailed(RemoteError):
    """{service} failed on its side: {reason}"""

    code = "REM008"
    category = "server"
    recovery = "retry"
    hint = "It is tried again by itself; look at the service's status page if this goes on."


class MalformedAnswer(RemoteError):
    """{service} answered with something unreadable: {reason}"""

    code = "REM009"
    category = "server"
    recovery = "retry"
    hint = "A proxy or a maintenance page may stand in between; check the base URL."


class AnswerTooLarge(RemoteError):
    """{service} answered with more than is read: {reason}"""

    code = "REM014"
    category = "server"
    hint = "Ask for less at a time, or raise `http.largest_answer_mb`."


class OutcomeUnknown(RemoteError):
    """Nobody can say whether {service} carried it out: {reason}"""

    code = "REM010"
    category = "outcome_unknown"
    hint = "Read the record before you write it again."


class UnexpectedAnswer(RemoteError):
    """{service} answered with a status we do not expect: {reason}"""

    code = "REM011"
    category = "unknown"
