"""
Every mistake has one error: what, where, and how to mend it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from masterops.config import load
from masterops.errors import ConfigError
from tests.config.conftest import Loading

# id: file, code, where, key (None: the error has none), a part of the advice
FILES: dict[str, tuple[str, str, str, str | None, str]] = {
    "not TOML": ("[http]\ntimeout_seconds = \n", "CFG001", "masterops.toml:2", None, "ops init --print"),
    "a string without an end": ('[log]\nlevel = "info', "CFG001", "masterops.toml:2", None, "Mend that line"),
    "a token without quotes": ("x = pat-na1-secret\n", "CFG001", "masterops.toml:1", None, "Mend that line"),
    "a key twice": (
        "[http]\nmax_attempts = 1\nmax_attempts = 2\n",
        "CFG001",
        "masterops.toml:3",
        None,
        "Mend",
    ),
    "a list of lists of lists": ("x = " + "[" * 5000, "CFG001", "masterops.toml", None, "Mend"),
    "a number without an end": ("x = " + "1" * 5000, "CFG001", "masterops.toml", None, "Mend"),
    "a wrong key": (
        "[http]\n\ntimeout_secs = 3\n",
        "CFG002",
        "masterops.toml:3",
        "http.timeout_secs",
        "`timeout_seconds`",
    ),
    "a wrong section": ("[htpp]\nmax_attempts = 3\n", "CFG002", "masterops.toml:1", "htpp", "`http`"),
    "a key without its section": (
        "max_attempts = 3\n",
        "CFG002",
        "masterops.toml:1",
        "max_attempts",
        "belongs under [http]",
    ),
    "a top key inside a section": (
        "[http]\ndemo = true\n",
        "CFG002",
        "masterops.toml:2",
        "http.demo",
        "belongs at the top",
    ),
    "a key like no other": (
        "[log]\nzzz = 1\n",
        "CFG002",
        "masterops.toml:2",
        "log.zzz",
        "Keys here: level, ",
    ),
    "a wrong key of a business": (
        '[businesses.x]\nnmae = "X"\n',
        "CFG002",
        "masterops.toml:2",
        "businesses.x.nmae",
        "`name`",
    ),
    "a wrong key of a connection": (
        '[connections."hubspot/teelixir"]\ntoken = "x"\n',
        "CFG002",
        "masterops.toml:2",
        'connections."hubspot/teelixir".token',
        "access_token",
    ),
    "another service's key": (
        '[connections."n8n/group"]\naccess_token = "x"\n',
        "CFG002",
        "masterops.toml:2",
        'connections."n8n/group".access_token',
        "Keys here: base_url, api_key",
    ),
    "an unknown service": (
        '[connections."hubspt/teelixir"]\n',
        "CFG002",
        "masterops.toml:1",
        'connections."hubspt/teelixir"',
        "Did you mean `hubspot/teelixir`? Services: hubspot, n8n",
    ),
    "an undeclared business": (
        '[connections."hubspot/teelixer"]\n',
        "CFG002",
        "masterops.toml:1",
        'connections."hubspot/teelixer"',
        "Did you mean `hubspot/teelixir`? Businesses: group, teelixir",
    ),
    "a business that another file would have": (
        '[businesses.one]\n[connections."hubspot/teelixir"]\n',
        "CFG002",
        "masterops.toml:2",
        'connections."hubspot/teelixir"',
        "Businesses: group, one",
    ),
    "a connection without its slash": (
        '[connections.hubspot.teelixir]\naccess_token = "env:X"\n',
        "CFG002",
        "masterops.toml:1",
        'connections."hubspot"',
        '[connections."hubspot/teelixir"]',
    ),
    "a word for a number": (
        "[http]\ntimeout_seconds = 'fast'\n",
        "CFG003",
        "masterops.toml:2",
        "http.timeout_seconds",
        "Mend that value",
    ),
    "a value for a table": ("http = 3\n", "CFG003", "masterops.toml:1", "http", "Mend that value"),
    "a list of tables for a table": ("[[log]]\nlevel = 1\n", "CFG003", "masterops.toml:1", "log", "Mend"),
    "a value for a connection": (
        'connections."n8n/group" = 3\n',
        "CFG003",
        "masterops.toml:1",
        'connections."n8n/group"',
        "Mend",
    ),
    "a capital in a slug": (
        "[businesses.'Tea & Co']\n",
        "CFG003",
        "masterops.toml:1",
        'businesses."Tea & Co"',
        "[businesses.tea-co]",
    ),
    "the slug of all": ("[businesses.group]\n", "CFG003", "masterops.toml:1", "businesses.group", "Mend"),
    "one name for two businesses": (
        "[businesses.a]\nname = 'X'\n[businesses.b]\nname = 'x'\n",
        "CFG003",
        "masterops.toml:4",
        "businesses.b.name",
        "Mend",
    ),
    "an address of another database": (
        "[database]\nurl = 'mysql://root@localhost/x'\n",
        "CFG003",
        "masterops.toml:2",
        "database.url",
        "Mend",
    ),
    "an address with a blank": (
        "[database]\nurl = 'postgres://a b@localhost/x'\n",
        "CFG003",
        "masterops.toml:2",
        "database.url",
        "Mend",
    ),
    "an address whose variable is not set": (
        "[database]\nurl = 'env:NO_SUCH_URL'\n",
        "CFG004",
        "masterops.toml:2",
        "database.url",
        "in .env",
    ),
    "an address in a file that is not there": (
        "[database]\nurl = 'file:nowhere'\n",
        "CFG004",
        "masterops.toml:2",
        "database.url",
        "mend the reference",
    ),
    "a token in a file that is not there": (
        '[connections."hubspot/group"]\naccess_token = "file:nowhere"\n',
        "CFG004",
        "masterops.toml:2",
        'connections."hubspot/group".access_token',
        "mend the reference",
    ),
    "a token in a folder": (
        '[connections."hubspot/group"]\naccess_token = "file:."\n',
        "CFG004",
        "masterops.toml:2",
        'connections."hubspot/group".access_token',
        "mend the reference",
    ),
    "a token behind env:": (
        '[connections."hubspot/group"]\naccess_token = "env:pat-na1-1"\n',
        "CFG003",
        "masterops.toml:2",
        'connections."hubspot/group".access_token',
        "Mend",
    ),
    "an empty token": (
        '[connections."hubspot/group"]\naccess_token = ""\n',
        "CFG003",
        "masterops.toml:2",
        'connections."hubspot/group".access_token',
        "Mend",
    ),
    "a token that is a number": (
        '[connections."hubspot/group"]\naccess_token = 12345678\n',
        "CFG003",
        "masterops.toml:2",
        'connections."hubspot/group".access_token',
        "Mend",
    ),
    "a token in plain text": (
        '[connections."hubspot/group"]\naccess_token = "pat-na1-1"\n',
        "CFG005",
        "masterops.toml:2",
        'connections."hubspot/group".access_token',
        "env:NAME",
    ),
    "a password in plain text": (
        "[database]\nurl = 'postgres://me:secret@localhost/x'\n",
        "CFG005",
        "masterops.toml:2",
        "database.url",
        "MASTEROPS_ALLOW_INLINE_SECRETS=1",
    ),
    "a password among the options": (
        "[database]\nurl = 'postgres://me@localhost/x?password=secret'\n",
        "CFG005",
        "masterops.toml:2",
        "database.url",
        "env:NAME",
    ),
    "a base URL with a password": (
        '[connections."n8n/group"]\nbase_url = "https://me:secret@n8n.example.com"\n',
        "CFG003",
        "masterops.toml:2",
        'connections."n8n/group".base_url',
        "Mend",
    ),
}

# id: variables, code, where, key
VARIABLES: dict[str, tuple[dict[str, str], str, str, str]] = {
    "a word for a number": (
        {"MASTEROPS_HTTP_TIMEOUT_SECONDS": "fast"},
        "CFG003",
        "environment variable MASTEROPS_HTTP_TIMEOUT_SECONDS",
        "http.timeout_seconds",
    ),
    "an unknown level": ({"LOG_LEVEL": "loud"}, "CFG003", "environment variable LOG_LEVEL", "log.level"),
    "neither true nor false": (
        {"MASTEROPS_DEMO": "perhaps"},
        "CFG003",
        "environment variable MASTEROPS_DEMO",
        "demo",
    ),
    "another database": (
        {"DATABASE_URL": "mysql://root:secret@localhost/x"},
        "CFG003",
        "environment variable DATABASE_URL",
        "database.url",
    ),
    "no URL": (
        {"N8N_BASE_URL": "n8n.example.com"},
        "CFG003",
        "environment variable N8N_BASE_URL",
        'connections."n8n/group".base_url',
    ),
    "a token of two lines": (
        {"HUBSPOT_ACCESS_TOKEN": "one\ntwo"},
        "CFG003",
        "environment variable HUBSPOT_ACCESS_TOKEN",
        'connections."hubspot/group".access_token',
    ),
    "a reference to no file": (
        {"HUBSPOT_ACCESS_TOKEN": "file:nowhere"},
        "CFG004",
        "environment variable HUBSPOT_ACCESS_TOKEN",
        'connections."hubspot/group".access_token',
    ),
}


@pytest.mark.parametrize(("text", "code", "where", "key", "advice"), FILES.values(), ids=FILES.keys())
def test_a_mistake_in_the_file_names_its_line_and_the_remedy(
    loading: Loading, text: str, code: str, where: str, key: str | None, advice: str
) -> None:
    """
    One error, with the line, the key, and what to do.
    """
    with pytest.raises(ConfigError) as caught:
        loading(text)

    assert code == caught.value.code
    assert where == caught.value.facts["where"]
    assert key == caught.value.facts.get("key")
    assert advice in caught.value.advice
    assert "secret" not in str(caught.value.facts.get("got"))


@pytest.mark.parametrize(("variables", "code", "where", "key"), VARIABLES.values(), ids=VARIABLES.keys())
def test_a_mistake_in_a_variable_names_the_variable(
    loading: Loading, variables: dict[str, str], code: str, where: str, key: str
) -> None:
    """
    The same, for what no file holds.
    """
    with pytest.raises(ConfigError) as caught:
        loading(**variables)

    assert code == caught.value.code
    assert where == caught.value.facts["where"]
    assert key == caught.value.facts["key"]
    assert "secret" not in str(caught.value)


def test_a_mistake_in_dotenv_names_its_line(loading: Loading) -> None:
    """
    A value from `.env` is blamed on the line of `.env`.
    """
    with pytest.raises(ConfigError) as caught:
        loading(None, "# levels\n\nLOG_LEVEL=loud\n")

    assert ".env:3: `log.level` must be one of debug, info, warn, error, not 'loud'" == str(caught.value)


def test_a_wrong_type_is_one_sentence(loading: Loading) -> None:
    """
    Place, key, what was expected and what was there.
    """
    with pytest.raises(ConfigError) as caught:
        loading("[http]\ntimeout_seconds = 'fast'\n")

    expected = "masterops.toml:2: `http.timeout_seconds` must be a number of seconds, not 'fast'"
    assert expected == str(caught.value)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    """
    By option or by variable: a name that leads nowhere is not passed over.
    """
    with pytest.raises(ConfigError) as by_option:
        load(config=Path("other.toml"), environ={}, cwd=tmp_path, home=tmp_path)
    with pytest.raises(ConfigError) as by_variable:
        load(environ={"MASTEROPS_CONFIG": "other.toml"}, cwd=tmp_path, home=tmp_path)

    assert "CFG006" == by_option.value.code
    assert "There is no configuration file at other.toml" == str(by_option.value) == str(by_variable.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """
    What cannot be read is one error with the system's reason.
    """
    with pytest.raises(ConfigError) as caught:
        load(config=tmp_path, environ={}, cwd=tmp_path.parent, home=tmp_path)

    assert "CFG008" == caught.value.code
    assert "Is a directory" == caught.value.facts["reason"]


@pytest.mark.parametrize("name", ["masterops.toml", ".env"])
def test_a_file_that_is_no_text_is_blamed_on_its_line(tmp_path: Path, name: str) -> None:
    """
    Bytes that are not UTF-8 are a mistake of the file, not a traceback.
    """
    (tmp_path / name).write_bytes(b"# fine\nA='\xff'\n")

    with pytest.raises(ConfigError) as caught:
        load(environ={}, cwd=tmp_path, home=tmp_path)

    assert "CFG001" == caught.value.code
    assert f"{name}:2" == caught.value.facts["where"]
