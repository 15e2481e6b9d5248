"""
Who called: the other end of the connection, or whom a proxy that we trust names.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from masterops.web.asgi import Scope
from masterops.web.headers import header

MOST_HOPS = 20


class Callers:
    """
    `proxies` are addresses and networks with commas in between.
    """

    def __init__(self, proxies: str) -> None:
        self._networks = tuple(ip_network(each.strip()) for each in proxies.split(",") if each.strip())

    def of(self, scope: Scope) -> str | None:
        """The caller's address; None where there is none, as on a socket of this machine."""
        client = scope.get("client")
        peer = str(client[0]) if client else None
        if not self._networks or peer is None or not _within(peer, self._networks):
            return peer
        said = header(scope["headers"], b"x-forwarded-for")
        if said is None:
            return peer
        # From the right: what stands left of a stranger was written by a stranger.
        for hop in reversed(said.decode("latin-1").split(",")[-MOST_HOPS:]):
            address = hop.strip()
            if not _is_address(address):
                return peer
            peer = address
            if not _within(peer, self._networks):
                break
        return peer


@lru_cache(maxsize=4096)
def _within(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return _is_address(address) and any(ip_address(address) in each for each in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
