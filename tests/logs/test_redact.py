"""
Secrets stay in the process.
"""

from __future__ import annotations

import dataclasses
import time
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.logs import Pipeline, redact, redact_text
from masterops.logs.redact import MOST_INSIDE
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
        "accessToken",
        "refreshToken",
        "hubspotToken",
        "clientSecret",
        "apiKey",
        "X-API-Key",
        "token_value",
        "tokenValue",
        "passphrase",
        "password2",
        "hubspottoken",
        "hmac",
        "hmac_key",
        "hmacKey",
        "X-Shopify-Hmac-Sha256",
        "X-HubSpot-Signature-v3",
    ],
)
@given(value=st.text(min_size=1))
def test_is_known_by_its_key(key: str, value: str) -> None:
    """
    Under a key that means a secret no value survives, however harmless it looks.
    """
    assert {"outer": {key: "***"}} == redact({"outer": {key: value}})


@pytest.mark.parametrize(
    "text",
    [
        "tokens used: 12",
        "tokens: 12, tokens=12",
        "the password was changed",
        "password: must be longer than that",
        "Unexpected token: < in JSON at the beginning",
        "invalid token: expired",
        "token=None, password: str, secret: null",
        "monkey",
        "contacts.list",
        "key=value",
        "primary key=5 monkey: 3",
        "status=500 attempt=3 took: 12 ms",
        "token_count=5 token_type=bearer expires_in=3600",
        "https://api.example:8443/contacts/123?limit=100&after=55",
        "id: 019aa5c4-0000-7000-8000-000000000000",
        "10:42:07 orders.imported rows=12",
        "mailto:ops@example.com, see https://example.com/a",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    """
    Talking about secrets is no secret.
    """
    assert text == redact_text(text)


@pytest.mark.parametrize(
    "details",
    [
        {"tokens": 12, "max_tokens": 100.5, "cookies": 3},
        {"has_token": True, "password": None, "secret": ""},
        {"token_id": 7, "token_count": 3, "password_changed_at": "yesterday", "access_key_id": "k"},
        {"key": "value", "monkey": "x", "keys": ["a"], "status": 500},
    ],
)
def test_counts_and_ids_are_left_alone(details: dict[str, object]) -> None:
    """
    How many there are, whether there is one and which it was may be known.
    """
    assert details == redact(details)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"access_token":"hunter2","x":1}', '{"access_token":"***","x":1}'),
        ('{"accessToken": "hun\\"ter2", "x": 1}', '{"accessToken": "***", "x": 1}'),
        ("{'password': 'hunter2', 'x': 1}", "{'password': '***', 'x': 1}"),
        (
            r'{"body": "{\"refresh_token\":\"hunter2\",\"x\":1}"}',
            r'{"body": "{\"refresh_token\":\"***\",\"x\":1}"}',
        ),
        ("host=db password=hunter2 user=ops", "host=db password=*** user=ops"),
        ("host=db password = 'hunt er2' user=ops", "host=db password = '***' user=ops"),
        ("pwd=x", "pwd=***"),
        ("hmac_key=hunter2 HMAC: hunter2", "hmac_key=*** HMAC: ***"),
        ("secret: hunter2 was refused", "secret: *** was refused"),
        ("secret: swordfish", "secret: ***"),
        ("login\npassword: swordfish\nfailed", "login\npassword: ***\nfailed"),
        ("api key: abcdefghijklmnopqrstuvwxyz failed", "api key: *** failed"),
        ("passphrase=correct,horse&battery;staple rest", "passphrase=*** rest"),
        ("redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"),
        ("postgres://u:hunt@er2@h/db", "postgres://u:***@h/db"),
        ("postgres://u:hunt@er2@h to x@y", "postgres://u:***@h to x@y"),
        ("https://x/y?page=1&clientSecret=hunter2&a=1", "https://x/y?page=1&clientSecret=***&a=1"),
        ("https://x/y?sig=hunter2&a=1", "https://x/y?sig=***&a=1"),
        ("Cookie: a=hunter2; b=hunter2\nHost: x", "Cookie: ***\nHost: x"),
        ("Authorization: Basic aHVudGVyMg== end", "Authorization: Basic *** end"),
        ("Client(token='hunter2', page=3)", "Client(token='***', page=3)"),
        ("Client(token=b'hunter2', page=3)", "Client(token=b'***', page=3)"),
    ],
)
def test_is_known_by_the_name_before_it(text: str, shown: str) -> None:
    """
    In JSON, in connection strings, in headers and in prose; what stands around it can still be read.
    """
    assert shown == redact_text(text)


