"""
What became of each row of a batch.
"""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

from masterops.testing.bench import Bench, Play, said
from masterops.testing.suite import promise


def refusing(bench: Bench, failed: Collection[int]) -> Play:
    """A service that refuses the inputs at these places of all that come."""
    start = 0

    async def play(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal start
        inputs = bench.kit.inputs_of(bench.arrived[-1].body)
        places = [place for place in range(len(inputs)) if start + place in failed]
        start += len(inputs)
        return said(bench.kit.batch_said(inputs, places))

    return play


PARTS = 20  # more than any connector sends at once


@promise("batches")
async def each_row_that_fails_is_named_by_its_place(bench: Bench) -> None:
    """
    In what was given, across requests; the others are done.
    """
    size = bench.kit.batch_size
    failed = [2, size - 1, size, size + 3]
    bench.script = [refusing(bench, failed)]

    result = await bench.kit.batch(await bench.connector(), size + 5)

    assert failed == sorted(error.index for error in result.errors if error.index is not None)
    assert (size + 5 - len(failed), len(failed)) == (len(result.rows), len(result.errors))
    assert all(error.reason for error in result.errors)


@promise("batches")
async def no_request_has_more_rows_than_the_service_takes(bench: Bench) -> None:
    """
    However many are given; and none is sent for none.
    """
    size = bench.kit.batch_size
    bench.script = [refusing(bench, ())]
    connector = await bench.connector()
    result = await bench.kit.batch(connector, 2 * size + 1)
    await bench.kit.batch(connector, 0)

    assert [size, size, 1] == [len(bench.kit.inputs_of(each.body)) for each in bench.arrived]
    assert ([], 2 * size + 1) == (result.errors, len(result.rows))


@promise("batches")
async def a_request_that_is_refused_whole_costs_its_own_rows(bench: Bench) -> None:
    """
    The ones behind it are sent.
    """
    size = bench.kit.batch_size
    bench.script = [bench.kit.error(400, "One of them is wrong."), refusing(bench, ())]

    result = await bench.kit.batch(await bench.connector(), size + 2)

    assert list(range(size)) == [error.index for error in result.errors]
    assert 2 == len(result.rows)


@promise("batches")
async def a_service_that_is_down_is_not_asked_for_every_part(bench: Bench) -> None:
    """
    What was not sent says so, row by row; what was done before is kept.
    """
    kit, size = bench.kit, bench.kit.batch_size
    bench.script = [refusing(bench, ()), kit.error(503, "Down.")]

    result = await kit.batch(await bench.connector(), PARTS * size)

    assert size == len(result.rows)
    assert list(range(size, PARTS * size)) == [error.index for error in result.errors]
    assert {"not sent"} == {error.reason[:8] for error in result.errors[-size:]}
    assert not result.errors[0].reason.startswith("not sent")


@promise("batches")
async def a_batch_too_large_for_the_service_is_halved(bench: Bench) -> None:
    """
    Its rows may be long; in smaller requests they fit.
    """
    kit, size = bench.kit, bench.kit.batch_size
    accepted = refusing(bench, ())

    async def strict(request: web.BaseRequest) -> web.StreamResponse:
        if len(kit.inputs_of(bench.arrived[-1].body)) > max(1, size // 2):
            return said(kit.error(413, "Too large."))
        return await accepted(request)

    bench.script = [strict]

    result = await kit.batch(await bench.connector(), size)

    assert ([], size) == (result.errors, len(result.rows))
