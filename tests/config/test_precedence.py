"""
Who wins: the environment over .env, .env over the file, the file over the defaults.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from masterops.config import home_directory, load
from masterops.config.keys import SETTINGS
from masterops.errors import ConfigError
from tests.config.conftest import Loading

FILE = "[http]\nmax_attempts = 5\n"
DOTENV = "MASTEROPS_HTTP_MAX_ATTEMPTS=6\n"
VARIABLE = {"MASTEROPS_HTTP_MAX_ATTEMPTS": "7"}


@pytest.mark.parametrize(
    ("file", "dotenv", "variables", "value", "origin"),
    [
        pytest.param(None, None, {}, 4, "default", id="nothing"),
        pytest.param(FILE, None, {}, 5, "masterops.toml:2", id="the file"),
        pytest.param(FILE, DOTENV, {}, 6, ".env:1", id=".env"),
        pytest.param(
            FILE, DOTENV, VARIABLE, 7, "environment variable MASTEROPS_HTTP_MAX_ATTEMPTS", id="the variable"
        ),
        pytest.param(None, DOTENV, {}, 6, ".env:1", id=".env without a file"),
        pytest.param(FILE, None, {"MASTEROPS_HTTP_MAX_ATTEMPTS": ""}, 5, "masterops.toml:2", id="empty"),
        pytest.param(FILE, DOTENV, {"MASTEROPS_HTTP_MAX_ATTEMPTS": " "}, 6, ".env:1", id="blank"),
    ],
)
def test_the_later_place_wins(
    loading: Loading, file: str | None, dotenv: str | None, variables: dict[str, str], value: int, origin: str
) -> None:
    """
    And the origin says which one it was; an empty variable is none.
    """
    settings = loading(file, dotenv, **variables)

    assert value == settings.http.max_attempts
    assert origin == str(settings.origins["http.max_attempts"])


def test_our_own_variable_goes_before_the_plain_one(loading: Loading) -> None:
    """
    LOG_LEVEL may be meant for another program; MASTEROPS_LOG_LEVEL is not.
    """
    settings = loading(LOG_LEVEL="debug", MASTEROPS_LOG_LEVEL="error")

    assert "error" == settings.log.level


def test_without_anything_every_setting_has_its_default(loading: Loading) -> None:
    """
    Nothing has to be configured.
    """
    settings = loading()

    assert settings.file is None
    assert {each.key: "default" for each in SETTINGS} == {key: str(o) for key, o in settings.origins.items()}
    assert ["teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh"] == [
        each.slug for each in settings.businesses
    ]
    assert () == settings.connections
    assert settings.demo


def test_a_file_without_businesses_leaves_the_first_four(loading: Loading) -> None:
    """
    A file that only sets a level does not take the businesses away.
    """
    settings = loading("[log]\nlevel = 'debug'\n")

    assert 4 == len(settings.businesses)


def test_a_file_with_businesses_has_only_those(loading: Loading) -> None:
    """
    In the file's order, with a name made of the slug where none is given.
    """
    settings = loading("[businesses.zebra-shop]\nhubspot_company_id = 77\n[businesses.a]\nname = 'Alpha'\n")

    assert [("zebra-shop", "Zebra Shop", "77"), ("a", "Alpha", None)] == [
        (each.slug, each.name, each.hubspot_company_id) for each in settings.businesses
    ]
    assert "masterops.toml:2" == str(settings.origins["businesses.zebra-shop.hubspot_company_id"])


def test_the_file_is_looked_for_from_near_to_far(tmp_path: Path) -> None:
    """
    --config, then the variable, then the current folder, then the home folder.
    """
    home, cwd = tmp_path / "home", tmp_path / "cwd"
    for folder, name in (
        (home, "masterops.toml"),
        (cwd, "masterops.toml"),
        (cwd, "named.toml"),
        (cwd, "option.toml"),
    ):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("")
    named = {"MASTEROPS_CONFIG": "named.toml"}

    found = [
        load(config=Path("option.toml"), environ=named, cwd=cwd, home=home).file,
        load(environ=named, cwd=cwd, home=home).file,
        load(environ={"MASTEROPS_CONFIG": ""}, cwd=cwd, home=home).file,
        load(environ={"MASTEROPS_HOME": str(home)}, cwd=tmp_path).file,
    ]

    assert [cwd / "option.toml", cwd / "named.toml", cwd / "masterops.toml", home / "masterops.toml"] == found


def test_dotenv_is_the_one_beside_the_file(tmp_path: Path) -> None:
    """
    The current folder's counts only when there is no file.
    """
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "masterops.toml").write_text("")
    (tmp_path / "etc" / ".env").write_text("LOG_LEVEL=error\n")
    (tmp_path / ".env").write_text("LOG_LEVEL=debug\n")

    with_file = load(config=Path("etc/masterops.toml"), environ={}, cwd=tmp_path, home=tmp_path)
    without_file = load(environ={}, cwd=tmp_path, home=tmp_path)

    assert ("error", "etc/.env:1") == (with_file.log.level, str(with_file.origins["log.level"]))
    assert ("debug", ".env:1") == (without_file.log.level, str(without_file.origins["log.level"]))


def test_home_may_stand_in_dotenv(tmp_path: Path) -> None:
    """
    Where data go is a setting like any other.
    """
    (tmp_path / ".env").write_text("MASTEROPS_HOME=/srv/masterops\n")

    settings = load(environ={"HOME": str(tmp_path)}, cwd=tmp_path)

    assert Path("/srv/masterops") == settings.home


def test_files_of_windows_are_read_like_others(tmp_path: Path) -> None:
    """
    A byte order mark is no key, and line ends do not move the lines.
    """
    (tmp_path / "masterops.toml").write_bytes(b"\xef\xbb\xbf[http]\r\nmax_attempts = 5\r\n")
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbf# levels\r\nLOG_LEVEL='warn'\r\n")

    settings = load(environ={}, cwd=tmp_path, home=tmp_path)

    assert (5, "masterops.toml:2") == (settings.http.max_attempts, str(settings.origins["http.max_attempts"]))
    assert ("warn", ".env:2") == (settings.log.level, str(settings.origins["log.level"]))


SHARED = "Library/Application Support" if sys.platform == "darwin" else ".local/share"


@pytest.mark.parametrize(
    ("environ", "home"),
    [
        ({"MASTEROPS_HOME": "/srv/ops", "XDG_DATA_HOME": "/x", "HOME": "/h"}, "/srv/ops"),
        ({"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/masterops"),
        ({"HOME": "/h"}, f"/h/{SHARED}/masterops"),
        ({"MASTEROPS_HOME": "", "XDG_DATA_HOME": "", "HOME": "/h"}, f"/h/{SHARED}/masterops"),
    ],
)
def test_home_is_what_was_said_or_where_the_system_keeps_data(environ: dict[str, str], home: str) -> None:
    """
    An empty variable counts as not set here too.
    """
    assert Path(home) == home_directory(environ)


def test_a_user_without_a_home_is_told_what_to_set() -> None:
    """
    Containers run as users that the system does not know.
    """
    with pytest.raises(ConfigError) as caught:
        home_directory({"HOME": "~no-such-user-here"})

    assert "Set MASTEROPS_HOME to a folder." == caught.value.advice
