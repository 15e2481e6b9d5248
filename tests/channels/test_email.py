"""
E-mail against a real SMTP server.
"""

from __future__ import annotations

import pytest

from masterops import errors
from masterops.channels import Message
from tests.channels.conftest import Opening
from tests.channels.receivers import Mails

FIELDS = {"sender": "ops@example.com", "to": ("a@example.com", "b@example.com")}


async def test_a_mail_has_the_line_for_the_phone_as_its_subject(
    opening: Opening, mails: Mails, message: Message
) -> None:
    """
    And the whole text; the id of the message is its Message-ID, a second time too.
    """
    channel = opening("email", mails.url, **FIELDS)
    await channel.send(message)
    await channel.send(message)

    first, second = mails.mails
    assert message.title == first["Subject"]
    assert message.text == first.get_content().rstrip().replace("\r\n", "\n")
    assert "a@example.com, b@example.com" == first["To"]
    assert f"<{message.id}@example.com>" == first["Message-ID"] == second["Message-ID"]
    assert "auto-generated" == first["Auto-Submitted"]


@pytest.mark.parametrize(
    ("reply", "kind", "recovery"),
    [
        ("451 try again later", errors.ServerFailed, "retry"),
        ("554 no thanks", errors.Invalid, "skip"),
    ],
)
async def test_4xx_is_tried_again_and_5xx_is_final(
    reply: str,
    kind: type[errors.RemoteError],
    recovery: str,
    opening: Opening,
    mails: Mails,
    message: Message,
) -> None:
    """
    With the server's own words.
    """
    mails.replies = [reply]

    with pytest.raises(kind, match=reply[4:]) as refused:
        await opening("email", mails.url, **FIELDS).send(message)

    assert recovery == refused.value.recovery


async def test_recipients_who_are_refused_do_not_keep_the_others_from_it(
    opening: Opening, mails: Mails, message: Message
) -> None:
    """
    One is unknown: the other has the mail. None is known: that is final.
    """
    mails.refused = {"a@example.com": "550 unknown"}
    await opening("email", mails.url, **FIELDS).send(message)
    mails.refused |= {"b@example.com": "550 unknown"}
    with pytest.raises(errors.Invalid, match="unknown"):
        await opening("email", mails.url, **FIELDS).send(message)

    assert 1 == len(mails.mails)


async def test_recipients_who_are_refused_for_now_get_it_later(
    opening: Opening, mails: Mails, message: Message
) -> None:
    """
    Greylisting answers 450 the first time.
    """
    mails.refused = {"a@example.com": "450 later", "b@example.com": "550 unknown"}

    with pytest.raises(errors.ServerFailed):
        await opening("email", mails.url, **FIELDS).send(message)


async def test_a_server_that_is_gone_is_tried_again(opening: Opening, mails: Mails, message: Message) -> None:
    """
    Without the password in the error.
    """
    url = mails.url.replace("smtp://", "smtp://ops:pa55-word-x@")
    mails.close()
    channel = opening("email", url, **FIELDS)

    with pytest.raises(errors.NetworkError) as refused:
        await channel.send(message)

    assert "retry" == refused.value.recovery
    assert "127.0.0.1" in refused.value.message
    assert "pa55-word-x" not in refused.value.message


@pytest.mark.parametrize("url", ["smtp://", "https://mail.example.com", "smtp://host:notaport"])
def test_an_address_that_is_no_mail_server_is_refused(url: str, opening: Opening) -> None:
    """
    With an example of one.
    """
    with pytest.raises(errors.BadValue, match="smtp://user:password@host:587"):
        opening("email", url, **FIELDS)
