"""
Slack, Teams and webhooks against a real socket: what they send, and what they make of the answer.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from masterops import errors
from masterops.channels import Message
from masterops.channels.teams import payload
from masterops.core import clock
from tests.channels.conftest import TOKEN, Opening
from tests.channels.receivers import Hooks, Reply
from tests.transport.conftest import Notebook

KINDS = ("slack", "teams", "webhook")
PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"


async def test_slack_gets_a_text_for_the_phone_and_blocks(
    opening: Opening, hooks: Hooks, message: Message
) -> None:
    """
    The title in bold, the lines below it, the three characters that mean something to Slack escaped.
    """
    told = replace(message, lines=("<b> & </b>",))

    await opening("slack", f"{hooks.url}/services/T0123/B0123/{TOKEN}").send(told)

    sent = hooks.hits[0].json
    assert f"/services/T0123/B0123/{TOKEN}" == hooks.hits[0].path
    assert message.title == sent["text"]
    assert (
        "*CRITICAL Teelixir: HubSpot is down since 12:00 UTC*\n&lt;b&gt; &amp; &lt;/b&gt;\nhttps://ops.example.com"
        == sent["blocks"][0]["text"]["text"]
    )
    assert f"id {message.id}" == sent["blocks"][1]["elements"][0]["text"]


async def test_an_address_that_does_not_say_ok_is_not_slacks(
    opening: Opening, hooks: Hooks, message: Message
) -> None:
    """
    A page that answers 200 to everything must not pass for a delivered notice.
    """
    hooks.replies = [Reply(200, b"<!doctype html><title>Welcome</title>")]

    with pytest.raises(errors.UnexpectedAnswer, match="it did not say ok"):
        await opening("slack", f"{hooks.url}/services/{TOKEN}").send(message)


async def test_teams_gets_an_adaptive_card(opening: Opening, hooks: Hooks, message: Message) -> None:
    """
    In the envelope that a workflow takes; 202 is fine, and the signature in the address stays as it is.
    """
    hooks.replies = [Reply(202, b"")]

    await opening("teams", f"{hooks.url}/workflows/1/triggers/manual/run?sp=%2Ftriggers&sig={TOKEN}").send(
        message
    )

    attachment = hooks.hits[0].json["attachments"][0]
    assert hooks.hits[0].path.endswith(f"run?sp=%2Ftriggers&sig={TOKEN}")
    assert "application/vnd.microsoft.card.adaptive" == attachment["contentType"]
    assert [message.title, *message.lines] == [each["text"] for each in attachment["content"]["body"][:3]]
    assert "Attention" == attachment["content"]["body"][0]["color"]
    assert message.link == attachment["content"]["actions"][0]["url"]


@pytest.mark.parametrize("letter", ["x", "é", "\n", '"'])
def test_a_card_of_teams_is_never_larger_than_it_takes(letter: str, message: Message) -> None:
    """
    28 KB, however long the lines are and whatever they are made of.
    """
    assert len(payload(replace(message, lines=(letter * 60_000,)))) <= 28_000


async def test_a_webhook_can_be_verified_with_the_lines_of_the_documentation(
    opening: Opening, hooks: Hooks, message: Message
) -> None:
    """
    They take what was sent, and refuse another body, another secret and an old message.
    """
    written = re.search(r"```python\n(.*?def verify.*?)```", PAGE.read_text(), re.DOTALL)
    assert written is not None
    names: dict[str, Any] = {}
    exec(written[1], names)

    await opening("webhook", f"{hooks.url}/{TOKEN}", secret="s3cret").send(message)

    hit = hooks.hits[0]
    signature, now = hit.headers["x-masterops-signature"], clock.now().timestamp()
    assert names["verify"]("s3cret", signature, hit.body, now=now)
    assert not names["verify"]("s3cret", signature, hit.body + b" ", now=now)
    assert not names["verify"]("another", signature, hit.body, now=now)
    assert not names["verify"]("s3cret", signature, hit.body, now=now + 3600)
    assert not names["verify"]("s3cret", "nonsense", hit.body, now=now)
    assert message.id == hit.headers["idempotency-key"]
    assert message == msgspec.json.decode(hit.body, type=Message)


async def test_a_webhook_without_a_secret_is_not_signed(
    opening: Opening, hooks: Hooks, message: Message
) -> None:
    """
    A signature with no secret would be one that anybody can make.
    """
    await opening("webhook", hooks.url).send(message)

    assert "x-masterops-signature" not in hooks.hits[0].headers


@pytest.mark.parametrize("kind", KINDS)
async def test_a_channel_that_is_asked_to_slow_down_says_for_how_long(
    kind: str, opening: Opening, hooks: Hooks, message: Message
) -> None:
    """
    One attempt a time: the outbox waits, not the worker.
    """
    hooks.replies = [Reply(429, b"rate_limited", (("Retry-After", "30"),))]

    with pytest.raises(errors.RateLimited) as refused:
        await opening(kind, f"{hooks.url}/services/{TOKEN}").send(message)

    assert 30 == refused.value.retry_after
    assert "retry" == refused.value.recovery
    assert 1 == len(hooks.hits)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "recovery"),
    [(400, "skip"), (403, "stop"), (404, "skip"), (410, "skip"), (500, "retry"), (503, "retry")],
)
async def test_what_may_pass_is_tried_again_and_what_will_not_is_final(
    kind: str, status: int, recovery: str, opening: Opening, hooks: Hooks, message: Message
) -> None:
    """
    By the same table as every other call.
    """
    hooks.replies = [Reply(status, b"no")]

    with pytest.raises(errors.RemoteError) as refused:
        await opening(kind, f"{hooks.url}/services/{TOKEN}").send(message)

    assert recovery == refused.value.recovery


@pytest.mark.parametrize("kind", KINDS)
async def test_no_error_log_record_or_metric_repeats_an_address(
    kind: str, opening: Opening, hooks: Hooks, message: Message, notebook: Notebook
) -> None:
    """
    Not even when the other side does, or when nobody is there.
    """
    url = f"{hooks.url}/services/{TOKEN}?sig={TOKEN[::-1]}"
    hooks.replies = [
        Reply(500, f"cannot POST {url}".encode()),
        Reply(302, b"", (("Location", url),)),
        Reply(404, TOKEN.encode() * 50),
    ]
    channel = opening(kind, url)
    said = []
    for _ in range(3):
        with pytest.raises(errors.RemoteError) as refused:
            await channel.send(message)
        said.append(f"{refused.value.message} {refused.value.facts}")
    hooks.close()
    with pytest.raises(errors.NetworkError) as gone:
        await channel.send(message)

    written = " ".join([*said, gone.value.message, repr(notebook.records), repr(notebook.metrics)])
    assert 4 == len(notebook.metrics)
    assert TOKEN not in written
    assert TOKEN[::-1] not in written


@pytest.mark.parametrize("url", ["", "hooks.slack.com/services", "ftp://x/y", f"https://me:{TOKEN}@host/x"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str, opening: Opening) -> None:
    """
    What is wrong with it is said.
    """
    with pytest.raises(errors.BadValue, match="must begin with https://") as refused:
        opening("webhook", url)

    assert url not in refused.value.message or not url
