"""
What is printed from the list of settings: the file, the page, and the settings in effect.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from masterops.config import Settings, effective, load, reference_markdown, template, write_template
from masterops.config.keys import BUSINESS, SETTINGS
from masterops.config.services import SERVICES
from masterops.errors import ConfigFileExists, ConfigFileUnusable
from tests.config.conftest import Loading


def _uncommented() -> str:
    """The file with every `#key = value` and `#[table]` switched on."""
    return re.sub(r"^#(?=[a-z\[])", "", template(), flags=re.MULTILINE)


def test_the_file_loads_as_it_is(loading: Loading) -> None:
    """
    Its values are the defaults, and its connections wait for their variables.
    """
    settings = loading(template())
    bare = loading("")

    assert bare.businesses == settings.businesses
    assert [bare.database, bare.log, bare.schedule, bare.http, bare.sandbox] == [
        settings.database,
        settings.log,
        settings.schedule,
        settings.http,
        settings.sandbox,
    ]
    assert [
        ("hubspot/teelixir", "env:TEELIXIR_HUBSPOT_ACCESS_TOKEN"),
        ("hubspot/elevate-wholesale", "env:ELEVATE_WHOLESALE_HUBSPOT_ACCESS_TOKEN"),
        ("hubspot/buy-organics-online", "env:BUY_ORGANICS_ONLINE_HUBSPOT_ACCESS_TOKEN"),
        ("hubspot/red-hill-fresh", "env:RED_HILL_FRESH_HUBSPOT_ACCESS_TOKEN"),
    ] == [(each.id, each.missing) for each in settings.connections]
    assert settings.demo


def test_every_commented_line_of_the_file_is_a_right_one(loading: Loading) -> None:
    """
    Taking any mark away leaves a file that loads; those that show a default change nothing.
    """
    settings = loading(_uncommented(), DATABASE_URL="postgresql://localhost/x")
    bare = loading("")

    assert [bare.log, bare.schedule, bare.http, bare.sandbox] == [
        settings.log,
        settings.schedule,
        settings.http,
        settings.sandbox,
    ]
    assert {f"{service}/group" for service in SERVICES} <= {each.id for each in settings.connections}


def test_the_file_has_every_setting() -> None:
    """
    With its help above it.
    """
    data = tomllib.loads(_uncommented())
    prose = " ".join(template().replace("\n# ", " ").split())

    for setting in SETTINGS:
        table = data[setting.section] if setting.section else data
        assert setting.name in table
        assert setting.help in prose
    for service, settings in SERVICES.items():
        assert [each.name for each in settings] == list(data["connections"][f"{service}/group"])


def test_the_page_has_every_setting_with_its_variables() -> None:
    """
    docs/config.md is printed, so nothing can be missing from it.
    """
    page = reference_markdown()

    for setting in (*SETTINGS, *BUSINESS, *(each for settings in SERVICES.values() for each in settings)):
        row = next(line for line in page.splitlines() if line.startswith(f"| `{setting.key}` |"))
        assert setting.help in page
        assert row.count("|") - row.count("\\|") in (5, 6)
    for name in [name for each in SETTINGS for name in each.variables] + [
        "HUBSPOT_ACCESS_TOKEN",
        "SUPABASE_URL",
    ]:
        assert f"`{name}`" in page


def _lines(settings: Settings) -> dict[str, tuple[object, str]]:
    return {each.key: (each.value, each.origin) for each in effective(settings)}


def test_the_settings_in_effect_say_where_they_come_from(loading: Loading) -> None:
    """
    Value and origin of each, secrets as stars, and what is missing by name.
    """
    text = (
        "[http]\nmax_attempts = 5\n"
        '[connections."hubspot/teelixir"]\naccess_token = "env:TOKEN_A"\n'
        '[connections."hubspot/group"]\naccess_token = "env:TOKEN_B"\n'
    )
    settings = loading(
        text,
        "LOG_LEVEL=warn\n",
        DATABASE_URL="postgresql://me:s3cret@db/x",
        TOKEN_A="s3cret",
        MASTEROPS_DEMO="no",
    )

    lines = _lines(settings)

    assert (5, "masterops.toml:2") == lines["http.max_attempts"]
    assert (60.0, "default") == lines["http.deadline_seconds"]
    assert ("warn", ".env:1") == lines["log.level"]
    assert (False, "environment variable MASTEROPS_DEMO") == lines["demo"]
    assert ("postgresql://me:***@db/x", "environment variable DATABASE_URL") == lines["database.url"]
    assert ("***", "masterops.toml:4 via env:TOKEN_A") == lines['connections."hubspot/teelixir".access_token']
    assert ("env:TOKEN_B (is not set)", "masterops.toml:6 via env:TOKEN_B") == lines[
        'connections."hubspot/group".access_token'
    ]
    assert ("Red Hill Fresh", "default") == lines["businesses.red-hill-fresh.name"]


def test_the_settings_in_effect_are_all_there(loading: Loading) -> None:
    """
    One line a setting, with its help.
    """
    shown = effective(loading(HUBSPOT_ACCESS_TOKEN="t"))

    assert len(SETTINGS) + 4 * len(BUSINESS) + len(SERVICES["hubspot"]) == len({each.key for each in shown})
    assert all(each.help for each in shown)


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def test_a_new_file_is_written_and_loads(tmp_path: Path) -> None:
    """
    Its folder is made if need be, and nothing else is left behind.
    """
    path = tmp_path / "etc" / "masterops.toml"

    result = write_template(path)

    assert (path, None) == result
    assert template() == path.read_text()
    assert ["masterops.toml"] == _names(path.parent)
    assert path == load(config=path, environ={}, cwd=tmp_path, home=tmp_path).file


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    """
    Nobody loses a configuration to a second `ops init`.
    """
    path = tmp_path / "masterops.toml"
    path.write_text("mine")

    with pytest.raises(ConfigFileExists) as caught:
        write_template(path)

    assert "CFG007" == caught.value.code
    assert "mine" == path.read_text()
    assert ["masterops.toml"] == _names(tmp_path)


def test_force_keeps_every_file_that_was_there(tmp_path: Path) -> None:
    """
    Under the next free number, with its rights.
    """
    path = tmp_path / "masterops.toml"
    path.write_text("first")
    path.chmod(0o600)

    first = write_template(path, force=True)
    path.write_text("second")
    second = write_template(path, force=True)

    assert [tmp_path / "masterops.toml.1", tmp_path / "masterops.toml.2"] == [first.backup, second.backup]
    assert ["first", "second"] == [(tmp_path / f"masterops.toml.{n}").read_text() for n in (1, 2)]
    assert 0o600 == stat.S_IMODE((tmp_path / "masterops.toml.1").stat().st_mode)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert template() == path.read_text()


def test_force_without_a_file_keeps_nothing(tmp_path: Path) -> None:
    """
    There is nothing to keep.
    """
    assert (tmp_path / "a.toml", None) == write_template(tmp_path / "a.toml", force=True)


def test_a_link_is_followed(tmp_path: Path) -> None:
    """
    A configuration that is kept elsewhere and linked stays linked.
    """
    (tmp_path / "kept.toml").write_text("mine")
    (tmp_path / "masterops.toml").symlink_to("kept.toml")

    write_template(tmp_path / "masterops.toml", force=True)

    assert (tmp_path / "masterops.toml").is_symlink()
    assert template() == (tmp_path / "kept.toml").read_text()


def test_a_link_to_itself_is_no_place(tmp_path: Path) -> None:
    """
    Nor a reason for a traceback.
    """
    (tmp_path / "masterops.toml").symlink_to("masterops.toml")

    with pytest.raises(ConfigFileUnusable) as caught:
        write_template(tmp_path / "masterops.toml")

    assert "CFG008" == caught.value.code


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("folder", "it is a folder"),
        ("file/masterops.toml", "its folder is a file"),
        ("x" * 300, "File name too long"),
    ],
)
def test_where_nothing_can_be_written_the_reason_is_given(tmp_path: Path, place: str, reason: str) -> None:
    """
    In the system's words or ours, never as a traceback.
    """
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigFileUnusable) as caught:
        write_template(tmp_path / place)

    assert reason == caught.value.facts["reason"]


def test_a_start_imports_nothing_heavy() -> None:
    """
    The command line starts with this package, and `ops --help` must not wait for a web client.
    """
    code = "import sys, masterops.config; print(*sorted(sys.modules))"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )

    heavy = {
        "aiohttp",
        "asyncio",
        "psycopg",
        "click",
        "rich",
        "msgspec",
        "tomllib",
        "difflib",
        "textwrap",
        "shutil",
    }
    assert set() == heavy & set(loaded.stdout.split())
