"""
When a cron expression is due, compared with the package that n8n itself asks: `pytest -m n8n`.
"""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from masterops.devstack.n8n_install import install
from masterops.workflows.cron import NotCron, parse

pytestmark = [pytest.mark.n8n, pytest.mark.slow]

# A question a line, an answer a line. luxon is told the time, which decides between two readings of one.
ORACLE = """
const {CronTime} = require('cron'), {Settings, DateTime} = require('luxon');
require('readline').createInterface({input: process.stdin}).on('line', line => {
  const {cron, zone, start} = JSON.parse(line), found = [];
  try {
    const timer = new CronTime(cron, zone);
    let at = DateTime.fromISO(start, {zone});
    for (let i = 0; i < 6; i++) {
      Settings.now = () => at.toMillis();
      at = timer.getNextDateFrom(at.setZone(zone));
      found.push(at.toUTC().toISO({suppressMilliseconds: true}));
    }
  } catch (error) {}
  console.log(JSON.stringify(found));
});
"""
ZONES = (
    "UTC",
    "America/New_York",
    "Australia/Melbourne",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
)
# Shortly before clocks change, and one of no interest.
STARTS = (
    "2026-03-08T05:50:00Z", "2026-11-01T04:20:10Z", "2026-10-03T14:50:00Z", "2026-04-04T13:40:00Z",
    "2026-03-29T00:10:00Z", "2026-10-25T00:10:00Z", "2026-06-15T12:00:00Z",
)  # fmt: skip
ODD = ("@daily", "@weekdays", "0 9 * * mon-fri", "0 9 * * monday", "* * * *", "? * * * *", "60 * * * *",
       "5-1 * * * *", "*/0 * * * *", "0 2 * * *", "30 1 * * *", "30 2 * * *", "0 0 L * *", "0 0 1 * 1")  # fmt: skip


def field(chance: Random, low: int, high: int, often: float) -> str:
    """One field of an expression; `often` is how many of them allow everything."""
    if chance.random() < often:
        return "*"
    first = chance.randint(low, high)
    last = chance.randint(first, high)
    return chance.choice([str(first), f"{first}-{last}", f"{first},{last}", f"{first}/3", f"*/{last or 1}"])


def questions() -> list[dict[str, Any]]:
    """The same ones each time."""
    chance = Random(7)
    crons = list(ODD)
    for _ in range(150):
        five = [
            field(chance, *each)
            for each in ((0, 59, 0.3), (0, 23, 0.5), (1, 31, 0.7), (1, 12, 0.9), (0, 7, 0.8))
        ]
        crons.append(" ".join([*([field(chance, 0, 59, 0.2)] if chance.random() < 0.3 else []), *five]))
    return [
        {"cron": cron, "zone": chance.choice(ZONES), "start": start} for cron in crons for start in STARTS
    ]


def ours(question: dict[str, Any]) -> list[str]:
    """The next six moments as we see them."""
    at, found = datetime.fromisoformat(question["start"]), list[str]()
    try:
        timer = parse(question["cron"])
    except NotCron:
        return []
    for _ in range(6):
        following = timer.after(at, ZoneInfo(question["zone"]))
        if following is None:
            break
        at = following
        found.append(at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return found


def test_every_moment_is_that_of_n8n_s_own_timer() -> None:
    """
    Also on the days when clocks change, and for what it does not take.
    """
    installed, asked = install(), questions()
    modules = installed.program.parents[2]
    answer = subprocess.run(
        [installed.node, "-e", ORACLE], input="\n".join(map(json.dumps, asked)), text=True, check=True,
        capture_output=True, env={"NODE_PATH": str(modules), "HOME": str(installed.home)},
    )  # fmt: skip
    theirs = [json.loads(line) for line in answer.stdout.splitlines()]

    assert len(asked) == len(theirs) > 1_000
    assert [] == [
        (question, want, ours(question))
        for question, want in zip(asked, theirs, strict=True)
        if want[: len(ours(question))] != ours(question) or len(want) > len(ours(question))
    ]
