"""
Whether a webhook is HubSpot's: the check of its v3 signature. Pure.

`X-HubSpot-Signature-v3` is the base64 of the HMAC-SHA256, by the app's client secret, of method, address,
body and `X-HubSpot-Request-Timestamp` (milliseconds) in a row; of the address some characters are decoded
first (developers.hubspot.com, "Validate requests", and HubSpot's own clients). HubSpot has old ones refused;
those that are dated as far ahead are refused here too, because they would stay good for longer.

The address is the one that HubSpot called. Behind a proxy it is not the one that the server sees.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from masterops.config import Secret

SIGNATURE = "x-hubspot-signature-v3"
TIMESTAMP = "x-hubspot-request-timestamp"
OLDEST = timedelta(minutes=5)

# What HubSpot signs as it stands, whatever stands in the request line. Everything else stays encoded.
DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ENCODED = re.compile("|".join(DECODED), re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,15}")  # until the year 33,658


class Verdict(StrEnum):
    """
    What became of the check. All but the first are answered with 401 and not looked at further.
    """

    GOOD = "good"
    UNSIGNED = "a header is missing"
    NO_TIME = "the timestamp is none"
    TOO_OLD = "it is older than five minutes"
    FROM_THE_FUTURE = "it is dated more than five minutes ahead"
    WRONG = "the signature is another one"

    def __bool__(self) -> bool:
        return self is Verdict.GOOD


def verify(
    method: str, uri: str, body: bytes, headers: Mapping[str, str], secret: Secret, *, now: datetime
) -> Verdict:
    """
    Whether a request to `uri`, the whole address as HubSpot called it, was signed with the app's client
    secret no more than five minutes from `now`. Names of headers may be in any case.
    """
    held = {name.lower(): value for name, value in headers.items()}
    given, stamp = held.get(SIGNATURE), held.get(TIMESTAMP)
    if not given or not stamp:
        return Verdict.UNSIGNED
    if not _NUMBER.fullmatch(stamp):
        return Verdict.NO_TIME
    age = now - datetime.fromtimestamp(0, now.tzinfo) - timedelta(milliseconds=int(stamp))
    if age > OLDEST:
        return Verdict.TOO_OLD
    if age < -OLDEST:
        return Verdict.FROM_THE_FUTURE
    wanted = sign(method, uri, body, stamp, secret)
    same = hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape"))
    return Verdict.GOOD if same else Verdict.WRONG


def sign(method: str, uri: str, body: bytes, stamp: str, secret: Secret) -> str:
    """The signature that HubSpot makes; `stamp` is the timestamp as it stands in its header."""
    text = b"".join((method.upper().encode(), decoded(uri).encode(), body, stamp.encode()))
    return base64.b64encode(hmac.new(secret.reveal().encode(), text, hashlib.sha256).digest()).decode()


def decoded(uri: str) -> str:
    """An address with those characters decoded that HubSpot decodes, each once."""
    return _ENCODED.sub(lambda found: DECODED[found[0].upper()], uri)
