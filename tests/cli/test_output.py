"""
How results, help and printed pages come out, on terminals, pipes and full disks.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from masterops import get_logger
from masterops.cli.main import COMMANDS
from tests.cli.conftest import Cli

SLUGS = ["buy-organics-online", "elevate-wholesale", "red-hill-fresh", "teelixir"]


def test_query_speaks_table_json_and_csv(cli: Cli) -> None:
    """
    The same rows, for people and for programs.
    """
    cli("health-check")
    words = ["db:query", "businesses", "--columns", "slug,name", "--order", "slug"]

    table = cli(*words)
    rows = cli(*words, "--output", "json").json
    lines = list(csv.DictReader(io.StringIO(cli(*words, "--output", "csv").out)))

    assert SLUGS == [row["slug"] for row in rows]
    assert rows == lines
    assert "slug                 name" == table.out.splitlines()[0].rstrip()
    assert [["slug", "name"]] == [list(row) for row in rows[:1]]


def test_an_empty_answer_is_valid_in_every_format(cli: Cli) -> None:
    """
    No rows are `[]` and a header; a table says so on stderr.
    """
    words = ["db", "query", "tasks", "--columns", "title"]

    assert [] == cli(*words, "--output", "json").json
    assert "title\n" == cli(*words, "--output", "csv").out
    assert ("", "No row passes.\n") == (cli(*words).out, cli(*words).err)


def test_follow_has_no_csv_and_up_neither(cli: Cli) -> None:
    """
    What a command cannot print it does not pretend to.
    """
    assert 2 == cli("logs", "--follow", "--output", "csv").code
    assert 2 == cli("up", "--once", "--output", "csv").code


@pytest.mark.parametrize(
    ("code", "redirect"),
    [
        pytest.param(0, ">&-", id="stdout closed"),
        pytest.param(1, ">/dev/full", id="a full disk"),
        pytest.param(0, "| cat >/dev/null", id="a pipe"),
    ],
)
@pytest.mark.parametrize("words", ["stats", "db query businesses -o json", "--help"])
def test_output_that_cannot_be_written_is_one_clear_error(
    cli: Cli, code: int, redirect: str, words: str
) -> None:
    """
    Nobody to read it is no error; a full disk is one of its own.
    """
    get_logger(source="n8n").info("something to show")
    done = subprocess.run(
        f"set -o pipefail; {sys.executable} -m masterops {words} {redirect}",
        shell=True, executable="/bin/bash", capture_output=True, text=True,
    )  # fmt: skip

    assert code == done.returncode, done.stderr
    assert "OPS000" not in done.stderr
    assert "Traceback" not in done.stderr
    assert (code == 1) == ("code: OUT001" in done.stderr)


def test_a_terminal_that_knows_only_ascii_gets_ascii(cli: Cli) -> None:
    """
    Marks have a plain form.
    """
    done = subprocess.run(
        [sys.executable, "-m", "masterops", "health-check"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True,
    )  # fmt: skip

    assert (0, True) == (done.returncode, "* up" in done.stdout)


def test_bare_ops_is_help(bare: Cli) -> None:
    """
    Nothing asked is no mistake.
    """
    assert (0, True, "") == ((result := bare()).code, "Commands:" in result.out, result.err)
    assert (0, True) == ((result := bare("db")).code, "query" in result.out)


def test_a_reader_that_has_seen_enough_is_no_error(cli: Cli, tmp_path: Path) -> None:
    """
    `ops db query ... | head -1`.
    """
    cli("up", "--once")
    done = subprocess.run(
        f"set -o pipefail; {sys.executable} -m masterops db query integration_logs -o csv --limit 1000 | head -1",
        shell=True, executable="/bin/bash", capture_output=True, text=True,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr)
    assert 1 == done.stdout.count("\n")


def test_numbers_are_numbers_in_json(cli: Cli) -> None:
    """
    Also those that PostgreSQL calls numeric.
    """
    get_logger(source="n8n").error("bad", duration_ms=10)
    rows = cli("db", "query", "integration_health_summary", "--output", "json").json

    assert 100 == rows[0]["error_rate_pct"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(bare: Cli, shell: str) -> None:
    """
    It names the command and the variable that click listens to.
    """
    assert "_OPS_COMPLETE" in bare("completion", shell).out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(bare: Cli, name: str) -> None:
    """
    The docstring is the manual, and ends in something to try.
    """
    result = bare(name, "--help")

    assert 0 == result.code
    assert f"Usage: ops {name}" in result.out
    assert "Example:" in result.out or "Commands:" in result.out


def test_the_module_is_the_command(tmp_path: Path) -> None:
    """
    `python -m masterops` is `ops`.
    """
    done = subprocess.run([sys.executable, "-m", "masterops", "--version"], capture_output=True, text=True)

    assert (0, "ops, version 0.1.0\n") == (done.returncode, done.stdout)


def test_help_imports_nothing_heavy() -> None:
    """
    `ops --help` starts at once because it loads none of the parts.
    """
    script = (
        "import sys\nfrom masterops.cli.main import run\n"
        "run(['--help'])\nprint(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    loaded = set(done.stderr.split())
    assert set() == loaded & {"aiohttp", "asyncio", "psycopg", "rich", "msgspec", "pgqueuer", "tomllib"}
    assert "click" in loaded


def test_the_printed_pages_are_fresh() -> None:
    """
    docs/cli.md, docs/config.md and docs/errors.md are what the program prints.
    """
    from masterops.cli.printing import pages

    docs = Path(__file__).parents[2] / "docs"
    assert pages() == {name: (docs / name).read_text("utf-8") for name in pages()}


def test_every_error_code_is_used_once() -> None:
    """
    A code never means two things.
    """
    from masterops import errors
    from masterops.cli.printing import _kinds

    codes = [kind.code for kind in _kinds(errors.MasterOpsError)]
    assert sorted(set(codes)) == sorted(codes)