@given(
    st.text()
    | st.sampled_from(
        [
            "password=",
            "secret: ",
            '"token":"',
            "://u:",
            "https://a1",
            "<token>",
            "token%3D",
            "--token ",
            "-u a:",
            "user -u 'a:",
            "('token', '",
            '"token":["',
            '"key":"token","value":"',
            "Basic ",
            "eyJaaaaaaaa.",
            "?key=",
        ]
    ).flatmap(lambda a: st.text().map(a.__add__))
)
def test_what_was_redacted_once_does_not_change_again(text: str) -> None:
    """
    Text may pass through here more than once, from one record into another.
    """
    once = redact_text(text)

    assert once == redact_text(once)


@pytest.mark.parametrize(
    "piece",
    ["token", "password=", 'password="', "secret: ", "\\", "://a:", "@", "token:\\\\", "&a", "x", " ", "token ", "=",
     "secret key", "Bearer ", "-----BEGIN PRIVATE KEY-----", "token1", "cookie: ", "-eyJaaaaaaaa"],
)  # fmt: skip
def test_takes_no_longer_than_the_text_is_long(piece: str) -> None:
    """
    No text makes it slow: a megabyte of the worst is done in the time that a request may wait.
    """
    text = "token" + piece * (200_000 // len(piece))
    started = time.process_time()

    redact_text(text)

    assert time.process_time() - started < 2


@dataclasses.dataclass
class Account:
    """
    An ordinary dataclass; one of its fields is not for showing.
    """

    name: str
    token: str
    note: str = dataclasses.field(default="hunter2", repr=False)


@dataclasses.dataclass
class Shy:
    """
    A dataclass that says itself how it is shown.
    """

    value: str

    def __repr__(self) -> str:
        return "Shy(...)"


class Login(msgspec.Struct):
    """
    An ordinary struct, with another inside.
    """

    user: str
    token: str
    account: Account | None = None


class Pair(NamedTuple):
    """
    A named tuple.
    """

    user: str
    password: str


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Account("a", "hunter2"), {"name": "a", "token": "***"}),
        (Shy("hunter2"), "Shy(...)"),
        (Login("u", "hunter2", Account("a", "hunter2")), {"user": "u", "token": "***", "account": {"name": "a", "token": "***"}}),
        (Pair("u", "hunter2"), {"user": "u", "password": "***"}),
        ([Login("u", "hunter2")], [{"user": "u", "token": "***", "account": None}]),
    ],
)  # fmt: skip
def test_fields_of_objects_are_keys(value: object, shown: object) -> None:
    """
    A secret in a field is known by the field's name, and what an author hides stays hidden.
    """
    assert {"found": shown} == redact({"found": value})


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ([("X-Api-Key", "hunter2"), ("Host", "x")], [["X-Api-Key", "***"], ["Host", "x"]]),
        ([(b"authorization", b"hunter2"), (b"host", b"x")], [["authorization", "***"], ["host", "x"]]),
        ({b"authorization": b"hunter2", b"host": b"x"}, {"authorization": "***", "host": "x"}),
        (["token", 12], ["token", 12]),
    ],
)
def test_headers_may_be_pairs_and_bytes(headers: object, shown: object) -> None:
    """
    As HTTP libraries and servers hand them around.
    """
    assert {"headers": shown} == redact({"headers": headers})


def test_a_list_that_stands_in_itself_many_times_is_cut() -> None:
    """
    A few hundred references in memory, a hundred million texts on the way through them: the caller must not
    stand still for that, nor the process run out of memory.
    """
    value: object = "x" * 1000
    for _ in range(4):
        value = [value] * 100
    by_key = {str(number): value for number in range(100)}

    shown = [str(redact(value)), str(redact(by_key))]

    assert all(len(text) < 1.5 * MOST_INSIDE for text in shown)
    assert all("items cut]" in text for text in shown)


def test_a_secret_that_is_itself_a_key_is_hidden() -> None:
    """
    Tables by token are made, too.
    """
    assert {"***": 3} == redact({SECRETS["hubspot"]: 3})


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
