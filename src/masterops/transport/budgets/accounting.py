"""
What an attempt teaches its budget: one place, whatever came of it.
"""

from __future__ import annotations

from masterops import errors
from masterops.core import clock
from masterops.transport.budgets.budget import Budget
from masterops.transport.budgets.permit import Permit
from masterops.transport.recording import Call

TOO_MANY = 429  # 423 and 503 are of one record or of the whole service, not of how much we asked


def account_for(budget: Budget, permit: Permit, call: Call, error: errors.RemoteError | None) -> None:
    """
    Settle the permit of an attempt that has just ended in `error`, or well.

    What the answer says is heard before others are let go: those who waited for this call to end must not
    leave into a limit that it has just found reached.
    """
    rate = call.rate
    readings = rate.readings if rate else ()
    if readings:
        budget.read(permit, readings)
    if error is None:
        budget.went_well(permit.bucket, readings)
    elif error.status == TOO_MANY or isinstance(error, errors.QuotaExhausted):
        _refused(budget, permit, error)
    left = call.left
    if error is None and left is not None and permit.alone and budget.alone(permit):
        budget.latency.answered_alone(clock.microseconds() - left)
    permit.settle(sent=left is not None or rate is not None, credit=budget.latency.credit if rate else 0)


def _refused(budget: Budget, permit: Permit, error: errors.RemoteError) -> None:
    if isinstance(error, errors.QuotaExhausted):
        budget.exhaust(permit.bucket)
    else:
        budget.stop(permit.bucket, error.retry_after or 0.0)
