"""
What every setting accepts and refuses, from the list of settings itself.
"""

from __future__ import annotations

import dataclasses
import datetime

import pytest

from masterops.config import Business, Settings, kinds
from masterops.config.keys import BUSINESS, HEARTBEAT, SETTINGS
from masterops.config.services import SERVICES
from masterops.config.setting import Setting
from masterops.config.toml import literal
from masterops.errors import ConfigType
from tests.config.conftest import Loading

# Of every type that TOML has. A kind takes some of them; which, says the second table.
VALUES: dict[str, object] = {
    "true": True,
    "7": 7,
    "0.5": 0.5,
    "nan": float("nan"),
    "inf": float("inf"),
    "a huge number": int("9" * 400),
    '""': "",
    '"?"': "?",
    "[1]": [1],
    "{ a = 1 }": {"a": 1},
    "1979-05-27": datetime.date(1979, 5, 27),
}
TAKEN: dict[str, set[str]] = {
    "number": {"7", "0.5"},
    "share": {"0.5"},
    "whole number": {"7"},
    "id": {"7", '"?"', "a huge number"},
    "reference to a secret": {'"?"'},
    "PostgreSQL address, or a reference to one": {'"?"'},
    kinds.BOOLEAN.name: {"true"},
    "levels by name": {'""'},
    "names": {'""', '"?"'},
    "list of names": {'"?"'},
    "businesses by workflow": {'""'},
    "columns by table": {'""'},
    "shares by lane": {'""'},
    "shares by name": {'""', "{ a = 1 }"},
    "`card` \\| `email`, or several": {'""'},
    kinds.NETWORKS.name: {'""'},
}
EVERY: dict[str, Setting] = {
    **{each.key: each for each in SETTINGS},
    **{f"businesses.x.{each.key}": each for each in BUSINESS},
    **{f"heartbeats.{each.key}": each for each in HEARTBEAT},
    **{
        f"connections.{service}.{each.key}": each
        for service, settings in SERVICES.items()
        for each in settings
    },
}


@pytest.mark.parametrize("setting", EVERY.values(), ids=EVERY.keys())
def test_every_setting_refuses_what_it_cannot_be(setting: Setting) -> None:
    """
    Each type of TOML is taken or refused with an expectation; nothing else comes out.
    """
    taken = set()
    for name, value in VALUES.items():
        try:
            setting.kind.read(value)
        except kinds.Unfit as unfit:
            assert unfit.expected
            assert unfit.got
        else:
            taken.add(name)

    free = {'"?"'} if setting in BUSINESS and setting.name == "name" else set()
    assert TAKEN.get(setting.kind.name, free) == taken


WRITTEN = [each for each in SETTINGS if each.name != "url"]


@pytest.mark.parametrize("setting", WRITTEN, ids=[each.key for each in WRITTEN])
def test_a_wrong_type_in_the_file_names_line_and_key(loading: Loading, setting: Setting) -> None:
    """
    For every setting of the list, through the whole of loading.
    """
    head = f"[{setting.section}]" if setting.section else "# no table"

    with pytest.raises(ConfigType) as caught:
        loading(f"\n{head}\n{setting.name} = [1]\n")

    assert "masterops.toml:3" == caught.value.facts["where"]
    assert setting.key == caught.value.facts["key"]
    assert "a list" == caught.value.facts["got"]


# A value of each that is not its default.
OTHERS: dict[str, object] = {
    "demo": False,
    "database.url": "postgresql://me@localhost/x",
    "log.level": "error",
    "log.levels": "hubspot=debug",
    "log.burst": 5,
    "log.sample": "orders.row=0.5",
    "log.redact": "card",
    "log.otlp": True,
    "log.console": "json",
    "log.durability": "fsync",
    "log.spool_max_mb": 64,
    "log.when_full": "block",
    "log.block_seconds": 1.5,
    "schedule.cycle": "*/2 * * * *",
    "schedule.retention": "0 0 1,15 * *",
    "retention.integration_logs_days": 7,
    "retention.workflow_logs_days": 8,
    "retention.api_metrics_days": 9,
    "retention.health_checks_days": 10,
    "retention.debug_days": 11,
    "retention.info_days": 12,
    "retention.warn_days": 13,
    "retention.error_days": 14,
    "http.timeout_seconds": 0.25,
    "http.deadline_seconds": 90,
    "http.max_attempts": 7,
    "http.largest_answer_mb": 7,
    "web.enabled": False,
    "web.host": "0.0.0.0",
    "web.port": 8080,
    "web.base_url": "https://ops.example.com",
    "web.body_limit_kb": 64,
    "web.trusted_proxies": "10.0.0.0/8, ::1",
    "web.log_share": 0.5,
    "web.pings_per_minute": 7,
    "alerts.link": "https://ops.example.com",
    "alerts.channels": "log",
    "alerts.quiet_hours": "22:00-07:00",
    "alerts.time_zone": "Australia/Melbourne",
    "alerts.group_wait_seconds": 5,
    "alerts.default_rules": False,
    "health.failures": 3,
    "health.looks": 5,
    "health.successes": 3,
    "health.repeat_seconds": 0.5,
    "health.slow_ms": 1500,
    "health.flap_changes": 7,
    "health.flap_minutes": 10,
    "health.quiet_minutes": 5,
    "health.longest_lag_seconds": 2,
    "health.anchors": "router.lan:80, example.com",
    "health.at_once": 50,
    "health.token_days": 30,
    "health.version_days": 180,
    "health.quota_pct": 5,
    "health.clock_seconds": 5,
    "health.spool_minutes": 3,
    "health.disk_mb": 100,
    "health.sessions_pct": 80,
    "health.replication_mb": 16,
    "health.target_pct": 99.9,
    "sandbox.host": "localhost",
    "sandbox.port": 8080,
    "sandbox.seed": 7,
    "sandbox.unleashed": True,
    "sandbox.n8n": True,
    "sandbox.supabase": True,
}
SET_BY_VARIABLE = [(each, name) for each in SETTINGS for name in each.variables]


