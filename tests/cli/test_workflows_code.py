"""
`ops workflows pull, validate, diff, deploy, rollback, library`, against n8n's twin.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from masterops.sandbox import token_for
from tests.cli.conftest import Cli

WORKFLOWS = "workflows"


@pytest.fixture
def ops(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """With an n8n."""
    words = ["-m", "masterops.sandbox", "--business", "teelixir", "--contacts", "1", "--until-stdin-closes"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, *words], **pipes) as twin:  # type: ignore[call-overload]
        url = json.loads(twin.stdout.readline())["url"]
        connection = (
            f'[connections."n8n/teelixir"]\nbase_url = "{url}/n8n"\napi_key = "env:KEY_OF_THE_TWIN"\n'
        )
        (cli.folder / "masterops.toml").write_text(connection)
        monkeypatch.setenv("KEY_OF_THE_TWIN", token_for("n8n", "teelixir"))
        yield cli
        twin.stdin.close()


def files(cli: Cli) -> dict[str, str]:
    """What is in the folder."""
    root = cli.folder / WORKFLOWS
    return {str(each.relative_to(root)): each.read_text() for each in root.rglob("*.json")}


def test_what_is_pulled_is_right_and_pulling_again_changes_nothing(ops: Cli) -> None:
    """
    A dry run writes nothing; n8n is as the files say; a workflow's file is a business's.
    """
    tried = ops(WORKFLOWS, "pull", "--dry-run")
    nothing = (ops.folder / WORKFLOWS).exists()
    first = ops(WORKFLOWS, "pull", "-o", "json")
    written = files(ops)
    second = ops(WORKFLOWS, "pull", "-o", "json")
    differs, checked = ops(WORKFLOWS, "diff"), ops(WORKFLOWS, "validate")

    assert (0, False, 0, 0, 0, 0) == (
        tried.code,
        nothing,
        first.code,
        second.code,
        differs.code,
        checked.code,
    )
    assert ({"new"}, {"same"}) == (
        {row["action"] for row in first.json},
        {row["action"] for row in second.json},
    )
    assert "teelixir/orders-to-unleashed.json" in written
    assert written == files(ops)
    assert "0 error(s), 4 warning(s)." in checked.err


def test_a_workflow_of_the_library_is_written_deployed_and_undone(ops: Cli) -> None:
    """
    The commands that a new user needs, one after the other.
    """
    shelf = ops(WORKFLOWS, "library", "-o", "json")
    added = [
        ops(WORKFLOWS, "library", "add", name, "--business", "Teelixir")
        for name in ("order", "error-recovery")
    ]
    twice = ops(WORKFLOWS, "library", "add", "order", "--business", "teelixir")
    planned = ops(WORKFLOWS, "deploy", "--dry-run", "-o", "json")
    done, again = ops(WORKFLOWS, "deploy", "-o", "json"), ops(WORKFLOWS, "deploy", "-o", "json")
    undone = ops(WORKFLOWS, "rollback", "-o", "json")
    differs = ops(WORKFLOWS, "diff", "-o", "json")

    assert 7 == len(shelf.json)
    assert [0, 0, 2] == [each.code for each in (*added, twice)]
    assert ["create", "create"] == [row["action"] for row in planned.json]
    assert (["create", "create"], ["unchanged", "unchanged"]) == (
        [row["action"] for row in done.json],
        [row["action"] for row in again.json],
    )
    assert ["delete", "delete"] == [row["action"] for row in undone.json]
    assert (1, ["added", "added"]) == (differs.code, [row["change"] for row in differs.json])


def test_an_edit_is_seen_deployed_and_not_pulled_over(ops: Cli) -> None:
    """
    What differs is told with both sides.
    """
    ops(WORKFLOWS, "pull")
    path = ops.folder / WORKFLOWS / "teelixir" / "weekly-report.json"
    path.write_text(path.read_text().replace("0 7 * * 1", "0 9 * * 1"))
    differs = ops(WORKFLOWS, "diff", "-o", "json")
    pulled = ops(WORKFLOWS, "pull", "-o", "json")
    done = ops(WORKFLOWS, "deploy", "-o", "json")

    assert [("Start: rule.interval[0].expression", "0 7 * * 1", "0 9 * * 1")] == [
        (row["where"], row["before"], row["after"]) for row in differs.json
    ]
    assert ["edited"] == [
        row["action"] for row in pulled.json if row["file"] == "teelixir/weekly-report.json"
    ]
    assert "0 9 * * 1" in path.read_text()
    assert 1 == sum(row["action"] == "update" for row in done.json)
    assert 0 == ops(WORKFLOWS, "diff").code


def test_a_workflow_that_is_called_and_is_nowhere_is_refused(ops: Cli) -> None:
    """
    Offline it may be in n8n; where n8n is asked it is an error, and nothing is deployed.
    """
    ops(WORKFLOWS, "pull")
    path = ops.folder / WORKFLOWS / "teelixir" / "weekly-report.json"
    path.write_text(
        path.read_text().replace('"settings": {', '"settings": {"errorWorkflow": "workflow:Tell",')
    )
    offline, asked = ops(WORKFLOWS, "validate", str(path)), ops(WORKFLOWS, "validate", "--live", "-o", "json")
    deployed = ops(WORKFLOWS, "deploy")

    assert (0, True) == (offline.code, "WF027" in offline.out)
    assert 1 == asked.code
    assert ["WF029"] == [row["code"] for row in asked.json if row["severity"] == "error"]
    assert 1 == deployed.code
    assert "calls the workflow 'Tell', which is neither among these files nor in n8n/teelixir" in deployed.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("validate", "nowhere"), 2, "no such file or folder"),
        (("deploy", "broken.json"), 1, "broken.json:1: WF002"),
        (("validate", "broken.json"), 1, "1 error(s)"),
        (("rollback",), 2, "none to undo"),
        (("rollback", "tea"), 2, "an id looks like"),
        (("library", "add", "ordr", "--business", "teelixir"), 2, "Did you mean 'order'?"),
        (("library", "add", "order", "--business", "teelixir", "--set", "CURENCY=A"), 2, "'CURRENCY'?"),
        (("catalogue", "--from", "."), 2, "no n8n-nodes-base in it"),
        (("pull", "--connection", "n8n/nobody"), 2, "n8n/nobody"),
    ],
)
def test_a_mistake_is_one_clear_error(ops: Cli, words: tuple[str, ...], code: int, said: str) -> None:
    """
    With a code of its own, and nothing is written.
    """
    Path("broken.json").write_text("{")
    result = ops(WORKFLOWS, *words)

    assert (code, True) == (result.code, said in result.err)
    assert not (ops.folder / WORKFLOWS).exists()
