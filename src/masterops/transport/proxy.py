"""
Which proxy a URL goes through: what the environment says, but never for this machine itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def proxy_for(url: str) -> str | None:
    """The proxy of HTTPS_PROXY or HTTP_PROXY for `url`; None on loopback and where NO_PROXY says so."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in LOOPBACK or proxy_bypass(host):
        return None
    return getproxies_environment().get(parts.scheme)
