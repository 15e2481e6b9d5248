"""
Channels and alert rules: what a file may say, and what is wrong with one that does not.
"""

from __future__ import annotations

import pytest

from masterops.config import AlertRule, Condition, Escalation, QuietHours, Secret, SeverityBy
from masterops.config.alert_defaults import DEFAULT_RULES
from masterops.config.show import effective
from masterops.errors import ConfigError
from tests.config.conftest import Loading

CHANNEL = '[[channels]]\nname = "ops"\nkind = "slack"\nurl = "env:SLACK_URL"\n'
RULE = '[[alerts.rules]]\nname = "mine"\nsource = "flips"\n'
VIEW = '[[alerts.rules]]\nname = "mine"\nsource = "view:public.stock"\n'


def test_rules_hold_without_any_configuration(loading: Loading) -> None:
    """
    The defaults, told to the log.
    """
    settings = loading()

    assert DEFAULT_RULES == settings.alert_rules
    assert ["log"] == [each.name for each in settings.channels]


def test_a_rule_is_read_whole(loading: Loading) -> None:
    """
    Every key, in the words of the file.
    """
    settings = loading(f"""
[alerts]
time_zone = "Australia/Melbourne"
{CHANNEL}
{VIEW}keys = ["sku"]
where = [{{ field = "left", op = "<", value = 5 }}, {{ field = "kind", op = "in", value = ["tea", "honey"] }}]
severity = {{ field = "kind", tea = "critical", other = "info" }}
summary = "{{sku}} is nearly gone"
reason = "{{left}} left"
for = "5m"
group_by = ["kind"]
channels = ["ops"]
quiet_hours = "22:00-07:30"
escalate = [{{ after = "15m", channels = ["log"] }}]
repeat_every = "4h"
resolve_notice = false
runbook = "https://wiki.example.com/stock"
""")

    assert (
        AlertRule(
            name="mine",
            source="view:public.stock",
            keys=("sku",),
            where=(Condition("left", "<", "5"), Condition("kind", "in", ("tea", "honey"))),
            severity=SeverityBy("info", "kind", {"tea": "critical"}),
            summary="{sku} is nearly gone",
            reason="{left} left",
            hold=300.0,
            group_by=("kind",),
            channels=("ops",),
            quiet=QuietHours(22 * 60, 7 * 60 + 30, "Australia/Melbourne"),
            escalate=(Escalation(900.0, ("log",)),),
            repeat=14_400.0,
            resolve_notice=False,
            runbook="https://wiki.example.com/stock",
            origin="masterops.toml:9",
        )
        == settings.alert_rules[-1]
    )


def test_a_rule_replaces_the_default_of_its_name_or_switches_it_off(loading: Loading) -> None:
    """
    One keeps the page of the default that it replaces.
    """
    settings = loading(
        RULE.replace("mine", "service-down") + '[[alerts.rules]]\nname = "records-lost"\nenabled = false\n'
    )
    names = [each.name for each in settings.alert_rules]

    assert 1 == names.count("service-down")
    assert "records-lost" not in names
    assert "docs/runbooks/service-down.md" == settings.alert_rules[-1].runbook


def test_quiet_hours_of_all_rules_hold_for_the_defaults(loading: Loading) -> None:
    """
    Until a rule has its own.
    """
    settings = loading('[alerts]\nquiet_hours = "22:00-07:00"\n' + RULE + 'quiet_hours = "20:00-08:00"\n')

    assert QuietHours(22 * 60, 7 * 60) == settings.alert_rules[0].quiet
    assert QuietHours(20 * 60, 8 * 60) == settings.alert_rules[-1].quiet


def test_an_address_is_a_secret_and_may_not_be_set_yet(loading: Loading) -> None:
    """
    The channel is there and says what it waits for; nobody sees the address.
    """
    waiting, ready = loading(CHANNEL), loading(CHANNEL, SLACK_URL="https://hooks.example.com/T/B/X")
    shown = {each.key: each.value for each in [*effective(waiting), *effective(ready)]}

    assert not waiting.channels[1].configured
    assert Secret("https://hooks.example.com/T/B/X") == ready.channels[1].secret("url")
    assert "***" == shown["channels.ops.url"]
    assert "env:SLACK_URL (is not set)" in [each.value for each in effective(waiting)]
    assert "hooks.example.com" not in repr(ready)


