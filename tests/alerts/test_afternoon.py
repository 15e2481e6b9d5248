"""
One afternoon of the whole platform: everything that goes wrong in it, and exactly the flips and notices of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from masterops.testing import servers
from tests.alerts.afternoon import NOON
from tests.proof import wallclock

ROOT = Path(__file__).parents[2]
ALL_FOUR = "(Buy Organics Online, Elevate Wholesale, Red Hill Fresh, Teelixir)"
HUBSPOT = "HubSpot is down for 4 businesses"
FLIPS = [
    "10:50 check/shop tcp - up",
    "10:50 hubspot/buy-organics-online connection - up",
    "10:50 hubspot/elevate-wholesale connection - up",
    "10:50 hubspot/red-hill-fresh connection - up",
    "10:50 hubspot/teelixir connection - up",
    "10:50 n8n/teelixir connection - up",
    "10:50 supabase/teelixir connection - up",
    "10:50 unleashed/teelixir connection - up",
    "12:10 hubspot/elevate-wholesale connection up down",
    "12:20 hubspot/elevate-wholesale connection down up",
    "12:30 check/shop tcp up down",
    "12:30 hubspot/buy-organics-online connection up down",
    "12:30 hubspot/elevate-wholesale connection up down",
    "12:30 hubspot/red-hill-fresh connection up down",
    "12:30 hubspot/teelixir connection up down",
    "13:00 hubspot/buy-organics-online connection down up",
    "13:00 hubspot/elevate-wholesale connection down up",
    "13:00 hubspot/red-hill-fresh connection down up",
    "13:00 hubspot/teelixir connection down up",
    "13:10 check/shop tcp down up",
    "13:10 n8n/teelixir workflows up degraded",
    "13:15 hubspot/buy-organics-online connection up down",
    "13:30 hubspot/buy-organics-online connection down up",
    "14:01 supabase/teelixir token up degraded",
    "14:11 n8n/teelixir workflows degraded up",
    "14:50 hubspot/teelixir connection up down",
    "15:01 hubspot/teelixir connection down up",
    "15:20 hubspot/red-hill-fresh connection up down",
    "15:30 hubspot/red-hill-fresh connection down up",
    "15:45 unleashed/teelixir quota up degraded",
]
NOTICES = [
    "CRITICAL Elevate Wholesale: HubSpot is down since 12:10 UTC",
    "RESOLVED Elevate Wholesale: HubSpot is down (lasted 10 min)",
    f"CRITICAL {HUBSPOT} {ALL_FOUR}, and 1 more with it since 12:30 UTC",
    f"RESOLVED {HUBSPOT} {ALL_FOUR} (lasted 30 min)",
    # It needs HubSpot, and was still closed when that was back.
    "CRITICAL Teelixir: check shop is down since 12:30 UTC",
    "RESOLVED Teelixir: check shop is down (lasted 40 min)",
    "WARNING Teelixir: workflow Teelixir: stock: missed since 13:00 UTC",
    "RESOLVED Teelixir: workflow Teelixir: stock: missed (lasted 1 h)",
    # At 13:15 HubSpot was down for Buy Organics Online, in a silence.
    "WARNING Teelixir: Supabase token is degraded since 14:01 UTC",
    "INFO Teelixir: 80 % of Unleashed's calls of the month are spent since 15:35 UTC",
    "WARNING Teelixir: Unleashed's calls of the month run out since 15:35 UTC",
    "NOW WARNING Teelixir: 90 % of Unleashed's calls of the month are spent since 15:35 UTC",
    "NOW CRITICAL Teelixir: 95 % of Unleashed's calls of the month are spent since 15:35 UTC",
    # The server was killed before anybody could be told.
    "CRITICAL Teelixir: HubSpot is down since 14:50 UTC",
    "RESOLVED Teelixir: HubSpot is down (lasted 11 min)",
    "CRITICAL Red Hill Fresh: HubSpot is down since 15:20 UTC",
    "RESOLVED Red Hill Fresh: HubSpot is down (lasted 10 min)",
]
PHONE = [
    f"CRITICAL {HUBSPOT} {ALL_FOUR} since 12:30 UTC; nobody has acknowledged it for 15 min",
    f"RESOLVED {HUBSPOT} {ALL_FOUR} (lasted 30 min)",
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place for a server that runs as somebody else."""
    made = Path(tempfile.mkdtemp(prefix="mops-", dir=servers.place()))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def played(folder: Path) -> dict[str, Any]:
    """The afternoon, with a clock that stands where its script sets it."""
    library = wallclock.library(folder)
    if library is None:
        pytest.skip("without a C compiler no clock can be made to stand")
    place = folder / "clock"
    wallclock.set_to(place, NOON - timedelta(minutes=75))
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MASTEROPS_", "HUBSPOT_", "N8N_", "SUPABASE_", "UNLEASHED_", "DATABASE_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.alerts.afternoon", str(folder)],
        env={**environment, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(library), "CLOCK_STANDS_AT": str(place)},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    outcome: dict[str, Any] = msgspec.json.decode(done.stdout.splitlines()[-1])
    return outcome


@pytest.mark.slow
def test_exactly_these_flips_and_notices_come_of_an_afternoon(folder: Path) -> None:
    """
    No more and no fewer, whatever was restarted or killed.
    """
    found = played(folder)
    flips = [" ".join(part or "-" for part in flip) for flip in found["flips"]]
    arrived = {channel: dict(found[channel]) for channel in ("hook", "mail")}
    repeats = [id for id, times in Counter(id for id, _ in found["hook"]).items() if times > 1]

    assert FLIPS == flips
    for channel in ("hook", "mail"):
        assert sorted(NOTICES) == sorted(arrived[channel].values()), channel
    # The worker that was killed had sent one that it could not note.
    assert ["CRITICAL Red Hill Fresh: HubSpot is down since 15:20 UTC"] == [
        arrived["hook"][id] for id in repeats
    ]
    assert len(NOTICES) == len(found["mail"])
    assert PHONE == found["phone"]
    assert ["supabase/teelixir token is degraded", "unleashed/teelixir quota is degraded"] == found[
        "incidents"
    ]
