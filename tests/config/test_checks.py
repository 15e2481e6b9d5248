"""
`[[checks]]` and `[[maintenance]]`: what they may say, and one error for each mistake.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from masterops.config import Secret
from masterops.core.conditions import Condition
from masterops.errors import ConfigError
from tests.config.conftest import Loading

SHOP = """
[[checks]]
name = "shop"
kind = "http"
url = "https://shop.example/"
"""
DNS = """
[[checks]]
name = "name"
kind = "dns"
host = "shop.example"
"""


def test_a_check_is_what_the_file_says(loading: Loading) -> None:
    """
    Times in seconds, names of checks as their results have them, secrets by reference.
    """
    settings = loading(
        SHOP
        + """
business = "teelixir"
every = "30s"
timeout = "1m"
depends_on = ["name", "hubspot/teelixir"]
headers = { X-Token = "env:SHOP_TOKEN", Accept = "text/html" }
conditions = [{ field = "status", op = "in", value = [200, 204], else = "degraded" }]
"""
        + DNS
        + '[connections."hubspot/teelixir"]\naccess_token = "env:T"\n',
        SHOP_TOKEN="a secret",
        T="t",
    )
    shop, name = settings.checks

    assert ("check/shop", "teelixir", 30.0, 60.0) == (shop.id, shop.business, shop.every, shop.timeout)
    assert ("check/name", "hubspot/teelixir") == shop.depends_on
    assert (Condition("status", "in", [200, 204], "degraded"),) == shop.conditions
    assert {"X-Token": Secret("a secret"), "Accept": "text/html"} == shop.values["headers"]
    assert "a secret" not in repr(settings)
    assert ("get", 5, "https://shop.example/") == tuple(
        shop.values[each] for each in ("method", "redirects", "url")
    )
    assert ("a", 60.0) == (name.values["record"], name.every)


def test_a_check_that_is_switched_off_is_not_there(loading: Loading) -> None:
    """
    But others may still depend on it.
    """
    settings = loading(SHOP + "enabled = false\n" + DNS + 'depends_on = ["shop"]\n')

    assert ["name"] == [each.name for each in settings.checks]


# id: what stands after the shop, line, key, a part of the message or its advice
MISTAKES: dict[str, tuple[str, int, str, str]] = {
    "a key": ('evry = "30s"', 6, "checks[1].evry", "Did you mean `every`?"),
    "a key of another kind": ('host = "a"', 6, "checks[1].host", "Keys here: name, kind"),
    "a span": ("every = 30", 6, "checks[1].every", "such as `30s`"),
    "too often": ('every = "0s"', 6, "checks[1].every", "from 1s"),
    "a business": ('business = "teelixr"', 6, "checks[1].business", "Did you mean `teelixir`?"),
    "a dependency": ('depends_on = ["nam"]' + DNS, 6, "checks[1].depends_on", "Did you mean `name`?"),
    "itself": ('depends_on = ["shop"]', 6, "checks[1].depends_on", "not 'shop'"),
    "a circle": (
        'depends_on = ["name"]' + DNS + 'depends_on = ["shop"]\n',
        6,
        "checks[1].depends_on",
        "free of circles, not one that leads back to 'shop'",
    ),
    "a method": ('method = "FETCH"', 6, "checks[1].method", "one of get"),
    "headers": ("headers = { a = 1 }", 6, "checks[1].headers", "a table of texts"),
    "a secret": ('headers = { X-API-Key = "4711" }', 6, "checks[1].headers.X-API-Key", "in plain text"),
    "no reference": ('headers = { a = "env:NOBODY" }', 6, "checks[1].headers.a", "is not set"),
    "conditions": ("conditions = 1", 6, "checks[1].conditions", "a list of tables"),
    "no field": (
        'conditions = [{ op = "=", value = 1 }]',
        6,
        "checks[1].conditions.0",
        "a table with `field`",
    ),
    "a part": (
        'conditions = [{ field = "status", op = "=", val = 1 }]',
        6,
        "checks[1].conditions.0.val",
        "Did you mean `value`?",
    ),
    "a field": (
        'conditions = [{ field = "statuss", op = "=", value = 1 }]',
        6,
        "checks[1].conditions.0.field",
        "Did you mean `status`?",
    ),
    "an operator": (
        'conditions = [{ field = "status", op = "==", value = 1 }]',
        6,
        "checks[1].conditions.0.op",
        "Did you mean `=`?",
    ),
    "an operator that makes no sense": (
        'conditions = [{ field = "body", op = "<", value = 1 }]',
        6,
        "checks[1].conditions.0.op",
        "for body, which is a text",
    ),
    "a value": (
        'conditions = [{ field = "status", op = "=", value = "200" }]',
        6,
        "checks[1].conditions.0.value",
        "a number, not '200'",
    ),
    "an expression": (
        'conditions = [{ field = "body", op = "matches", value = "(" }]',
        6,
        "checks[1].conditions.0.value",
        "a regular expression",
    ),
    "otherwise": (
        'conditions = [{ field = "status", op = "=", value = 1, else = "donw" }]',
        6,
        "checks[1].conditions.0.else",
        "Did you mean `down`?",
    ),
    "the second condition": (
        'conditions = [\n  { field = "status", op = "=", value = 1 },\n  { field = "x", op = "=", value = 1 },\n]',
        8,
        "checks[1].conditions.1.field",
        "a field of http",
    ),
    "a name twice": (SHOP, 8, "checks[2].name", "that of checks[1]"),
    "no kind": ('[[checks]]\nname = "x"', 6, "checks[2].kind", "left out"),
    "a kind": ('[[checks]]\nname = "x"\nkind = "htp"', 8, "checks[2].kind", "one of http"),
    "no host": ('[[checks]]\nname = "x"\nkind = "tcp"\nport = 1', 6, "checks[2].host", "left out"),
    "no registry": (
        '[[checks]]\nname = "x"\nkind = "domain"\ndomain = "a.com"',
        6,
        "checks[2].rdap_url",
        "RDAP",
    ),
    "a window": ('[[maintenance]]\nname = "x"', 6, "maintenance[1].applies_to", "left out"),
    "a stretch": (
        '[[maintenance]]\nname = "x"\napplies_to = "*"\nweekly = "Sunday"',
        9,
        "maintenance[1].weekly",
        "Sun 02:00-04:00",
    ),
    "both": (
        '[[maintenance]]\nname = "x"\napplies_to = "*"\nweekly = "Sun 02:00-04:00"\nfrom = "2026-12-01"',
        9,
        "maintenance[1].weekly",
        "alone",
    ),
    "backwards": (
        '[[maintenance]]\nname = "x"\napplies_to = "*"\nfrom = 2026-12-02T00:00:00Z\nuntil = 2026-12-01T00:00:00Z',
        10,
        "maintenance[1].until",
        "later than `from`",
    ),
    "no end": (
        '[[maintenance]]\nname = "x"\napplies_to = "*"\nfrom = 2026-12-02T00:00:00Z',
        6,
        "maintenance[1].until",
        "left out",
    ),
    "a window's name": (
        '[[maintenance]]\nname = "x"\napplies_to = ["shop", "hubspt"]\nweekly = "Sun 02:00-04:00"',
        8,
        "maintenance[1].applies_to",
        "Did you mean `hubspot`?",
    ),
    "a zone": (
        '[[maintenance]]\nname = "x"\napplies_to = "*"\nweekly = "Sun 02:00-04:00"\nzone = "Melbourne"',
        10,
        "maintenance[1].zone",
        "Australia/Melbourne",
    ),
}


@pytest.mark.parametrize("id", MISTAKES)
def test_each_mistake_has_one_error(loading: Loading, id: str) -> None:
    """
    With the line, the key, and what would be right.
    """
    text, line, key, said = MISTAKES[id]

    with pytest.raises(ConfigError) as caught:
        loading(SHOP + text + "\n")

    assert key == caught.value.facts["key"]
    assert f"masterops.toml:{line}" == caught.value.facts["where"]
    assert said in f"{caught.value.message} {caught.value.advice}"


def test_a_list_that_is_none_is_refused(loading: Loading) -> None:
    """
    `[checks]` in place of `[[checks]]` is the usual slip.
    """
    with pytest.raises(ConfigError, match=r"a list of tables: `\[\[checks\]\]`"):
        loading('[checks]\nname = "x"\n')


def test_windows_of_maintenance(loading: Loading) -> None:
    """
    Once, with TOML's own moments or as text; and each week in a time zone.
    """
    once, weekly = loading(
        SHOP
        + """
[[maintenance]]
name = "upgrade"
applies_to = ["hubspot", "teelixir"]
from = 2026-12-01T02:00:00+10:00
until = "2026-12-01T04:00+10:00"

[[maintenance]]
name = "backups"
applies_to = "check/shop"
weekly = "Sun 02:00-04:00"
zone = "Australia/Melbourne"
"""
    ).maintenance

    assert datetime(2026, 11, 30, 16, tzinfo=UTC) == once.starts
    assert datetime(2026, 11, 30, 18, tzinfo=UTC) == once.ends
    assert ("hubspot", "teelixir") == once.applies
    assert (("check/shop",), "Australia/Melbourne") == (weekly.applies, weekly.zone)
    assert weekly.weekly is not None