# id: file, code, line, key, a part of what is said
MISTAKES: dict[str, tuple[str, str, int, str, str]] = {
    "a rule's key": (RULE + 'chanels = ["log"]\n', "CFG002", 4, "alerts.rules[1].chanels", "`channels`"),
    "a channel's key": (CHANNEL + 'adress = "x"\n', "CFG002", 5, "channels[1].adress", "Keys here: name"),
    "one table, not a list": (
        '[channels]\nname = "x"\n',
        "CFG003",
        1,
        "channels",
        "a list of tables: `[[channels]]`",
    ),
    "a list of texts": (
        '[alerts]\nrules = ["x"]\n',
        "CFG003",
        2,
        "alerts.rules",
        "a list of tables: `[[alerts.rules]]`",
    ),
    "no name": ('[[alerts.rules]]\nsource = "flips"\n', "CFG003", 1, "alerts.rules[1].name", "not left out"),
    "no source": ('[[alerts.rules]]\nname = "x"\n', "CFG003", 1, "alerts.rules[1].source", "not left out"),
    "a source": (RULE.replace("flips", "flip"), "CFG003", 3, "alerts.rules[1].source", "`flips`"),
    "a view without its schema": (
        VIEW.replace("public.", ""),
        "CFG003",
        3,
        "alerts.rules[1].source",
        "view:public.my_view",
    ),
    "a view without keys": (VIEW, "CFG003", 1, "alerts.rules[1].keys", "tell one row from another"),
    "a channel": (RULE + 'channels = ["opps"]\n' + CHANNEL, "CFG003", 4, "alerts.rules[1].channels", "`ops`"),
    "a channel for all": ('[alerts]\nchannels = ["lgo"]\n', "CFG003", 2, "alerts.channels", "`log`"),
    "a channel of a step": (
        RULE + 'escalate = [{ after = "5m", channels = ["lok"] }]\n',
        "CFG003",
        4,
        "alerts.rules[1].escalate",
        "`log`",
    ),
    "a field": (
        RULE + 'where = [{ field = "stat", value = "down" }]\n',
        "CFG003",
        4,
        "alerts.rules[1].where",
        "`state`",
    ),
    "a field in a text": (
        RULE + 'summary = "{servic}"\n',
        "CFG003",
        4,
        "alerts.rules[1].summary",
        "`service`",
    ),
    "an operator": (
        RULE + 'where = [{ field = "state", op = "==", value = "down" }]\n',
        "CFG003",
        4,
        "alerts.rules[1].where",
        "one of = !=",
    ),
    "a condition's key": (
        RULE + 'where = [{ feild = "state", value = "down" }]\n',
        "CFG003",
        4,
        "alerts.rules[1].where",
        "`field`",
    ),
    "a list without in": (
        RULE + 'where = [{ field = "state", value = ["down"] }]\n',
        "CFG003",
        4,
        "alerts.rules[1].where",
        "a text, a number",
    ),
    "a severity": (RULE + 'severity = "critcal"\n', "CFG003", 4, "alerts.rules[1].severity", "`critical`"),
    "a severity by nothing": (
        RULE + 'severity = { down = "info" }\n',
        "CFG003",
        4,
        "alerts.rules[1].severity",
        "field",
    ),
    "a span": (RULE + "for = 300\n", "CFG003", 4, "alerts.rules[1].for", "30s, 5m or 2h"),
    "a long span": (RULE + 'for = "1000d"\n', "CFG003", 4, "alerts.rules[1].for", "at most 31 days"),
    "quiet hours": (
        RULE + 'quiet_hours = "10pm-7am"\n',
        "CFG003",
        4,
        "alerts.rules[1].quiet_hours",
        "22:00-07:00",
    ),
    "quiet hours without end": (
        RULE + 'quiet_hours = "07:00-07:00"\n',
        "CFG003",
        4,
        "alerts.rules[1].quiet_hours",
        "another time",
    ),
    "steps that go back": (
        RULE + 'escalate = [{ after = "1h", channels = ["log"] }, { after = "5m", channels = ["log"] }]\n',
        "CFG003",
        4,
        "alerts.rules[1].escalate",
        "later than the one before",
    ),
    "two rules of one name": (RULE + RULE, "CFG003", 5, "alerts.rules[2].name", "a name of its own"),
    "two channels of one name": (CHANNEL + CHANNEL, "CFG003", 6, "channels[2].name", "a name of its own"),
    "a kind of channel": (
        CHANNEL.replace('"slack"', '"slak"'),
        "CFG003",
        3,
        "channels[1].kind",
        "one of slack",
    ),
    "an e-mail without recipients": (
        CHANNEL.replace('"slack"', '"email"') + 'from = "ops@example.com"\n',
        "CFG003",
        1,
        "channels[1].to",
        "kind email",
    ),
    "an address in plain text": (
        CHANNEL.replace("env:SLACK_URL", "https://hooks.slack.com/services/s3cret"),
        "CFG005",
        4,
        "channels[1].url",
        "env:NAME",
    ),
}


@pytest.mark.parametrize("case", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_has_one_error_with_its_line(
    case: tuple[str, str, int, str, str], loading: Loading
) -> None:
    """
    File, line, key, and the right spelling; never the address.
    """
    text, code, line, key, said = case

    with pytest.raises(ConfigError) as refused:
        loading(text)

    assert code == refused.value.code
    assert (f"masterops.toml:{line}", key) == (refused.value.facts["where"], refused.value.facts["key"])
    assert said in f"{refused.value.message} {refused.value.advice}"
    assert "s3cret" not in f"{refused.value.message} {refused.value.advice}"
