"""
Numbers as bars: what a bar says, and where there are any.
"""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from datetime import datetime, timedelta
from fcntl import ioctl
from struct import pack
from termios import TIOCSWINSZ

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.cli.sparkline import BARS, GAP, drawable, labelled, sparkline
from masterops.core import clock
from tests.cli.conftest import Cli

NUMBERS = st.lists(st.integers(0, 2**63 - 1), max_size=48)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        pytest.param([], "", id="none"),
        pytest.param([0, 0], "  ", id="nothing happened"),
        pytest.param([7], "█", id="one"),
        pytest.param([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█", id="eighths"),
        pytest.param([1, 0, 1000], "▁ █", id="one of a thousand is not none"),
        pytest.param([93, 94, 100], "▇██", id="the nearest"),
    ],
)
def test_a_bar_is_the_nearest_eighth_of_the_greatest(numbers: list[int], expected: str) -> None:
    """
    Nothing is a gap, and little is not nothing.
    """
    assert expected == sparkline(numbers)


@given(NUMBERS)
def test_bars_stand_in_the_order_of_their_numbers(numbers: list[int]) -> None:
    """
    A character each; gaps where nothing was, and only there; a greater number never has a lower bar; the greatest
    is full.
    """
    drawn = sparkline(numbers)
    heights = [(GAP + BARS).index(each) for each in drawn]

    assert [number == 0 for number in numbers] == [height == 0 for height in heights]
    assert sorted(heights) == [height for _, height in sorted(zip(numbers, heights, strict=True))]
    assert max(heights, default=8) in ({8} if any(numbers) or not numbers else {0})


def test_the_scale_stands_beside_the_bars() -> None:
    """
    Rows have scales of their own: a full bar of one is not that of another.
    """
    assert "▁█ max 1,234" == labelled([1, 1234])
    assert "   max 0" == labelled([0, 0])


@pytest.mark.parametrize(
    ("encoding", "terminal", "expected"),
    [
        ("utf-8", "xterm-256color", True),
        ("utf-8", None, True),
        (None, None, True),
        ("utf-16", "xterm", True),
        ("utf-8", "dumb", False),
        ("utf-8", "linux", False),
        ("ascii", "xterm", False),
        ("latin-1", "xterm", False),
        ("cp437", "xterm", False),
    ],
)
def test_bars_are_drawn_where_all_of_them_can_be(
    encoding: str | None, terminal: str | None, expected: bool
) -> None:
    """
    A code page with half of the blocks is no place for them.
    """
    assert expected == drawable(encoding, terminal)


def early_enough() -> datetime:
    """Now, in an hour of the clock that does not end during a test."""
    while (clock.now() + timedelta(seconds=20)).hour != clock.now().hour:
        time.sleep(1)
    return clock.now()


@pytest.fixture
def yesterday(cli: Cli, database: str) -> Cli:
    """Six records of n8n five hours ago, two now; one error of Teelixir at each, and more than a day ago."""
    now = early_enough()
    records = [
        *[("info", now - timedelta(hours=5))] * 5,
        ("error", now - timedelta(hours=5)),
        ("info", now),
        ("error", now),
        ("error", now - timedelta(hours=25)),
    ]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SELECT ops.upsert_business('teelixir', 'Teelixir', 'ecommerce')")
        for level, moment in records:
            connection.execute(
                "INSERT INTO integration_logs (source, level, status, message, business_id, created_at)"
                " VALUES ('n8n', %s, %s, 'm', 'teelixir', %s)",
                [level, level, moment],
            )
    return cli


def screen(columns: int, *words: str, **environment: str) -> str:
    """What a command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, pack("HHHH", 24, columns, 0, 0))
    variables = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": "1", "PYTHONUTF8": "1", **environment}
    variables.pop("COLUMNS", None)  # it would go before the terminal's own width
    with subprocess.Popen(
        [sys.executable, "-m", "masterops", *words], env=variables, stdout=theirs, stderr=subprocess.DEVNULL
    ):
        os.close(theirs)
        shown = b""
        while part := _read(ours):
            shown += part
        os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    """The next part; none at the end, which Linux reports as an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def test_the_last_day_is_shown_where_it_fits(yesterday: Cli) -> None:
    """
    A wide terminal shows stats with bars, a narrow one without; no line of either is longer than the terminal.
    """
    for columns, drawn in [(120, True), (80, False)]:
        stats = screen(columns, "stats")

        assert drawn == ("█    ▃ max 6" in stats), stats
        assert drawn == ("last 24 h" in stats)
        assert max(map(len, stats.splitlines())) <= columns, stats
        assert "n8n" in stats


def test_attention_shows_when_the_errors_were(yesterday: Cli) -> None:
    """
    In a line of its own, which is left out where it does not fit.
    """
    for columns, drawn in [(60, True), (40, False)]:
        attention = screen(columns, "attention")

        assert drawn == (f"    hourly: {' ' * 18}█    █ max 1" in attention.splitlines()), attention
        assert "errors: 1 in the last hour, 2 in 24 h" in attention


def test_a_terminal_that_cannot_draw_bars_gets_none(yesterday: Cli) -> None:
    """
    And nothing in their place.
    """
    stats = screen(200, "stats", TERM="dumb")
    attention = screen(200, "attention", PYTHONIOENCODING="ascii")

    assert "last seen" == stats.splitlines()[0][-9:]
    assert "errors: 1 in the last hour, 2 in 24 h" == attention.splitlines()[-1].strip()
    assert not set(BARS + "?") & set(stats + attention)


def test_programs_get_the_numbers(yesterday: Cli) -> None:
    """
    24 of them, the oldest first, in JSON and CSV, on whatever terminal.
    """
    stats = yesterday("stats", "--output", "json").json
    attention = json.loads(screen(40, "attention", "--output", "json", TERM="dumb"))
    table = yesterday("stats", "--output", "csv").out.splitlines()

    assert [[0] * 18 + [6, 0, 0, 0, 0, 2]] == [row["hourly"] for row in stats]
    assert [[0] * 18 + [1, 0, 0, 0, 0, 1]] == [row["hourly"] for row in attention]
    assert "hourly" == table[0].split(",")[-1]
