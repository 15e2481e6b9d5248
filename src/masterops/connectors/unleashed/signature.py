"""
Signatures: that of our requests, over their query alone, and that of webhooks, over their body and time.

Unleashed signs the query string without the question mark, nothing of the path, the page or the body; it is
the empty text where there is no query (apidocs.unleashedsoftware.com, "Authentication help").
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

SIGNATURE = "x-unleashed-signature"
TIMESTAMP = "x-unleashed-timestamp"
OLDEST = timedelta(minutes=5)
_NUMBER = re.compile(r"[0-9]{1,12}")  # seconds


class Verdict(StrEnum):
    """
    What became of the check of a webhook. All but the first are answered with 401 and not looked at further.
    """

    GOOD = "good"
    UNSIGNED = "a header is missing"
    NO_TIME = "the timestamp is none"
    TOO_OLD = "it is older than five minutes"
    FROM_THE_FUTURE = "it is dated more than five minutes ahead"
    WRONG = "the signature is another one"

    def __bool__(self) -> bool:
        return self is Verdict.GOOD


def sign(text: bytes, key: Secret) -> str:
    """HMAC-SHA256 in base64, as all of Unleashed's signatures are."""
    return base64.b64encode(hmac.new(key.reveal().encode(), text, hashlib.sha256).digest()).decode()


def verify(body: bytes, headers: Mapping[str, str], key: Secret, *, now: datetime) -> Verdict:
    """
    Whether a webhook was signed with its subscription's signature key no more than five minutes from `now`.
    Names of headers may be in any case.
    """
    held = {name.lower(): value for name, value in headers.items()}
    given, stamp = held.get(SIGNATURE), held.get(TIMESTAMP)
    if not given or not stamp:
        return Verdict.UNSIGNED
    if not _NUMBER.fullmatch(stamp):
        return Verdict.NO_TIME
    age = now - datetime.fromtimestamp(0, now.tzinfo) - timedelta(seconds=int(stamp))
    if age > OLDEST:
        return Verdict.TOO_OLD
    if age < -OLDEST:
        return Verdict.FROM_THE_FUTURE
    wanted = sign(stamp.encode() + b"." + body, key)
    same = hmac.compare_digest(wanted.encode(), given.encode("utf-8", "surrogateescape"))
    return Verdict.GOOD if same else Verdict.WRONG
