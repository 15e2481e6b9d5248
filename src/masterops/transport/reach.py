"""
Whether there is a way out of this machine, and whether something answers at a host and port.
"""

from __future__ import annotations

import asyncio
import socket

# An address for documentation, which nobody has. A datagram socket that is connected sends nothing.
NOBODY = ("192.0.2.1", 9)
NOBODY_V6 = ("2001:db8::1", 9)
HTTPS = 443


def has_route() -> bool:
    """Whether this machine knows a way to other networks; nothing is sent to find out."""
    return _leads(socket.AF_INET, NOBODY) or _leads(socket.AF_INET6, NOBODY_V6)


async def reaches(place: str, seconds: float) -> bool:
    """Whether `host` or `host:port` takes a connection; one that refuses it is there too."""
    host, colon, port = place.rpartition(":")
    host, number = (host, int(port)) if colon and port.isdigit() else (place, HTTPS)
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host.strip("[]"), number)
    except ConnectionRefusedError:
        return True
    except (OSError, UnicodeError, TimeoutError):
        return False
    writer.close()
    return True


def _leads(family: socket.AddressFamily, where: tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(where)
    except OSError:
        return False
    return True