@pytest.mark.parametrize(("setting", "name"), SET_BY_VARIABLE, ids=[name for _, name in SET_BY_VARIABLE])
def test_every_variable_sets_its_setting(loading: Loading, setting: Setting, name: str) -> None:
    """
    A value in a variable is the value in the file.
    """
    value = OTHERS[setting.key]
    table = f"[{setting.section}]\n" if setting.section else ""

    by_file = _read(loading(f"{table}{setting.name} = {literal(value)}\n"), setting)
    by_variable = loading("", **{name: str(value)})

    assert by_file == _read(by_variable, setting)
    assert by_file != setting.default
    assert f"environment variable {name}" == str(by_variable.origins[setting.key])


def _read(settings: Settings, setting: Setting) -> object:
    return getattr(getattr(settings, setting.section) if setting.section else settings, setting.name)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", True),
        ("true", True),
        ("YES", True),
        (" on ", True),
        ("0", False),
        ("False", False),
        ("off", False),
    ],
)
def test_a_variable_says_yes_and_no_in_many_words(loading: Loading, text: str, value: bool) -> None:
    """
    What people write in variables for true and false.
    """
    settings = loading(MASTEROPS_DEMO=text)

    assert value is settings.demo


@pytest.mark.parametrize(("text", "level"), [("INFO", "info"), ("Warning", "warn"), ("debug", "debug")])
def test_levels_are_taken_as_other_programs_write_them(loading: Loading, text: str, level: str) -> None:
    """
    LOG_LEVEL is shared with other programs, and they write it in capitals.
    """
    settings = loading(LOG_LEVEL=text)

    assert level == settings.log.level


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("http.timeout_seconds", 0),
        ("http.timeout_seconds", -1),
        ("http.timeout_seconds", 3601),
        ("http.max_attempts", 0),
        ("http.max_attempts", 21),
        ("sandbox.port", -1),
        ("sandbox.port", 65536),
        ("sandbox.seed", -1),
    ],
)
def test_a_number_out_of_bounds_names_the_bounds(loading: Loading, key: str, value: int) -> None:
    """
    A number that would never work is refused at start.
    """
    section, name = key.split(".")

    with pytest.raises(ConfigType) as caught:
        loading(f"[{section}]\n{name} = {value}\n")

    assert str(value) == caught.value.facts["got"]
    assert "to " in str(caught.value.facts["expected"])


@pytest.mark.parametrize("written", ['"13h"', '"0s"', '"often"', "300"])
def test_how_often_a_connection_is_looked_at_is_a_span_of_up_to_half_a_day(
    loading: Loading, written: str
) -> None:
    """
    More would be silence that is reported.
    """
    with pytest.raises(ConfigType) as caught:
        loading(f'[connections."unleashed/teelixir"]\ncheck_every = {written}\n')

    assert "masterops.toml:2" in str(caught.value.facts["where"])
    assert written.strip('"') in str(caught.value.facts["got"])


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("http://127.0.0.1:8080/hubspot", "http://127.0.0.1:8080/hubspot"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_url_is_kept_without_its_last_slash(written: str, kept: str) -> None:
    """
    Paths are put behind it.
    """
    assert kept == kinds.URL.read(written)


@pytest.mark.parametrize(
    "url", ["api.example.com", "ftp://x", "https://", "https://a b", "https://x:port", "https://x?k=s3cret"]
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    """
    And a query, which may hold a key, is not quoted.
    """
    with pytest.raises(kinds.Unfit) as caught:
        kinds.URL.read(url)

    assert "s3cret" not in str(caught.value)


def test_the_classes_hold_what_the_list_names(loading: Loading) -> None:
    """
    The list of settings and the classes that carry them cannot drift apart.
    """
    settings = loading()
    sections = {each.section for each in SETTINGS if each.section}

    for section in sections:
        listed = [each.name for each in SETTINGS if each.section == section]
        assert listed == [each.name for each in dataclasses.fields(getattr(settings, section))]
    assert ["slug", *(each.name for each in BUSINESS)] == [each.name for each in dataclasses.fields(Business)]
