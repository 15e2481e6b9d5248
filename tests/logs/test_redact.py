"""
Secrets stay in the process.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.logs import Pipeline, redact, redact_text
from tests.logs.conftest import spooled

# Put together here, so that no scanner takes the file itself for a leak.
JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"))
SECRETS = {
    "hubspot": "pat-" + "na1-11111111-2222-3333-4444-555555555555",
    "shopify": "shpat_" + "0123456789abcdef0123456789abcdef",
    "slack": "xoxb-" + "123456789012-abcdefghijkl",
    "supabase": "sb_secret_" + "abcdefghij0123456789",
    "management": "sbp_" + "0123456789abcdef0123",
    "jwt": JWT,
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
@pytest.mark.parametrize(
    "around", ["{}", "token {} refused", "Authorization: Bearer {}", "https://x/y?token={}&a=1"]
)
def test_is_known_by_its_shape(secret: str, around: str) -> None:
    """
    A token is replaced wherever in a text it stands.
    """
    assert secret not in redact_text(around.format(secret))


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "access_token",
        "HUBSPOT_ACCESS_TOKEN",
        "api-key",
        "apikey",
        "Authorization",
        "client_secret",
        "Cookie",
    ],
)
@given(value=st.text(min_size=1))
def test_is_known_by_its_key(key: str, value: str) -> None:
    """
    Under a key that means a secret no value survives, however harmless it looks.
    """
    assert {"outer": {key: "***"}} == redact({"outer": {key: value}})


@pytest.mark.parametrize("text", ["tokens used: 12", "the password was changed", "monkey", "contacts.list"])
def test_ordinary_words_are_left_alone(text: str) -> None:
    """
    Talking about secrets is no secret.
    """
    assert text == redact_text(text)


def test_the_password_in_a_url_goes_and_the_rest_stays() -> None:
    """
    Enough of a URL is left to know which one it was.
    """
    assert (
        redact_text("postgresql://ops:hunter22@db.example:5432/ops")
        == "postgresql://ops:***@db.example:5432/ops"
    )


class Holder:
    """
    An object whose text holds a secret.
    """

    def __repr__(self) -> str:
        return f"<Holder {SECRETS['hubspot']}>"


def test_reaches_into_everything_that_is_logged(pipeline: Pipeline) -> None:
    """
    Message, columns, details, objects, bytes, exceptions: none carries the secret to disk.
    """
    secret = SECRETS["hubspot"]
    log = pipeline.logger(source="test")

    log.info(
        f"message {secret}", operation=secret, holder=Holder(), raw=secret.encode(), deep=[{"x": (secret,)}]
    )
    try:
        raise ValueError(f"refused {secret}")
    except ValueError:
        log.exception("failed")

    assert 2 == len(spooled(pipeline.folder))
    for path in pipeline.folder.iterdir():
        assert secret.encode() not in path.read_bytes()
