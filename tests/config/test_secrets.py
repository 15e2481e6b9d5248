"""
Secrets: only `reveal` shows one, whatever else is done with it and whatever goes wrong around it.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import tempfile
import traceback
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops.config import Secret, effective, load
from masterops.config.database_url import DatabaseUrl, flaw
from masterops.errors import ConfigError

# Long and unlike any word of ours, so that finding one in a text means that it leaked.
SECRETS = st.text("ABCDEFGHJKQWXYZ0123456789", min_size=12, max_size=40).map(lambda each: f"Q{each}")
# A text with a secret at every place where people put one, right or wrong; {s} is the secret.
TEXTS = [
    '[connections."hubspot/group"]\naccess_token = "{s}"\n',
    '[connections."hubspot/group"]\naccess_token = {s}\n',
    '[connections."hubspot/group"]\naccess_token = ["{s}"]\n',
    '[connections."hubspot/group"]\naccess_token = {{ token = "{s}" }}\n',
    '[connections."hubspot/group"]\nacces_token = "{s}"\n',
    '[connections."hubspot/group"]\naccess_token = "env:pat-{s}"\n',
    '[connections."hubspt/group"]\naccess_token = "{s}"\n',
    '[connections.hubspot]\naccess_token = "{s}"\n',
    'connections = "{s}"\n',
    '[connections."n8n/group"]\nbase_url = "https://me:{s}@n8n.example.com"\n',
    '[connections."n8n/group"]\nbase_url = "https://n8n.example.com?key={s}"\n',
    '[connections."n8n/group"]\nbase_url = "n8n.example.com?key={s}"\n',
    'allow_inline_secrets = true\n[connections."hubspot/group"]\naccess_token = "{s}"\n',
    '[database]\nurl = "postgres://me:{s}@localhost/x"\n',
    '[database]\nurl = "postgres://me:{s}@{s}@localhost/x"\n',
    '[database]\nurl = "postgres://me:12/{s}@localhost/x"\n',
    '[database]\nurl = "postgres://me:{s} @localhost/x"\n',
    '[database]\nurl = "mysql://me:{s}@localhost/x"\n',
    '[database]\nurl = "{s}"\n',
    'allow_inline_secrets = true\n[database]\nurl = "postgres://me@localhost/x?password={s}"\n',
]
DOTENVS = [
    "HUBSPOT_ACCESS_TOKEN={s}\n",
    "HUBSPOT_ACCESS_TOKEN='{s}\n",
    "{s}\n",
    "HUBSPOT {s}\n",
    'A="{s}" {s}\n',
]
VARIABLES = ["HUBSPOT_ACCESS_TOKEN", "N8N_API_KEY", "SUPABASE_SERVICE_ROLE_KEY", "TEELIXIR_UNLEASHED_API_KEY"]


def _printed(text: str, dotenv: str, environ: dict[str, str]) -> str:
    """Everything that a program could print after loading these."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "masterops.toml").write_text(text)
        (folder / ".env").write_text(dotenv)
        try:
            loaded = load(environ=environ, cwd=folder, home=folder)
        except ConfigError as error:
            trace = "".join(traceback.format_exception(error))
            return f"{error}{error!r}{error.advice}{error.facts}{trace}"
        return f"{loaded}{loaded!r}{effective(loaded)}{dataclasses.asdict(loaded)}"


@pytest.mark.parametrize("text", TEXTS)
# Each is a folder on the disk, and the place matters more than the value.
@settings(max_examples=20, deadline=None)
@given(allowed=st.booleans(), secret=SECRETS)
def test_a_secret_in_the_file_is_never_printed(text: str, allowed: bool, secret: str) -> None:
    """
    Not in the settings, not by `ops config show`, and in no error, wherever it was put.
    """
    environ = {"MASTEROPS_ALLOW_INLINE_SECRETS": "1" if allowed else ""}

    printed = _printed(text.format(s=secret), "", environ)

    assert printed
    assert secret not in printed


