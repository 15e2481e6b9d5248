"""
`ops hubspot properties`, in demo mode against a twin.
"""

from __future__ import annotations

import pytest

from tests.cli.conftest import Cli

FILE = """
[contacts.groups.trade]
label = "Trade"

[contacts.properties.tier]
label = "Tier"
type = "enumeration"
group = "trade"
options = ["gold", "silver"]
"""
WORDS = ("hubspot", "properties")


@pytest.fixture
def declared(cli: Cli) -> Cli:
    (cli.folder / "hubspot").mkdir()
    (cli.folder / "hubspot" / "properties.toml").write_text(FILE)
    return cli


def test_a_plan_is_shown_asked_about_and_applied(declared: Cli) -> None:
    """
    The rows of the plan are those that are done; the exit codes say what is the case.
    """
    plan = declared(*WORDS, "plan", "--business", "teelixir", "--exit-code")
    unasked = declared(*WORDS, "apply", "--business", "teelixir")
    done = declared(*WORDS, "apply", "--business", "teelixir", "--yes", "--output", "json")

    assert (4, 2, 0) == (plan.code, unasked.code, done.code)
    assert ["+ create", "+ create"] == [line[:8] for line in plan.out.splitlines()[1:]]
    assert "options gold, silver" in plan.out
    assert "2 to create." in plan.err
    assert "give --yes" in unasked.err
    assert [("ok", "create", "trade"), ("ok", "create", "tier")] == [
        (row["state"], row["action"], row["name"]) for row in done.json
    ]


def test_a_declaration_to_begin_with_is_printed(cli: Cli) -> None:
    """
    A new account has no properties of its own, and the file is empty.
    """
    shown = cli(*WORDS, "show", "contacts", "tickets", "--business", "teelixir")

    assert (0, "") == (shown.code, shown.out)


def test_a_mistake_in_the_file_is_no_plan(declared: Cli) -> None:
    """
    It exits as wrong configuration does, with or without --exit-code, and before anything is asked.
    """
    (declared.folder / "hubspot" / "properties.toml").write_text(FILE.replace("type =", "typ ="))

    wrong = declared(*WORDS, "plan", "--exit-code")
    missing = declared(*WORDS, "plan", "--file", "other.toml")

    assert (2, True) == (wrong.code, "hubspot/properties.toml:7: unknown key" in wrong.err)
    assert (2, True) == (missing.code, "There is no configuration file at other.toml" in missing.err)


def test_what_cannot_be_makes_the_plan_fail(declared: Cli) -> None:
    """
    The row says why, whatever the exit code for changes.
    """
    text = (
        FILE
        + '\n[contacts.properties.jobtitle]\nlabel = "J"\ntype = "number"\ngroup = "contactinformation"\n'
    )
    (declared.folder / "hubspot" / "properties.toml").write_text(text)

    plan = declared(*WORDS, "plan", "--exit-code", "--output", "json")

    assert (1, "blocked") == (plan.code, plan.json[-1]["action"])
    assert "its type is string" in plan.json[-1]["detail"]
