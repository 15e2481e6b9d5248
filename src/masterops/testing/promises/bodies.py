"""
Answers that are none: 200, and nothing that can be used.
"""

from __future__ import annotations

from masterops import errors
from masterops.testing.bench import SHORT, Bench, huge
from masterops.testing.kit import Said
from masterops.testing.suite import promise

HTML = b"<!DOCTYPE html><html><body>Please wait</body></html>"
BROKEN = {
    "not JSON": b"hello",
    "HTML": HTML,
    "truncated": b'{"results": [{"id": "1", "na',
    "empty": b"",
    "no UTF-8": b'{"results": [{"id": "\xff\xfe"}], "data": "\xff"}',
    "null": b"null",
    "a number": b"7",
    "an empty object": b"{}",
    "other fields": b'{"status": "ok", "message": "all is well"}',
    "endlessly nested": b'{"results": ' + b"[" * 100_000,
}


@promise(cases=list(BROKEN))
async def a_page_that_cannot_be_used_is_malformed_and_no_empty_list(bench: Bench, case: str) -> None:
    """
    It is asked for again, as a proxy may have sent it, and then is an error.
    """
    bench.script = [Said(200, BROKEN[case], {"Content-Type": "application/json"})]

    error = await bench.fails(bench.ids(await bench.connector()))

    assert isinstance(error, errors.MalformedAnswer)
    assert SHORT.attempts == len(bench.arrived)


@promise(cases=["not JSON", "HTML", "truncated", "empty", "null", "an empty object", "endlessly nested"])
async def a_record_that_cannot_be_used_is_malformed(bench: Bench, case: str) -> None:
    """
    And no record with nothing in it.
    """
    bench.script = [Said(200, BROKEN[case], {"Content-Type": "application/json"})]

    error = await bench.fails(bench.kit.get(await bench.connector(), bench.kit.numbers(1)[0]))

    assert isinstance(error, errors.MalformedAnswer)


@promise()
async def a_page_that_is_whole_the_second_time_is_read(bench: Bench) -> None:
    """
    A maintenance page that is gone after a moment costs nothing.
    """
    kit = bench.kit
    bench.script = [Said(200, HTML), kit.page(kit.numbers(2), 0, more=False), kit.page([], 1, more=False)]

    assert kit.numbers(2) == await bench.ids(await bench.connector())


@promise()
async def an_answer_too_large_is_refused_before_it_fills_the_memory(bench: Bench) -> None:
    """
    A terabyte is promised; nobody waits for it.
    """
    bench.script = [huge]

    error = await bench.fails(bench.ids(await bench.connector()))

    assert isinstance(error, errors.RemoteError)
    assert not error.retryable
    assert 1 == len(bench.arrived)