@pytest.mark.parametrize("dotenv", DOTENVS)
@settings(max_examples=20, deadline=None)
@given(variable=st.sampled_from(VARIABLES), secret=SECRETS)
def test_a_secret_in_the_environment_is_never_printed(dotenv: str, variable: str, secret: str) -> None:
    """
    The same for variables, and for a `.env` that is broken beside the secret.
    """
    printed = _printed("", dotenv.format(s=secret), {variable: secret})

    assert printed
    assert secret not in printed


def test_a_secret_prints_as_stars() -> None:
    """
    By every way of printing that Python has.
    """
    secret = Secret("tok")

    assert ["***"] * 5 == [str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret]  # noqa: UP031
    assert "[***]" == str([secret])
    assert "  ***" == f"{secret:>5}"
    assert "tok" == secret.reveal()


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode])
def test_a_secret_is_not_written_by_accident(write: object) -> None:
    """
    What would end in a file or a queue is refused without showing the value.
    """
    assert callable(write)

    with pytest.raises(TypeError) as caught:
        write({"token": Secret("tok-value")})

    assert "tok-value" not in str(caught.value)


def test_secrets_with_one_value_are_equal() -> None:
    """
    So that settings can be compared; a secret is never equal to a plain text.
    """
    secret = Secret("tok")

    assert Secret("tok") == secret
    assert hash(Secret("tok")) == hash(secret)
    assert Secret("other") != secret
    assert "tok" != secret
    assert secret is copy.deepcopy([secret])[0]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://localhost/x", "postgresql://localhost/x"),
        ("postgres://me:s3cret@db.example.com:5432/x", "postgres://me:***@db.example.com:5432/x"),
        ("postgresql://me@/x?host=/run/pg", "postgresql://me@/x?host=/run/pg"),
        ("postgresql://:s3cret@localhost", "postgresql://:***@localhost"),
        ("postgresql://me:s3:cr%40et@a,b:5433/x", "postgresql://me:***@a,b:5433/x"),
        ("postgresql://[::1]:5432/x?sslmode=require", "postgresql://[::1]:5432/x?sslmode=require"),
        (
            "postgresql://me@h/x?password=s3cret&sslmode=require",
            "postgresql://me@h/x?password=***&sslmode=require",
        ),
        ("postgresql://h/x?sslpassword=s3cret", "postgresql://h/x?sslpassword=***"),
        ("not an address with s3cret", "***"),
    ],
)
def test_an_address_prints_without_its_password(url: str, shown: str) -> None:
    """
    The rest of it is what one looks for when something is wrong.
    """
    address = DatabaseUrl(url)

    assert [shown, shown] == [str(address), repr(address)]
    assert url == address.reveal()


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("", "a text that does not begin with postgresql://"),
        ("postgresql+asyncpg://h/x", "a text that does not begin with postgresql://"),
        ("host=localhost dbname=x", "a text that does not begin with postgresql://"),
        ("postgresql://me@h /x", "one with a blank in it"),
        ("postgresql://me:a@b@h/x", "one whose password or name has a bare @, :, / or ? in it"),
        ("postgresql://me:a/b@h/x", "one whose password or name has a bare @, :, / or ? in it"),
        ("postgresql://h:port/x", "one whose host or port is not right"),
        ("postgresql://h:70000/x", "one whose host or port is not right"),
        ("postgresql://h/x?sslmode", "one whose options are not key=value"),
    ],
)
def test_an_address_that_postgresql_would_misread_is_refused(url: str, wrong: str) -> None:
    """
    With what is wrong with it, and never with the text itself.
    """
    found = flaw(url)

    assert found is not None
    assert found.startswith(wrong)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://localhost", "postgresql:///x", "postgresql://", "postgresql://%2Fvar%2Frun/x",
        "postgresql://me:p%40ss@db.abcdefgh.supabase.co:5432/postgres?sslmode=require",
        "postgresql://postgres.abcdefgh:p@aws-0-x.pooler.supabase.com:6543/postgres",
    ],
)  # fmt: skip
def test_an_address_that_postgresql_reads_is_taken(url: str) -> None:
    """
    Sockets, default hosts and the addresses that Supabase prints.
    """
    assert flaw(url) is None
