"""
`ops run`: finds scripts, lets one of a name run at a time, and leaves a record of each.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from masterops.app.script_runs import runs_of
from masterops.app.scripts import Script, find, scripts
from masterops.errors import BadValue, UnknownName
from tests.cli.conftest import Cli
from tests.scripts.conftest import script

SLEEPER = "import sys, time\nprint('begun', flush=True)\ntime.sleep(60)\n"


def test_a_script_gets_its_arguments_and_gives_its_exit_code(ops: Cli) -> None:
    """
    What stands behind its name is its own, options too.
    """
    word = script(ops.folder, "mine/echo", "import sys\nprint(sys.argv[1:])\nsys.exit(4)\n")

    done = ops("run", "--dry-run", word, "--wait", "-o", "x")

    assert (4, "['--wait', '-o', 'x', '--dry-run']\n") == (done.code, done.out)


def test_a_run_is_logged_from_its_start_to_its_end(ops: Cli) -> None:
    """
    With its arguments, duration, result, and what it logged itself.
    """
    text = "import masterops\nwith masterops.open_sync() as ops:\n    ops.log.info('it.did', rows=3)\n"
    word = script(ops.folder, "logging_one", text)

    assert 0 == ops("run", word, "first").code
    past = ops("run", "--history", word, "-o", "json").json
    logged = ops("logs", "--trace", past[0]["run"], "-o", "json").json

    assert [("logging_one", "success", 0, ["first"])] == [
        (each["script"], each["state"], each["exit_code"], each["arguments"]) for each in past
    ]
    assert past[0]["duration_ms"] > 0
    assert {"script.started", "it.did", "script.ended"} == {each["message"] for each in logged}
    assert {"script"} == {each["source"] for each in logged}


FAILURES = {
    "an exception": ("raise RuntimeError('no tea left')", 1, "SCR002", "no tea left"),
    "not Python": ("def def", 1, "SCR002", "SyntaxError"),
    "an error of ours": (
        "from masterops.errors import BadValue\nraise BadValue(kind='tea', value='x', reason='no.')",
        2,
        "USE003",
        "tea",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_is_one_clear_error_and_a_traceback_in_the_log(ops: Cli, case: str) -> None:
    """
    Nobody at a terminal needs to read a traceback; whoever mends the script finds it.
    """
    text, code, known, words = FAILURES[case]
    word = script(ops.folder, f"failing_{code}_{known}_{len(text)}", text)

    done = ops("run", word)
    past = ops("run", "--history", word, "-o", "json").json
    logged = ops("logs", "--trace", past[0]["run"], "--level", "error", "-o", "json").json

    assert (code, 1) == (done.code, done.err.count("error:"))
    assert known in done.err
    assert words in done.err
    assert ("failed", code) == (past[0]["state"], past[0]["exit_code"])
    assert "Traceback" in str(logged[0]["details_json"]) or "traceback" in str(logged[0]["details_json"])


def start(ops: Cli, *words: str) -> subprocess.Popen[str]:
    """`ops run` as a process of its own, once its script has begun."""
    command = [sys.executable, "-m", "masterops", "run", *words]
    process = subprocess.Popen(
        command,
        cwd=ops.folder,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert "begun\n" == process.stdout.readline()
    return process


def test_a_second_run_of_the_same_script_is_refused_and_another_is_not(ops: Cli) -> None:
    """
    Until the first has ended, even when it is killed.
    """
    word = script(ops.folder, "sleeper", SLEEPER)
    other = script(ops.folder, "other", "print('fine')")
    process = start(ops, word)
    try:
        refused = ops("run", word)
        allowed = ops("run", other)
        running = ops("run", "--history", word, "-o", "json").json
    finally:
        process.kill()
        process.communicate()
    script(ops.folder, "sleeper", "print('free')")
    again = ops("run", "--wait", word)
    past = ops("run", "--history", word, "-o", "json").json

    assert (1, 0, 0) == (refused.code, allowed.code, again.code)
    assert "SCR001" in refused.err
    assert "free\n" == again.out
    assert ["running"] == [each["state"] for each in running]
    assert ["success", "cut"] == [each["state"] for each in past]


def test_a_server_that_goes_away_meanwhile_ends_no_script(ops: Cli, shared_database: str) -> None:
    """
    The lock is gone then; what the script does goes on, and its end counts.
    """
    text = "import sys\nprint('begun', flush=True)\nsys.stdin.readline()\nprint('done')\n"
    word = script(ops.folder, "patient", text)
    process = start(ops, word)
    with psycopg.connect(shared_database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    out, said = process.communicate("\n", timeout=120)

    assert (0, "done\n", "") == (process.returncode, out, said)


def test_ctrl_c_ends_it_with_130_and_is_recorded(ops: Cli) -> None:
    """
    Without a word of an error.
    """
    word = script(ops.folder, "interrupted", SLEEPER)
    with start(ops, word) as process:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    past = ops("run", "--history", word, "-o", "json").json

    assert 130 == process.returncode
    assert "error" not in said
    assert ["interrupted"] == [each["state"] for each in past]


def test_the_example_of_the_page_runs(ops: Cli) -> None:
    """
    As it stands in docs/scripts.md.
    """
    page = (Path(__file__).parents[2] / "docs" / "scripts.md").read_text()
    word = script(ops.folder, "mine/big_orders", page.partition("```python\n")[2].partition("```")[0])

    every = ops("run", word, "--above", "0", "-o", "json").json
    none = ops("run", word, "--above", "1e12", "-o", "json").json

    assert {"teelixir", "red-hill-fresh"} <= {row["business"] for row in every}
    assert [] == none


def test_the_manual_needs_nothing(bare: Cli) -> None:
    """
    No database, no sandbox, no lock.
    """
    done = bare("run", "duplicates", "--help")

    assert 0 == done.code
    assert "ops run duplicates" in done.out
    assert not bare.home.exists()


def test_what_comes_with_masterops_is_listed_with_what_it_does(bare: Cli) -> None:
    """
    And one's own in front of it.
    """
    script(bare.folder, "auth/token_check", '"""Mine."""')

    listed = {row["name"]: row["summary"] for row in bare("run", "--list", "-o", "json").json}

    assert "Mine" == listed["auth/token_check"]
    assert 14 == len(listed)
    assert {"analysis", "auth", "fixes", "sync", "tests", "workflows"} == {
        name.split("/")[0] for name in listed
    }


def test_a_name_is_found_in_any_way_that_is_clear(tmp_path: Path) -> None:
    """
    A path, the whole name, its last word; two of one word are told.
    """
    for name in ("a/one", "a/both", "b/both", "b/_hidden"):
        script(tmp_path, name, "")
    root = tmp_path / "scripts"

    assert ["a/both", "a/one", "b/both"] == [each.name for each in scripts([root])]
    assert Script("a/one", root / "a" / "one.py") == find("one", [root])
    assert find("one", [root]) == find(str(root / "a" / "one.py"), [root]) == find("scripts/a/one.py", [root])
    with pytest.raises(BadValue, match="a/both or b/both"):
        find("both", [root])
    with pytest.raises(UnknownName):
        find("onn", [root])


def test_a_start_without_an_end_is_cut() -> None:
    """
    Whatever came between.
    """
    start = {"message": "script.started", "operation": "x", "created_at": None, "details_json": {}}
    end = {"message": "script.ended", "trace_id": "1", "duration_ms": 5.0,
           "details_json": {"outcome": "success", "exit_code": 0}}  # fmt: skip

    found = runs_of([{**start, "trace_id": "2"}, end, {**start, "trace_id": "1"}])

    assert [("2", "cut", None), ("1", "success", 5.0)] == [
        (each.run, each.state, each.duration_ms) for each in found
    ]


@pytest.mark.parametrize(
    "words", [("--list", "x"), ("--list", "--nope"), ("--history", "--nope"), ("--history", "smoke", "x")]
)
def test_what_cannot_be_meant_is_told(bare: Cli, words: tuple[str, ...]) -> None:
    """
    And nothing is listed.
    """
    done = bare("run", *words)

    assert (2, "") == (done.code, done.out)
    assert words[-1] in done.err


def test_without_a_script_it_says_what_lacks(bare: Cli) -> None:
    """
    One clear error.
    """
    done = bare("run")

    assert 2 == done.code
    assert "ops run --list" in done.err
