"""
The way to a service, and what goes wrong on it.
"""

from __future__ import annotations

import asyncio
import socket

from masterops import errors
from masterops.core.backoff import RetryPolicy
from masterops.testing.bench import SHORT, Bench, Play, cut, hang, slam
from masterops.testing.suite import promise

QUICK = 0.15  # seconds; nobody answers in them, and nobody waits long


def closed_port() -> int:
    """A port at which nothing answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def broken(bench: Bench) -> dict[str, Play]:
    """The ways in which a connection breaks."""
    return {"cut in the middle": cut(bench.kit.record("1")), "closed without a word": slam}


@promise()
async def where_nothing_answers_is_a_network_error(bench: Bench) -> None:
    """
    Tried again, as a service that starts anew is away for a moment; then it names the place.
    """
    connector = await bench.connector(at=f"http://127.0.0.1:{closed_port()}")

    error = await bench.fails(bench.kit.get(connector, "1"))

    assert errors.NetworkError is type(error)
    assert "127.0.0.1" in str(error)
    assert [None] * SHORT.attempts == [each.status_code for each in bench.metrics]


@promise()
async def a_host_that_is_not_there_is_a_fault_of_the_settings(bench: Bench) -> None:
    """
    And not of the service.
    """
    once = RetryPolicy(attempts=1)
    connector = await bench.connector(at="http://no-such-host.invalid", policy=once)

    error = await bench.fails(bench.kit.get(connector, "1"))

    assert isinstance(error, errors.NameNotResolved)
    assert "configuration" == error.blame


@promise()
async def what_cannot_be_trusted_is_not_spoken_to(bench: Bench) -> None:
    """
    A server without TLS where TLS is expected: once, and no credential has left.
    """
    connector = await bench.connector(at=bench.url.replace("http://", "https://"))

    error = await bench.fails(bench.kit.get(connector, "1"))

    assert isinstance(error, errors.TlsFailed)
    assert (1, []) == (len(bench.metrics), bench.arrived)


@promise()
async def what_does_not_speak_http_is_an_error_of_ours(bench: Bench) -> None:
    """
    Any port may be behind a wrong base URL.
    """

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        connector = await bench.connector(at=f"http://127.0.0.1:{port}", policy=RetryPolicy(attempts=1))
        error = await bench.fails(bench.kit.get(connector, "1"))

    assert isinstance(error, (errors.NetworkError, errors.MalformedAnswer))


@promise()
async def a_service_that_hangs_is_a_timeout(bench: Bench) -> None:
    """
    The error says after how long.
    """
    bench.script = [hang]

    error = await bench.fails(bench.kit.get(await bench.connector(timeout=QUICK), "1"))

    assert isinstance(error, errors.Timeout)
    assert f"{QUICK:g} s" in error.message
    assert SHORT.attempts == len(bench.metrics)


@promise(cases=["cut in the middle", "closed without a word"])
async def a_connection_that_breaks_is_a_network_error(bench: Bench, case: str) -> None:
    """
    Half of an answer is none.
    """
    bench.script = [broken(bench)[case]]

    error = await bench.fails(bench.kit.get(await bench.connector(), "1"))

    assert errors.NetworkError is type(error)
    assert SHORT.attempts == len(bench.metrics)


@promise(cases=["cut in the middle", "closed without a word"])
async def reading_goes_on_when_the_connection_is_back(bench: Bench, case: str) -> None:
    """
    One bad moment costs a second attempt and nothing else.
    """
    bench.script = [broken(bench)[case], bench.kit.record("1")]

    record = await bench.kit.get(await bench.connector(), "1")

    assert "1" == bench.kit.id_of(record)
    assert [False, True] == [each.success for each in bench.metrics]
