"""
Tokens as they are stored: encrypted and signed (Fernet: AES-128-CBC, HMAC-SHA256).

The key is made of the app's client secret, which is configured and never stored: the database alone, or a
copy of it, opens nothing, and there is no other key to look after. With a new client secret what is stored
cannot be read any more, and the configured refresh token is where it begins again.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from masterops.config import Secret
from masterops.transport.oauth.app import OAuthApp, Tokens

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class _Written(msgspec.Struct, frozen=True):
    access: str
    refresh: str
    due_at: datetime
    expires_at: datetime
    root: str


class Seal:
    """
    The seal of one connection.
    """

    def __init__(self, app: OAuthApp, connection: str) -> None:
        self._fernet = _key(app.client_secret, connection)
        self.root = _fingerprint(app, connection)

    def close(self, tokens: Tokens) -> bytes:
        """What may be stored."""
        written = _Written(
            tokens.access.reveal(), tokens.refresh.reveal(), tokens.due_at, tokens.expires_at, tokens.root
        )
        return self._fernet.encrypt(msgspec.json.encode(written))

    def open(self, sealed: bytes, generation: int) -> Tokens | None:
        """What was stored; None where it was sealed with another client secret."""
        from cryptography.fernet import InvalidToken

        try:
            written = msgspec.json.decode(self._fernet.decrypt(sealed), type=_Written)
        except (InvalidToken, msgspec.DecodeError):
            return None
        return Tokens(
            Secret(written.access),
            Secret(written.refresh),
            written.due_at,
            written.expires_at,
            written.root,
            generation,
        )


def _key(secret: Secret, connection: str) -> Fernet:
    # Costs 40 ms, and most connections need none of it.
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    purpose = f"masterops oauth tokens of {connection}".encode()
    derived = HKDF(SHA256(), length=32, salt=None, info=purpose).derive(secret.reveal().encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _fingerprint(app: OAuthApp, connection: str) -> str:
    """Tells one configured refresh token from another, to those alone who have the client secret."""
    told = f"{connection}\n{app.refresh_token.reveal()}".encode()
    return hmac.new(app.client_secret.reveal().encode(), told, "sha256").hexdigest()
