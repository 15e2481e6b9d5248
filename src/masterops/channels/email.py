"""
E-mail over SMTP, by the standard library in a thread.

A second attempt has the same Message-ID, by which mail programs show it once. What the server answers with
4xx is tried again, 5xx is final. A password is sent over TLS only, but for servers of this machine.
"""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from masterops import errors
from masterops.channels.addresses import SECONDS, bad_address, without
from masterops.channels.message import Message
from masterops.config import ChannelSettings
from masterops.core import clock
from masterops.logs import Logger, remember
from masterops.transport import Transport

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LONGEST_SUBJECT = 200
# Lines as long as SMTP takes them: a subject that is folded begins with a blank in some programs.
POLICY = SMTP.clone(max_line_length=900)
PERMANENT = 500


class Server(NamedTuple):
    """
    Where e-mails are handed over.
    """

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None


class Email:
    """
    One sender and its recipients.
    """

    def __init__(self, settings: ChannelSettings, transport: Transport, log: Logger) -> None:
        self.name = settings.name
        self._url = settings.secret("url").reveal()
        self._server = _server(settings.name, self._url)
        self._sender, self._to = settings.sender or "", settings.to
        self._log = log
        self._secrets = tuple(each for each in (self._url, self._server.password) if each)
        remember(self._secrets)

    async def send(self, message: Message) -> None:
        """Hand one e-mail over to the server."""
        mail = self.mail(message)
        try:
            refused = await asyncio.to_thread(_hand_over, self._server, mail, self._sender, self._to)
        except (OSError, smtplib.SMTPException) as error:
            raise self._ours(error) from None
        if refused:  # the others have it, and would get it twice
            self._log.error("alerts.recipients_refused", channel=self.name, recipients=refused)

    def mail(self, message: Message) -> EmailMessage:
        """The e-mail."""
        mail = EmailMessage(policy=POLICY)
        mail["Subject"] = message.title[:LONGEST_SUBJECT]
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._to)
        mail["Date"] = format_datetime(clock.now())
        mail["Message-ID"] = f"<{message.id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail

    def _ours(self, error: OSError) -> errors.RemoteError:
        name = f"channel/{self.name}"
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, said = max((code, said) for code, said in error.recipients.values())
            return self._by_code(
                code, said, temporary=any(c < PERMANENT for c, _ in error.recipients.values())
            )
        if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code >= PERMANENT:
            return errors.Unauthenticated(service=name, reason=self._said(error.smtp_error))
        if isinstance(error, smtplib.SMTPResponseException):
            temporary = error.smtp_code < PERMANENT
            return self._by_code(error.smtp_code, error.smtp_error, temporary=temporary)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return errors.Unauthenticated(
                service=name, reason="the server offers no TLS, so no password is sent"
            )
        if isinstance(error, ssl.SSLError):
            return errors.TlsFailed(service=name, reason=error.reason or "TLS failed")
        if isinstance(error, socket.gaierror):
            return errors.NameNotResolved(service=name, reason=self._server.host)
        if isinstance(error, TimeoutError):
            return errors.Timeout(service=name, seconds=SECONDS)
        reason = error.strerror or "the server closed the connection"
        return errors.NetworkError(service=name, reason=f"{reason} ({self._server.host}:{self._server.port})")

    def _by_code(self, code: int, said: bytes | str, *, temporary: bool) -> errors.RemoteError:
        kind = errors.ServerFailed if temporary else errors.Invalid
        return kind(service=f"channel/{self.name}", status=code, reason=f"{self._said(said)} (SMTP {code})")

    def _said(self, text: bytes | str) -> str:
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        return without(" ".join(words.split()), self._secrets)[:200]


def _server(name: str, url: str) -> Server:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        reason = "it must be like smtp://user:password@host:587, or smtps:// for TLS from the start"
        raise bad_address(name, reason)
    tls = parts.scheme == "smtps"
    user, password = (unquote(each) if each else None for each in (parts.username, parts.password))
    return Server(parts.hostname, port or (465 if tls else 587), tls, user, password)


def _hand_over(server: Server, mail: EmailMessage, sender: str, to: tuple[str, ...]) -> int:
    """One conversation with the server; answers how many recipients it refused while it took others."""
    context = ssl.create_default_context()
    if server.tls:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    with smtp:
        smtp.ehlo()
        if not server.tls and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        elif not server.tls and server.password and server.host not in LOOPBACK:
            raise smtplib.SMTPNotSupportedError
        if server.user and server.password:
            smtp.login(server.user, server.password)
        return len(smtp.send_message(mail, from_addr=sender, to_addrs=list(to)))
