"""
Heartbeats in the file: what is read, and what is wrong with it in words.
"""

from __future__ import annotations

import pytest

from masterops.config import Heartbeat, Secret
from masterops.errors import ConfigError, ConfigInlineSecret
from tests.config.conftest import Loading

GOOD = """
[[heartbeats]]
name = "nightly-backup"
business = "teelixir"
cron = "30 2 * * *"
zone = "Australia/Melbourne"
grace = "30m"
token = "env:BACKUP_TOKEN"

[[heartbeats]]
name = "orders"
every = "15m"
"""


def test_they_are_read_with_their_defaults_and_their_secrets(loading: Loading) -> None:
    """
    A token whose variable is not set is no error: it can be given by command.
    """
    token = "a-secret-of-enough-letters"
    backup, orders = loading(GOOD, BACKUP_TOKEN=token).heartbeats

    assert Secret(token) == backup.token
    assert ("teelixir", "30 2 * * *", "30m", "critical") == (
        backup.slug, backup.cron, backup.grace, backup.severity,
    )  # fmt: skip
    assert Heartbeat(name="orders", business="group", every="15m") == orders
    assert orders.slug is None
    assert loading(GOOD).heartbeats[0].token is None


def table(*lines: str) -> str:
    return "\n".join(["[[heartbeats]]", *lines])


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        (table('name = "a"'), "masterops.toml:1", "`heartbeats.a.every` must be given, or `cron` in its place"),
        (table('name = "a"', 'every = "1h"', 'cron = "0 0 * * *"'), "masterops.toml:3", "not both"),
        (table('every = "1h"'), "masterops.toml:1", '`heartbeats."number 1".name` must be given'),
        (table('name = "a"', 'every = "soon"'), "masterops.toml:3", "a span such as 90s"),
        (table('name = "a"', 'every = "0s"'), "masterops.toml:3", "more than nothing"),
        (table('name = "a"', 'evry = "1h"'), "masterops.toml:3", "unknown key `heartbeats.a.evry`"),
        (table('name = "a"', 'every = "1h"', 'business = "nobody"'), "masterops.toml:4", "a business's slug"),
        (table('name = "a"', 'every = "1h"', 'depends_on = "hubspt"'), "masterops.toml:4", "the name of a check, or a connection"),
        (table('name = "A b"', 'every = "1h"'), "masterops.toml:2", "small letters"),
        (table('name = "a"', 'every = "1h"') + "\n" + table('name = "a"', 'every = "1h"'), "masterops.toml:5", "of its own"),
        ("[heartbeats]\na = 1", "masterops.toml:1", "a list of tables"),
        ("heartbeats = [1]", "masterops.toml:1", "a list of something else"),
    ],
)  # fmt: skip
def test_what_is_wrong_says_where_and_what(loading: Loading, text: str, where: str, said: str) -> None:
    """
    The line, the key, and what would be right.
    """
    with pytest.raises(ConfigError) as caught:
        loading(text)

    assert where == caught.value.facts["where"]
    assert said in caught.value.message


def test_a_token_may_not_stand_in_the_file_nor_be_short(loading: Loading) -> None:
    """
    And is not quoted by the error.
    """
    inline = table('name = "a"', 'every = "1h"', 'token = "short"')
    by_reference = table('name = "a"', 'every = "1h"', 'token = "env:T"')

    with pytest.raises(ConfigInlineSecret):
        loading(inline)
    with pytest.raises(ConfigError, match="16 to 128") as caught:
        loading(by_reference, T="my-short-one")
    assert "my-short-one" not in str(caught.value)


def test_it_may_depend_on_checks_and_connections(loading: Loading) -> None:
    """
    By the names that their results have, as checks do; what is switched off may be named as well.
    """
    check = '[[checks]]\nname = "shop"\nkind = "tcp"\nhost = "shop.example"\nport = 443\nenabled = false\n'
    beat = table('name = "a"', 'every = "1h"', 'depends_on = ["shop", "hubspot/teelixir"]')
    settings = loading(check + beat)

    assert {"heartbeat/a": ("check/shop", "hubspot/teelixir")} == settings.needs
