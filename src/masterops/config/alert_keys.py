"""
The settings of channels and of alert rules, as data.
"""

from __future__ import annotations

from masterops.config import alert_kinds, kinds
from masterops.config.setting import SLUG, Setting

# kind -> the settings that it needs
CHANNEL_KINDS: dict[str, tuple[str, ...]] = {
    "slack": ("url",),
    "teams": ("url",),
    "email": ("url", "from", "to"),
    "webhook": ("url",),
    "apprise": ("url",),
    "log": (),
}

CHANNEL: tuple[Setting, ...] = (
    Setting(
        "name",
        kinds.text("a name in small letters, digits and hyphens", SLUG),
        "How rules call it.",
        required=True,
    ),
    Setting("kind", kinds.choice(*CHANNEL_KINDS), "What it is.", required=True),
    Setting(
        "url",
        kinds.SECRET,
        "Where it is, a secret: Slack's or Teams' webhook address, `smtp://user:password@host:587` "
        "(`smtps://` for TLS from the start), a webhook's address, or one of Apprise.",
        example="env:SLACK_WEBHOOK_URL",
    ),
    Setting(
        "secret",
        kinds.SECRET,
        "What a webhook's messages are signed with; without it they are not.",
        example="env:WEBHOOK_SECRET",
    ),
    Setting(
        "from",
        kinds.text("an e-mail address", r"[^@\s]+@[^@\s]+"),
        "The sender of e-mails.",
        example="ops@example.com",
    ),
    Setting("to", alert_kinds.NAMES, "Who gets the e-mails.", example="a@example.com, b@example.com"),
    Setting("enabled", kinds.BOOLEAN, "false keeps it here without using it.", default=True),
)

RULE: tuple[Setting, ...] = (
    Setting(
        "name",
        kinds.text("a name in small letters, digits and hyphens", SLUG),
        "Its name; that of a default rule replaces the default.",
        required=True,
    ),
    Setting(
        "source",
        kinds.text("a source"),
        "Where its rows are: `flips`, `workflows`, `budgets`, `dead_letters`, `losses`, `notices`, `rules`, "
        "or any view or table as `view:<schema.name>`.",
        required=True,
    ),
    Setting("where", alert_kinds.CONDITIONS, "What a row must be like; all of it.", default=()),
    Setting("keys", alert_kinds.NAMES, "The fields that tell one row from another; required for a view."),
    Setting("severity", alert_kinds.SEVERITY, "How bad it is; only critical alerts break quiet hours."),
    Setting(
        "summary", kinds.text("a text"), "What is said of a row; `{field}` is the value of one of its fields."
    ),
    Setting("reason", kinds.text("a text"), "The line below that; left out, the row's field `reason`."),
    Setting("for", alert_kinds.SPAN, "How long it must hold before it is an alert."),
    Setting("group_by", alert_kinds.NAMES, "Alerts that are alike in these fields are told in one notice."),
    Setting("channels", alert_kinds.NAMES, "Who is told; left out, `alerts.channels`."),
    Setting("quiet_hours", alert_kinds.QUIET, "Its own, instead of `alerts.quiet_hours`."),
    Setting("time_zone", kinds.TIME_ZONE, "Of its quiet hours, instead of `alerts.time_zone`."),
    Setting("escalate", alert_kinds.ESCALATION, "Who else is told when nobody acknowledges it in time."),
    Setting("repeat_every", alert_kinds.SPAN, "How often it is told again while it lasts; left out, never."),
    Setting(
        "resolve_notice", kinds.BOOLEAN, "Whether its end is told to those who were told of it.", default=True
    ),
    Setting("runbook", kinds.text("an address or a path"), "What a notice names for those who must act."),
    Setting(
        "enabled", kinds.BOOLEAN, "false switches it off, a default rule of this name too.", default=True
    ),
)
