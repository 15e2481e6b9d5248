"""
Certificates in words: what is wrong with one, who made it, how long it is good. Pure.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import Any

# OpenSSL's numbers of what is wrong (x509_vfy.h).
UNTRUSTED = (
    "the certificate comes from an authority that this machine does not trust, or its chain lacks a part"
)
FLAWS = {
    9: "the certificate is not valid yet",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "the certificate comes from an authority of their own, which this machine does not trust",
    20: UNTRUSTED,
    21: UNTRUSTED,
    62: "the certificate is for another host name",
    64: "the certificate is for another address",
}


def flaw_of(error: BaseException) -> str:
    """What is wrong with a certificate that was refused."""
    code = getattr(error, "verify_code", None)
    said = str(getattr(error, "verify_message", "") or "the certificate cannot be verified")
    return FLAWS.get(code if isinstance(code, int) else 0, said)


def days_left(certificate: Mapping[str, Any], now: datetime) -> float | None:
    """How many days a certificate is still good for; None where it does not say."""
    ends = certificate.get("notAfter")
    if not isinstance(ends, str):
        return None
    return round((ssl.cert_time_to_seconds(ends) - now.timestamp()) / 86_400, 1)


def issuer_of(certificate: Mapping[str, Any]) -> str:
    """The organisation that made it, or else its common name."""
    names = {key: value for part in certificate.get("issuer") or () for key, value in part}
    return str(names.get("organizationName") or names.get("commonName") or "")
