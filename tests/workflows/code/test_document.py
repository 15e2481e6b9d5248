"""
One workflow is one file, whichever server it comes from; secrets are seen.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.config import cron
from masterops.workflows.code import canonical, differences, plan_pull
from masterops.workflows.code.document import text
from masterops.workflows.code.secrets import masked, secrets
from tests.workflows.code.making import TEA, chain, hook, node

KEY = "Bearer abcdef-123456-ghijkl"


def test_what_changes_by_itself_is_not_in_the_file() -> None:
    """
    Another server's ids, moments and order make the same bytes; other workflows and credentials have names.
    """
    nodes = [{**hook(), "id": "1", "webhookId": "2", "position": [0.4, 0]}, {**node("End"), "id": "3"}]
    nodes[1]["credentials"] = {"smtp": {"id": "9", "name": "Mail"}}
    raw = {
        **chain(*nodes),
        "id": "4",
        "versionId": "5",
        "updatedAt": "now",
        "pinData": {},
        "staticData": {"a": 1},
    }
    raw["settings"] = {"errorWorkflow": "77", "callerPolicy": "any"}
    one = canonical(raw, name_of={"77": "Errors"}.get)
    other = canonical({**raw, "nodes": nodes[::-1], "id": "x"}, name_of={"77": "Errors"}.get)

    assert text(one) == text(other) == text(canonical(one))
    assert {"errorWorkflow": "workflow:Errors"} == one["settings"]
    assert {"smtp": {"name": "Mail"}} == one["nodes"][0]["credentials"]
    assert not any(word in text(one) for word in ("versionId", "webhookId", "pinData", '"id"', "now"))


def test_links_do_not_depend_on_the_order_of_their_keys() -> None:
    """
    The same links, the same bytes.
    """
    ways = [{"node": "End", "type": "main", "index": 0}, {"index": 1, "type": "main", "node": "End"}]
    one, other = (
        canonical({**TEA, "connections": {"Hook": {"main": [some]}}})
        for some in (ways, [dict(reversed(way.items())) for way in reversed(ways)])
    )

    assert text(one) == text(other)


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"headers": [{"name": "Authorization", "value": KEY}]}, ["headers[0].value"]),
        ({"url": "https://a.example/?api_key=abcdef123456"}, ["url"]),
        ({"password": "correct-horse"}, ["password"]),
        ({"jsCode": "const token = 'abcdefgh12345678';"}, ["jsCode"]),
        ({"jsCode": "const token = item.json.token;"}, []),
        ({"value": "=Bearer {{ $json.token }}"}, []),
        ({"password": "={{ $env.PASSWORD }}"}, []),
        ({"authentication": "headerAuth", "url": "https://a.example/token"}, []),
    ],
)
def test_a_secret_is_seen_and_an_expression_is_none(parameters: Any, where: list[str]) -> None:
    """
    By its place; masked, there is none left.
    """
    assert where == [each.where for each in secrets(parameters)]
    assert [] == secrets(masked(parameters))


def test_a_workflow_with_a_secret_is_not_written() -> None:
    """
    Unless it is masked, which is said; what differs is told without it.
    """
    secret = canonical(chain(hook(), node("Call", "httpRequest", 4.2, url="http://a", key=KEY)))
    refused = plan_pull({"1": secret}, {"1": "group"}, {}, {})[0]
    told = plan_pull({"1": secret}, {"1": "group"}, {}, {}, mask=True)[0]

    assert ("secret", None) == (refused.action, refused.document)
    assert "Call: key" in refused.detail
    assert ("new", "masked: Call: key") == (told.action, told.detail)
    assert KEY not in repr((told, refused, differences(TEA, secret)))


def test_two_workflows_of_one_name_have_two_files() -> None:
    """
    A name without a letter that a file may have, too.
    """
    live = {id: {**TEA, "name": name} for id, name in (("1", "Tea"), ("2", "tea!"), ("3", "茶"))}

    assert ["group/tea-2.json", "group/tea.json", "group/workflow.json"] == [
        each.file for each in plan_pull(live, dict.fromkeys(live, "group"), {}, {})
    ]


@given(st.integers(1, 31), st.integers(1, 12))
def test_a_day_that_there_is_comes(day: int, month: int) -> None:
    """
    The 29th of February does, in some years.
    """
    longest = 29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31

    assert (day > longest) != cron.comes(f"0 7 {day} {month} *")
