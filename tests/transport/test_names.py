"""
Questions to a name server: a real one on a port of this machine, that says what it is told to.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from masterops import errors
from masterops.transport import Prober

RECORDS = {
    ("shop.example.", "A"): ("192.0.2.7", "192.0.2.3"),
    ("shop.example.", "MX"): ("10 mail.shop.example.",),
    ("shop.example.", "TXT"): ('"v=spf1 " "-all"',),
}


class NameServer(asyncio.DatagramProtocol):
    """
    Knows shop.example, has trouble with broken.example, and says nothing about silent.example.
    """

    transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = str(question.name), dns.rdatatype.to_text(question.rdtype)
        if name == "silent.example.":
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if found := RECORDS.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *found))
        elif name == "broken.example.":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name != "shop.example.":
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(reply.to_wire(), addr)


@pytest.fixture
async def resolver() -> AsyncIterator[str]:
    """Its address and port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, ("127.0.0.1", 0))
    with contextlib.closing(transport):
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"


@pytest.mark.parametrize(
    ("record", "answers"),
    [
        ("a", ["192.0.2.3", "192.0.2.7"]),
        ("mx", ["10 mail.shop.example"]),
        ("txt", ["v=spf1 -all"]),
        ("aaaa", []),
    ],
)
async def test_records_are_told_as_people_write_them(resolver: str, record: str, answers: list[str]) -> None:
    """
    In order, without quotes and points; a name without such a record has none.
    """
    found = await Prober().dns("x", "shop.example", record, resolver, 10)

    assert (answers, len(answers)) == (found["answers"], found["count"])


@pytest.mark.parametrize(
    ("host", "error"),
    [
        ("nobody.example", errors.NotFound),
        ("broken.example", errors.ServerFailed),
        ("silent.example", errors.Timeout),
        ("a..b", errors.NameNotResolved),
    ],
)
async def test_what_goes_wrong_is_told_apart(resolver: str, host: str, error: type[Exception]) -> None:
    """
    No such name, a server with trouble, no answer, no name at all.
    """
    with pytest.raises(error):
        await Prober().dns("x", host, "a", resolver, 2.0 if host.startswith("silent") else 10)
