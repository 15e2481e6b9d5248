"""
What a secret looks like inside a text, and what only looks like one.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from masterops.logs import Pipeline, redact, redact_text
from masterops.logs.named import hide as hide_named
from masterops.logs.shapes import hide as hide_shapes
from tests.logs.conftest import spooled

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
# Put together here, so that no scanner takes the file itself for a leak.
TOKENS = {
    "hubspot developer": "eu1-" + "1234-5678-9abc-def012345678",
    "shopify": "shpss_" + LETTERS[:32],
    "shopify, three letters": "shptka_" + LETTERS[:32],
    "stripe webhook": "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "stripe": "rk_" + "live_" + LETTERS,
    "openai": "sk-" + "proj-abcDEF123_456-" + LETTERS,
    "openai, old": "sk-" + LETTERS,
    "anthropic": "sk-" + "ant-api03-" + LETTERS,
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "aws, for a while": "ASIA" + "IOSFODNN7EXAMPLE",
    "slack app": "xapp-" + "1-A0123456789-1234567890123-abcdef",
    "slack browser": "xoxd-" + "abcdef%2Babcd1234567890",
    "github": "ghp_" + LETTERS,
    "github, fine": "github_pat_" + "11ABCDEFG0abcdef_" + LETTERS,
    "gitlab": "glpat-" + LETTERS[:20],
    "npm": "npm_" + LETTERS,
    "google key": "AIza" + "SyA-1234567890_abcdefghijklmnopqrst",
    "google token": "ya29." + "a0AfH6SMB-" + LETTERS,
    "sendgrid": ".".join(("SG", LETTERS[:22], LETTERS)),
    "n8n, old": "n8n_api_" + LETTERS,
    "encrypted web token": ".".join(("eyJhbGciOiJkaXIifQ", "", "iv-iv-iv-iv", "cipher_text", "tag-tag")),
}  # fmt: skip


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
@pytest.mark.parametrize(
    "around", ["{}", "MY_{}", "[{}]", "{} was refused", "it-is-{}, x", '{{"note": "{}"}}']
)
def test_what_its_maker_gave_a_beginning_is_known_by_it(token: str, around: str) -> None:
    """
    All of it goes, its beginning too, and what stands around it stays.
    """
    assert around.format("***") == redact_text(around.format(token))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://s3cr3tT0ken@example.com/x", "https://***@example.com/x"),
        ("git+https://abcdefghijklmnopqrst@example.com", "git+https://***@example.com"),
        ("https://abcdefghijklmnopqrstuvwxyz:x-oauth-basic@example.com", "https://***:***@example.com"),
        ("http://user:hunter2@example.com:80/x?page=2", "http://user:***@example.com:80/x?page=2"),
        ("https://hooks.slack.com/services/T0/B0/XX ok", "https://hooks.slack.com/services/*** ok"),
        ("https://discord.com/api/webhooks/123/abc-DEF?wait=true", "https://discord.com/api/webhooks/123/***?wait=true"),
        ("https://a.webhook.office.com/webhookb2/1@2/x/3/4", "https://a.webhook.office.com/webhookb2/***"),
        ("https://api.telegram.org/bot123:AA-bb/send", "https://api.telegram.org/bot***"),
        ("bearer abc123def456 refused", "bearer *** refused"),
        ("<password>hunter2</password>", "<password>***</password>"),
        ("<ns:ApiKey type='x'>hunter2</ns:ApiKey>", "<ns:ApiKey type='x'>***</ns:ApiKey>"),
        ("<password><![CDATA[<hunter2>]]></password>", "<password>***</password>"),
        ("<key>password</key><value>hunter2</value>", "<key>password</key><value>***</value>"),
        ('<add key="Password" value="hunter2"/>', '<add key="Password" value="***"/>'),
        ('{"name": "password", "value": "hunter2", "x": 1}', '{"name": "password", "value": "***", "x": 1}'),
        ("{'key': 'Authorization', 'value': 'hunter2'}", "{'key': 'Authorization', 'value': '***'}"),
        (r'{\"key\":\"token\",\"value\":\"hunter2\"}', r'{\"key\":\"token\",\"value\":\"***\"}'),
        ("[('Authorization', 'Hunter2'), ('Host', 'x')]", "[('Authorization', '***'), ('Host', 'x')]"),
        ("[(b'x-api-key', b'hunter2')]", "[(b'x-api-key', b'***')]"),
        ('{"Set-Cookie":["a=hunter2","b=hunter2"],"x":1}', '{"Set-Cookie":[***],"x":1}'),
        ("password%3Dhunter2%26page%3D2", "password%3D***%26page%3D2"),
        ("%7B%22password%22%3A%22hunter2%22%7D", "%7B%22password%22%3A%22***%22%7D"),
        ("curl -u bob:hunter2 https://x", "curl -u bob:*** https://x"),
        ("curl -ubob:hunter2", "curl -ubob:***"),
        ("curl --user 'bob:hunt er2' x", "curl --user 'bob:***' x"),
        ("curl -H 'Authorization: Bearer hunter2' x", "curl -H 'Authorization: Bearer ***' x"),
        ("tool --api-token hunter2 --page 3", "tool --api-token *** --page 3"),
        ("tool --password swordfish", "tool --password ***"),
        ("tool --password 'sword fish' x", "tool --password '***' x"),
        ("AccountKey=hunter2==", "AccountKey=***"),
        ("İ token=hunter2 İ", "İ token=*** İ"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nx\n-----END PGP PRIVATE KEY BLOCK-----\nend", "***\nend"),
    ],
)  # fmt: skip
def test_is_known_in_every_form_in_which_programs_write_it(text: str, shown: str) -> None:
    """
    In addresses, headers, XML, JSON, lists of pairs and command lines; what stands around it can still be read.
    """
    assert shown == redact_text(text)
    assert shown == redact_text(shown)


HARMLESS = [
    "postgres://ops@db.example/x",
    "ssh://git@github.com/a/b",
    "https://jane@example.com/x",
    "https://example.com/@jane/posts?page=2&key_count=3",
    "https://example.com/hooks/list, webhook.created",
    "sftp://first.last@files.example.com/in/2026-11-26.csv",
    "Basic authentication failed, Basic information follows",
    "Bearer authentication is required, Token validation failed",
    "token_type=bearer expires_in=3600",
    "sk-SK and task-scheduler-2026 and risk-assessment",
    "shp_file, sbom_generated, ghost_writer_2026, npm_run",
    "na1 and eu1-cluster, pat-down, xoxo-hugs-and-kisses",
    "AKIAFOO, MAKIANDSOMETHINGLONGER12, SG.de, SG.Events.Closed",
    "usage: ops [--token TOKEN] [--password <password>] FILE",
    "give --token or --password, not both",
    "docker run -u 1000:1000 --user 1000:1000 image",
    "sort -u names, curl -u is not set",
    "<tokens>12</tokens><token>null</token><b>password</b>",
    "missing fields: ['password', 'email']",
    "('token', 'page')",
    "password, token and secret: three words",
    "author: Jane, authors=3, authority: none",
    "the order of 2026-11-26T10:42:07Z is 019aa5c4-0000-7000-8000-000000000000",
    "C:\\data\\orders.csv, /var/lib/x_y-z.d/a+b~c",
    "primary key=5 monkey: 3 turkey=2 keyboard: qwerty",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_words_stay(text: str) -> None:
    """
    What only looks like a secret, or talks about one, can be read.
    """
    assert text == redact_text(text)


@given(
    st.lists(st.sampled_from(sorted({word for text in HARMLESS[:13] for word in text.split()})), max_size=12)
)
def test_ordinary_words_stay_in_any_order(words: list[str]) -> None:
    """
    None of them becomes a secret by its neighbours.
    """
    text = " - ".join(words)

    assert text == redact_text(text)


@given(st.text(st.characters(blacklist_characters="=:\"'<>%-_.@/?&", max_codepoint=0x17F)))
def test_a_text_without_any_sign_is_not_changed(text: str) -> None:
    """
    Words alone, whatever they are, name no value.
    """
    assert (
        text.replace("***", "") == redact_text(text).replace("***", "") or "earer" in text or "asic" in text
    )


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"name": "password", "value": "hunter2"}, {"name": "password", "value": "***"}),
        ({"value": "hunter2", "key": "Authorization"}, {"value": "***", "key": "Authorization"}),
        ({"field": "token", "old": "hunter2", "new": "hunter3"}, {"field": "token", "old": "***", "new": "***"}),
        ({"Name": "x-api-key", "Values": ["hunter2"]}, {"Name": "x-api-key", "Values": "***"}),
        ({"property": "secret", "newValue": 5}, {"property": "secret", "newValue": "***"}),
        ({"header": b"cookie", b"value": b"a=1"}, {"header": "cookie", "value": "***"}),
        ({"loc": ["body", "password"], "msg": "too short", "input": "hi"}, {"loc": ["body", "password"], "msg": "too short", "input": "***"}),
        ({"name": "page", "value": "hunter2"}, {"name": "page", "value": "hunter2"}),
        ({"name": "tokens", "value": 12}, {"name": "tokens", "value": 12}),
        ({"name": "token", "value": None}, {"name": "token", "value": None}),
        ({"name": "password", "required": True, "length": 8}, {"name": "password", "required": True, "length": 8}),
        ([["Cookie", ["a=1", "b=2"]], ["Host", "x"]], [["Cookie", "***"], ["Host", "x"]]),
        ([["password", "email"]], [["password", "***"]]),
        (["password", "email"], ["password", "email"]),
        (["password", "token"], ["password", "token"]),
        (("password", "swordfish"), ["password", "***"]),
        ({"auth": ("bob", "hunter2"), "author": "bob", "otp": "123456"}, {"auth": "***", "author": "bob", "otp": "***"}),
        ({"basicAuth": "x", "oauth": "2.0", "sharedAccessKey": "x"}, {"basicAuth": "***", "oauth": "2.0", "sharedAccessKey": "***"}),
    ],
)  # fmt: skip
def test_a_value_may_be_told_by_the_key_beside_it(given: object, shown: object) -> None:
    """
    Headers, form fields, changed properties and what a validation found, as services hand them around.
    """
    assert {"found": shown} == redact({"found": given})


def test_a_value_is_told_by_the_key_beside_it_among_the_facts_of_a_call(pipeline: Pipeline) -> None:
    """
    Also where the name is the logger's and the value the call's, the first time and every other.
    """
    log = pipeline.logger(source="test").child(field="password")

    for _ in range(3):
        log.info("changed", value="hunter2")

    assert [{"field": "password", "value": "***"}] * 3 == [
        row.details_json for row in spooled(pipeline.folder)
    ]


def test_a_key_of_megabytes_is_known_by_its_end() -> None:
    """
    Somebody's body became a key: it takes no longer than a value of that size.
    """
    started = time.process_time()
    (shown,) = redact({"pass-" * 2_000_000 + "token": "hunter2"}).items()

    assert "***" == shown[1]
    assert "characters cut]" in shown[0]
    assert time.process_time() - started < 1


@pytest.mark.parametrize("hide", [hide_shapes, hide_named])
@pytest.mark.parametrize(
    "piece",
    ["hmac sha-123", "--", "--token-", "<password ", "<password><![CDATA[", "password</a> <value", "token%22", "-u a",
     "user 'a:", '"token","', "token=[", 'token:["a', "https://aaa1", "?token", "eyJaaaaaaaa.", "-eyJaaaaaaaa",
     "pat-na1-", "_sk-proj-", "SG.aaaaaaaaaaaaaaaa.", "secret key", "[token, [", "&a&"],
)  # fmt: skip
def test_no_text_makes_it_slow(hide: object, piece: str) -> None:
    """
    Four times the text takes four times as long, not sixteen: a hundred thousand characters of the worst are
    done in the time that a request may wait, and a record has fewer.
    """
    text = "token curl -u :" + piece * (100_000 // len(piece))
    started = time.process_time()

    assert callable(hide)
    hide(text)

    assert time.process_time() - started < 2
