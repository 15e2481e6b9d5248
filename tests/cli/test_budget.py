"""
`ops budget`: what is left of each limit, and who spent it.
"""

from __future__ import annotations

from tests.cli.conftest import Cli


def test_it_says_what_was_spent_of_each_limit_and_by_whom(cli: Cli) -> None:
    """
    A cycle makes a ping and three searches, and pings again where it doubts the answer; the day has counted
    them, and the process is named once.
    """
    before = cli("budget")
    cli("up", "--once")
    table = cli("budget", "hubspot/teelixir")
    rows = {row["limit_name"]: row for row in cli("budget", "hubspot/teelixir", "--output", "json").json}
    spent = rows["day"]["spent"]

    assert "Nothing was spent" in before.err
    assert {"burst", "search", "associations", "day"} == set(rows)
    assert 4 <= spent <= 8
    assert 250_000 - spent == rows["day"]["remaining"]
    assert [spent] == [each["calls"] for each in rows["day"]["by_process"]]
    assert {"/crm/objects/2026-03/contacts/search": 1}.items() <= {
        each["operation"]: each["calls"] for each in rows["burst"]["by_operation"]
    }.items()
    assert f"{250_000 - spent:,}" in table.out
    assert 1 == table.out.count("/account-info/2026-03/details")


def test_a_connection_that_does_not_exist_is_said_with_what_may_be_meant(cli: Cli) -> None:
    """
    One error, its code, and the nearest name.
    """
    result = cli("budget", "hubspot/telixir")

    assert 2 == result.code
    assert "hubspot/teelixir" in result.err
