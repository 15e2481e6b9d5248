"""
A write that may have been carried out is never sent twice.
"""

from __future__ import annotations

import pytest

from masterops import errors
from masterops.testing.bench import Bench, Play, cut, hang, slam
from masterops.testing.kit import Said
from masterops.testing.promises.network import closed_port
from masterops.testing.suite import promise

DOUBTFUL = ["500", "502", "504", "hang", "cut", "slam", "unreadable"]


def doubtful(bench: Bench, case: str) -> Said | Play:
    """An end after which nobody can say whether it was done."""
    others: dict[str, Said | Play] = {
        "hang": hang,
        "cut": cut(bench.kit.made("1")),
        "slam": slam,
        "unreadable": Said(200, b"<html>"),
    }
    return others[case] if case in others else bench.kit.error(int(case), "Broken.")


@promise("create", "unsafe create", cases=DOUBTFUL)
async def a_create_of_unknown_outcome_is_sent_once_and_says_so(bench: Bench, case: str) -> None:
    """
    A second one might make a second record.
    """
    bench.script = [doubtful(bench, case)]
    connector = await bench.connector(timeout=0.25 if case == "hang" else 5.0)

    error = await bench.fails(bench.kit.create(connector, 1))

    assert isinstance(error, errors.OutcomeUnknown)
    assert 1 == len(bench.arrived)


@promise("create", cases=[429, 503])
async def a_create_that_was_certainly_not_carried_out_is_sent_again(bench: Bench, status: int) -> None:
    """
    The service says so itself.
    """
    bench.script = [bench.kit.error(status, "Later."), bench.kit.made("1")]

    await bench.kit.create(await bench.connector(), 1)

    assert 2 == len(bench.arrived)
    assert bench.arrived[0].body == bench.arrived[1].body


@promise("create")
async def a_create_that_never_left_is_not_in_doubt(bench: Bench) -> None:
    """
    Where nothing answers, nothing was made.
    """
    connector = await bench.connector(at=f"http://127.0.0.1:{closed_port()}")

    error = await bench.fails(bench.kit.create(connector, 1))

    assert errors.NetworkError is type(error)


@promise("create", cases=[400, 409, 422])
async def a_create_that_is_refused_is_not_sent_again(bench: Bench, status: int) -> None:
    """
    It would be refused again.
    """
    bench.script = [bench.kit.error(status, "No.")]

    error = await bench.fails(bench.kit.create(await bench.connector(), 1))

    assert isinstance(error, (errors.Invalid, errors.Conflict))
    assert 1 == len(bench.arrived)


@promise("create")
async def a_create_that_the_service_makes_safe_is_the_same_each_time(bench: Bench) -> None:
    """
    By a key or an id of ours: the very same request, after a failure that leaves it in doubt.
    """
    if "unsafe create" not in bench.kit.lacks:
        pytest.skip("its create is not safe to repeat")
    bench.script = [bench.kit.error(500, "Broken."), bench.kit.made("1")]

    await bench.kit.create(await bench.connector(), 1)

    first, second = bench.arrived
    keys = [name for name in first.headers if "idempot" in name.lower()]
    assert (first.raw_path, first.body) == (second.raw_path, second.body)
    assert [first.headers[name] for name in keys] == [second.headers[name] for name in keys]
