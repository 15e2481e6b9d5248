"""
What is wrong with a file is said with a code, a line and a way to mend it, whatever the file is.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.workflows.code import CODES, validate
from masterops.workflows.code.catalogue import ours
from masterops.workflows.code.reports import junit, sarif
from tests.workflows.code.making import chain, data, hook, node


def codes(*files: Any, **there: Any) -> set[str]:
    """The codes of what is wrong with these workflows, or bytes."""
    given = {
        f"teelixir/{n}.json": each if isinstance(each, bytes) else data(each) for n, each in enumerate(files)
    }
    return {each.code for each in validate(given, ours(), **there).problems}


def cron(text: str) -> dict[str, Any]:
    """A workflow with that schedule."""
    rule = {"interval": [{"field": "cronExpression", "expression": text}]}
    return chain(node("Clock", "scheduleTrigger", 1.2, rule=rule), node("End"))


BEARER = {"parameters": [{"name": "Authorization", "value": "Bearer abcdef-123456-ghijkl"}]}
ASKING = chain(hook(), node("Code", "code", 2, jsCode="return $('Hok').all()"))
TO_NOTHING = chain(hook(), connections={"Hook": {"main": [[{"node": "Gone", "type": "main", "index": 0}]]}})
FROM_NOTHING = chain(hook(), connections={"Gone": {"main": [[{"node": "Hook", "type": "main", "index": 0}]]}})
ONE_BACK = {"main": [[{"node": "End", "type": "main", "index": 0}]]}
CREDENTIAL = chain({**hook(), "credentials": {"httpHeaderAuth": {"name": "Shop"}}})


@pytest.mark.parametrize(
    ("code", "workflow"),
    [
        ("WF002", b'{"name": "Tea",\n "nodes": [}'),
        ("WF002", b"\xff\xfe"),
        ("WF002", b'{"name": NaN}'),
        ("WF002", b'{"name": "a", "name": "b"}'),
        ("WF002", b'"\\ud800"'),
        ("WF002", b"1" * 5_000),
        ("WF003", b" " * (10 * 1024 * 1024 + 1)),
        ("WF004", b"[" * 10_000),
        ("WF004", b"[]"),
        ("WF004", chain(hook(), connections=[])),
        ("WF005", chain(hook() | {"position": None})),
        ("WF006", chain(hook(), node("End"), node("End"))),
        ("WF007", chain(hook(), node("End", "noOpp"))),
        ("WF008", chain(hook(), node("End", "set", 99))),
        ("WF009", chain(hook(), node("Call", "httpRequest", 4.2, method="GET"))),
        ("WF009", chain(node("Hook", "webhook", 2))),
        ("WF010", chain(node("Hook", "webhook", 2, path="a", httpMethod="POSTT"))),
        ("WF011", chain(node("Hook", "webhook", 2, path="a", responsMode="lastNode"))),
        ("WF012", TO_NOTHING),
        ("WF012", FROM_NOTHING),
        ("WF013", chain(hook(), node("End"), connections={"Hook": {"main": [[], *ONE_BACK["main"]]}})),
        ("WF014", chain(hook(), node("End"), connections={})),
        ("WF015", chain(hook(), node("End"), connections={"Hook": ONE_BACK, "End": ONE_BACK})),
        ("WF016", chain(node("End"))),
        ("WF016", chain()),
        ("WF019", ASKING),
        ("WF019", chain(hook(), node("Set", "set", 3.4, jsonOutput='={{ $node["Hok"].json.a }}'))),
        ("WF020", chain(hook(), node("Call", "httpRequest", 4.2, url="http://a", headerParameters=BEARER))),
        ("WF021", chain(hook(), settings={})),
        ("WF022", cron("0 7 30 2 *")),
        ("WF022", cron("0 0 7 31 4,6,9,11 *")),
        ("WF023", cron("0 25 * * *")),
        ("WF024", chain(hook(), node("Call", "httpRequest", 4.2, url="http://a/***"))),
        ("WF025", chain(hook("{{PATH}}"))),
        ("WF027", chain(hook(), settings={"errorWorkflow": "workflow:Nobody"})),
        ("WF028", chain({**hook(), "type": "n8n-nodes-tea.kettle"})),
    ],
)  # fmt: skip
def test_each_mistake_has_its_code(code: str, workflow: Any) -> None:
    """
    Also where the file has others.
    """
    assert code in codes(workflow)


@pytest.mark.parametrize(
    "workflow",
    [
        chain(hook(), node("End")),
        cron("0 7 1,31 2,3 *"),
        cron("0 7 30 2 1"),
        chain(hook(), node("Call", "httpRequest", 4.2, url="={{ $json.url }}", method="={{ $json.how }}")),
        chain(hook(), node("Code", "code", 2, jsCode="const token = $('Hook').first().json.token;")),
        chain(hook(), {**node("Old"), "type": "n8n-nodes-base.someServiceOfItsOwn"}),
    ],
    ids=["plain", "some months have it", "or on a Monday", "expressions", "code", "not in our catalogue"],
)
def test_what_is_right_is_not_complained_of(workflow: Any) -> None:
    """
    Nor what cannot be known.
    """
    assert set() == codes(workflow)


def test_a_loop_over_items_is_legal() -> None:
    """
    It leads out by itself when it has gone round.
    """
    loop = node("Loop", "splitInBatches", 3)
    links = {
        "Hook": {"main": [[{"node": "Loop", "type": "main", "index": 0}]]},
        "Loop": {"main": [[], [{"node": "End", "type": "main", "index": 0}]]},
        "End": {"main": [[{"node": "Loop", "type": "main", "index": 0}]]},
    }

    assert set() == codes(chain(hook(), loop, node("End"), connections=links))


def test_files_are_held_against_each_other_and_against_what_is_there() -> None:
    """
    Two with one webhook or one name; a credential that is not among those given.
    """
    assert {"WF017", "WF026"} == codes(chain(hook()), chain(hook()))
    assert {"WF018"} == codes(CREDENTIAL, credentials={("httpHeaderAuth", "Shops")})
    assert set() == codes(CREDENTIAL, credentials={("httpHeaderAuth", "Shop")})


def test_a_problem_says_where_it_is_and_how_it_is_mended() -> None:
    """
    The line is that of the node; of broken JSON that of the mistake.
    """
    asking = validate({"a.json": data(ASKING)}, ours()).problems[0]
    broken = validate({"a.json": b'{\n"name": ]'}, ours()).problems[0]
    lines = data(ASKING).decode().splitlines()

    assert (2, "a.json") == (broken.line, broken.file)
    assert asking.line is not None
    assert '"name": "Code"' in lines[asking.line]
    assert ("Code", "error", "Did you mean `Hook`?") == (asking.node, asking.severity, asking.fix)


def test_a_secret_is_never_in_what_is_said() -> None:
    """
    Its place is.
    """
    call = node("Call", "httpRequest", 4.2, url="http://a", headerParameters=BEARER)
    said = repr(validate({"a.json": data(chain(hook(), call))}, ours()).problems)

    assert "abcdef-123456" not in said
    assert "headerParameters.parameters[0].value" in said


def test_other_programs_can_read_it() -> None:
    """
    SARIF with a rule for every code; JUnit with a failure for each error, also of odd names.
    """
    found = validate(
        {
            "a\x01<.json": data(ASKING),
            "b.json": data(
                chain(hook("b"), node("End"), name="B", settings={"errorWorkflow": "workflow:Tea"})
            ),
        },
        ours(),
    )
    log = json.loads(json.dumps(sarif(found.problems)))["runs"][0]
    suite = ElementTree.fromstring(junit(["a\x01<.json", "b.json"], found.problems).encode())

    assert set(CODES) == {rule["id"] for rule in log["tool"]["driver"]["rules"]}
    assert ["WF019"] == [result["ruleId"] for result in log["results"]]
    assert ("2", "1") == (suite.get("tests"), suite.get("failures"))


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
NAMES = st.sampled_from(
    ["name", "nodes", "connections", "settings", "tags", "active", "Hook", "main", "parameters", "type",
     "typeVersion", "position", "credentials", "path", "httpMethod", "rule", "interval", "expression"]
)  # fmt: skip
WHOLE = chain(hook(), *cron("* * * * *")["nodes"], node("Switch", "switch", 3.2, rules={"values": [{}]}))


@given(st.binary(max_size=200))
def test_no_bytes_are_too_much(raw: bytes) -> None:
    """
    They are no workflow, and that is all.
    """
    assert validate({"a.json": raw}, ours()).errors


@given(st.data())
def test_no_workflow_is_too_odd(draw: st.DataObject) -> None:
    """
    Whatever stands in whichever place, there is an answer and it can be printed.
    """
    workflow = json.loads(data(WHOLE))
    for _ in range(draw.draw(st.integers(1, 4))):
        _mutate(workflow, draw)
    found = validate({"a.json": json.dumps(workflow).encode()}, ours())

    json.dumps(sarif(found.problems)).encode()
    junit(["a.json"], found.problems).encode()


def _mutate(value: Any, draw: st.DataObject) -> None:
    """Put something else somewhere."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys or draw.draw(st.booleans()):
            break
        key = draw.draw(st.sampled_from(keys))
        if not isinstance(value[key], dict | list):
            value[key] = draw.draw(JSON)
            return
        value = value[key]
    if isinstance(value, dict):
        value[draw.draw(NAMES)] = draw.draw(JSON)
    else:
        value.append(draw.draw(JSON))
