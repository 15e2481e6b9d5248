"""
What a call leaves behind: a row of metrics an attempt, one log record in all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from masterops import errors
from masterops.core import clock
from masterops.core.ids import uuid7
from masterops.logs import ApiMetric, CallLines, Lines, Logger, redact_text
from masterops.transport.outcome import Reply
from masterops.transport.request import Rate, Request, Target

NO_RATE = Rate()


@dataclass(slots=True)
class Call:
    """
    One logical call under way. Of the attempt that runs now, `left` is when it left this machine, in
    microseconds (None: not yet), `rate` what its answer said of the budget (None: no answer yet), and `shown`
    the credentials that it showed. `renewed` says that they were replaced once.
    """

    target: Target
    request: Request
    start: float
    body: bytes | None = field(default=None, repr=False)
    attempt: int = 0
    left: int | None = None
    rate: Rate | None = None
    shown: Mapping[str, str] = field(default_factory=dict, repr=False)
    renewed: bool = False

    @property
    def sent(self) -> bool:
        """Whether the attempt may have left this machine."""
        return self.left is not None

    def begin(self) -> None:
        """The next attempt."""
        self.attempt += 1
        self.left = self.rate = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    Why something did not end well, as it is written down.
    """

    message: str
    category: errors.Category
    level: Literal["warn", "error"] = "warn"
    code: str | None = None
    blame: errors.Blame | None = None
    request_id: str | None = None  # the service's own name for the request


def trouble_of(error: errors.RemoteError) -> Trouble:
    """An error, as it is written down."""
    level: Literal["warn", "error"] = "warn" if error.recovery == "skip" else "error"
    return Trouble(
        error.message, error.category, level, error.code, blame=error.blame, request_id=error.request_id
    )


def cancelled(call: Call) -> Trouble:
    """Somebody ended the call: of a write that had left, nobody can say what became of it."""
    if call.sent and not call.request.repeatable:
        kind = errors.OutcomeUnknown
        return Trouble("cancelled; outcome unknown", kind.category, code=kind.code)
    return Trouble("cancelled", "unknown")


class Recorder:
    """
    Writes down what the calls of one operation at one connection leave behind: a row of metrics an attempt,
    and one log record a call. What is the same in all of them is made ready once.
    """

    __slots__ = ("_event", "_lines", "_log", "_measure", "_well")

    def __init__(
        self, event: str, log: Logger, measure: Callable[[ApiMetric], None], lines: CallLines | None
    ) -> None:
        self._event = event
        self._log, self._well = log, log.child(status="success")
        self._measure = measure
        self._lines = lines

    def went_well(self, call: Call, start: float, reply: Reply) -> None:
        """A call ended well with the attempt that began at `start`."""
        now, rate, lines = clock.ticks(), call.rate, self._lines
        call_ms = (now - call.start) * 1000
        if lines is not None and lines.write(
            call_ms, (now - start) * 1000, call.attempt, reply.status, len(reply.body), rate or NO_RATE
        ):
            return
        self._measure(metric(call, start, reply, None))
        self._well.info(self._event, duration_ms=call_ms, attempts=call.attempt)

    def attempt_failed(self, call: Call, start: float, reply: Reply | None, trouble: Trouble) -> None:
        """An attempt, which began at `start`, has ended otherwise."""
        self._measure(metric(call, start, reply, trouble))

    def failed(self, call: Call, trouble: Trouble) -> None:
        """A call has failed for good, or was ended by somebody."""
        facts: dict[str, object] = {"error": trouble.message, "error_category": trouble.category}
        known = {"error_code": trouble.code, "blame": trouble.blame, "request_id": trouble.request_id}
        facts |= {name: value for name, value in known.items() if value}
        facts |= {"duration_ms": (clock.ticks() - call.start) * 1000, "attempts": call.attempt}
        self._log.log(trouble.level, self._event, status="error", **facts)


class Recorders:
    """
    Makes recorders. With `lines`, calls that went well are written as the lines that they are in the spool.
    """

    def __init__(self, log: Logger, measure: Callable[[ApiMetric], None], lines: Lines | None = None) -> None:
        self._log = log
        self._measure = measure
        self._lines = lines

    def of(self, call: Call) -> Recorder:
        """The recorder of all calls like this one."""
        target, request = call.target, call.request
        event = f"{target.service}.{request.operation}"
        log = self._log.child(
            source=target.service,
            service=target.service,
            connection=target.connection,
            business=target.business,
            operation=request.operation,
        )
        lines = None
        if self._lines is not None:
            well = log.child(status="success")
            lines = CallLines(self._lines, well, event, metric(call, 0.0, None, None))
        return Recorder(event, log, self._measure, lines)


def metric(call: Call, start: float, reply: Reply | None, trouble: Trouble | None) -> ApiMetric:
    """The row of one attempt, which began at `start`."""
    target, request = call.target, call.request
    rate = call.rate
    return ApiMetric(
        id=uuid7(),
        created_at=clock.now(),
        service=target.service,
        endpoint=request.endpoint,
        method=request.method,
        success=trouble is None,
        duration_ms=(clock.ticks() - start) * 1000,
        attempt=call.attempt,
        operation=request.operation,
        status_code=reply.status if reply else None,
        response_size_bytes=len(reply.body) if reply else None,
        rate_limit_remaining=rate.remaining if rate else None,
        rate_limit_reset_at=rate.resets_at if rate else None,
        error_message=redact_text(trouble.message) if trouble else None,
        error_category=trouble.category if trouble else None,
        business_id=target.business,
        integration_id=target.connection,
    )
