"""
The rules that hold without any configuration. Each has a page in docs/runbooks.
"""

from __future__ import annotations

from masterops.config.alert_sources import SOURCES
from masterops.config.alerting import AlertRule, Condition, SeverityBy

RUNBOOKS = "docs/runbooks"
# Looked at for so long before anybody is told of a service that answers, but badly.
DEGRADED_SECONDS = 300.0


def _rule(
    name: str,
    source: str,
    *where: Condition,
    severity: SeverityBy | None = None,
    hold: float = 0.0,
    summary: str = "",
) -> AlertRule:
    known = SOURCES[source]
    return AlertRule(
        name=name,
        source=source,
        keys=known.keys,
        where=where,
        severity=severity or SeverityBy(),
        summary=summary or known.summary,
        hold=hold,
        group_by=known.group_by,
        runbook=f"{RUNBOOKS}/{name}.md",
    )


DEFAULT_RULES: tuple[AlertRule, ...] = (
    _rule(
        "service-down",
        "flips",
        Condition("state", "=", "down"),
        # A heartbeat says itself how bad it is.
        severity=SeverityBy("critical", "severity", {"warning": "warning"}),
    ),
    _rule(
        "service-degraded",
        "flips",
        Condition("state", "in", ("degraded", "late")),
        # What another rule tells by the workflow's, or the limit's, own name.
        Condition("check_name", "not in", ("workflows", "quota")),
        hold=DEGRADED_SECONDS,
    ),
    _rule(
        "workflow-problem",
        "workflows",
        Condition("severity", "in", ("warning", "critical")),
        severity=SeverityBy("warning", "severity", {"critical": "critical"}),
    ),
    _rule(
        "quota-runs-out",
        "budgets",
        Condition("outlook", "in", ("run out", "are used up")),
        severity=SeverityBy("warning", "outlook", {"are used up": "critical"}),
    ),
    _rule(
        "quota-spent",
        "budgets",
        Condition("window", "=", "month"),
        Condition("step", ">=", "80"),
        # An alert is told again when it is worse: so once at each step.
        severity=SeverityBy("info", "step", {"90": "warning", "95": "critical"}),
        summary="{step} % of {service}'s calls of the {window} are spent",
    ),
    _rule("records-refused", "dead_letters"),
    _rule("records-lost", "losses", severity=SeverityBy("critical")),
    _rule("notices-undelivered", "notices"),
    _rule("rule-unreadable", "rules"),
)
