"""
What `ops doctor` and the commands with numbers say about the spool.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from masterops.app.doctor import Finding, examine
from masterops.app.losing import recent_loss
from masterops.config import load
from masterops.core import clock
from masterops.logs import Policy, Spool
from masterops.logs.losses import SPOOL_FULL, Losses, read_book


async def finding(home: Path, **settings: str) -> Finding:
    environ = {"MASTEROPS_HOME": str(home), "DATABASE_URL": "postgresql://ops@127.0.0.1:1/ops", **settings}
    found = [each async for each in examine(lambda: load(environ=environ, cwd=home))]
    return next(each for each in found if each.check == "log spool")


def one_mebibyte(home: Path) -> None:
    spool = Spool(home / "spool", Policy())
    spool.append(b"x" * (1024 * 1024 - 1) + b"\n")
    spool.close()


def lose(home: Path, days_ago: float = 0) -> None:
    """Three debug and one info record were lost in a full spool, so many days ago."""
    folder = home / "spool"
    folder.mkdir(parents=True, exist_ok=True)
    Losses(folder).add(SPOOL_FULL, ["debug", "debug", "debug", "info"])
    book = read_book(folder)
    book.last_at = clock.now() - timedelta(days=days_ago)
    (folder / "lost.json").write_bytes(msgspec.json.encode(book))


async def test_the_doctor_says_how_much_waits(tmp_path: Path) -> None:
    """
    Bytes beside the bound, segments, the age of the oldest, and that nothing was lost.
    """
    one_mebibyte(tmp_path)

    found = await finding(tmp_path, MASTEROPS_LOG_SPOOL_MAX_MB="64")

    assert "ok" == found.state
    assert found.detail.startswith("1 segment(s), 1.0 of 64 MiB, the oldest ")
    assert found.detail.endswith(" s old; none lost")


async def test_a_backlog_is_a_warning(tmp_path: Path) -> None:
    """
    Half of the bound is a lot.
    """
    one_mebibyte(tmp_path)

    found = await finding(tmp_path, MASTEROPS_LOG_SPOOL_MAX_MB="1")

    assert ("warning", True) == (found.state, "ops up" in found.hint)


@pytest.mark.parametrize(
    ("days", "state"), [pytest.param(0, "warning", id="now"), pytest.param(8, "ok", id="last week")]
)
async def test_a_loss_is_a_warning_for_a_week(tmp_path: Path, days: float, state: str) -> None:
    """
    Counted by reason and level, with the way to mend it; later it is history, and still said.
    """
    lose(tmp_path, days)

    found = await finding(tmp_path)

    assert state == found.state
    assert "4 lost (spool_full: 3 debug, 1 info), the last" in found.detail
    assert (state == "warning") == ("log.spool_max_mb" in found.hint)
    assert (state == "warning") == (recent_loss(tmp_path) is not None)


def test_the_numbers_of_a_home_that_lost_nothing_need_no_word(tmp_path: Path) -> None:
    """
    Nor does a home that is not there yet.
    """
    assert recent_loss(tmp_path) is None


def test_the_file_of_losses_is_json_whatever_was_written_over_it(tmp_path: Path) -> None:
    """
    People and jq read it too.
    """
    lose(tmp_path)
    Losses(tmp_path / "spool").add(SPOOL_FULL, ["warn"])

    content: dict[str, Any] = json.loads((tmp_path / "spool" / "lost.json").read_text())
    assert {"spool_full": {"debug": 3, "info": 1, "warn": 1}} == content["lost"]


async def test_a_channel_that_waits_for_its_address_is_a_warning(tmp_path: Path) -> None:
    """
    With the variable that it waits for; one that is ready says how to try it.
    """
    (tmp_path / "masterops.toml").write_text(
        '[[channels]]\nname = "a"\nkind = "slack"\nurl = "env:SLACK_URL"\n'
        '[[channels]]\nname = "b"\nkind = "teams"\nurl = "env:TEAMS_URL"\n'
    )
    environ = {"MASTEROPS_HOME": str(tmp_path), "DATABASE_URL": "postgresql://ops@127.0.0.1:1/ops"}
    environ["TEAMS_URL"] = "https://example.com/secret-of-teams"
    found = [each async for each in examine(lambda: load(environ=environ, cwd=tmp_path))]

    assert [
        ("warning", "a waits for env:SLACK_URL"),
        ("ok", "b (teams)"),
    ] == [(each.state, each.detail) for each in found if each.check == "channels"]
    assert "secret-of-teams" not in repr(found)


async def test_a_token_that_is_named_and_not_set_is_a_warning_though_the_demo_goes_on(tmp_path: Path) -> None:
    """
    Else green twins would be taken for the account.
    """
    (tmp_path / "masterops.toml").write_text(
        '[businesses.teelixir]\n[connections."hubspot/teelixir"]\naccess_token = "env:TEELIXIR_TOKEN"\n'
    )
    environ = {"MASTEROPS_HOME": str(tmp_path), "DATABASE_URL": "postgresql://ops@127.0.0.1:1/ops"}
    found = [each async for each in examine(lambda: load(environ=environ, cwd=tmp_path))]
    credentials = next(each for each in found if each.check == "credentials")

    assert "warning" == credentials.state
    assert "demo mode with local twins: hubspot/teelixir lacks env:TEELIXIR_TOKEN" == credentials.detail
