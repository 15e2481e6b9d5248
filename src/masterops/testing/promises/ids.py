"""
An id is one part of a path or of a query, whatever is in it.
"""

from __future__ import annotations

from urllib.parse import unquote, unquote_plus

from masterops import errors
from masterops.testing.bench import Bench
from masterops.testing.suite import promise

ODD = ["a/b", "../x", "ünï-tea-茶", "a b", "a?b=c", "a#b", "100%", "%2e%2e", "a;b&c=d+e", "'\"<>", "x" * 500]


@promise(cases=ODD)
async def an_id_with_anything_in_it_stays_one_segment_of_the_path(bench: Bench, id: str) -> None:
    """
    Nothing else is asked for than what it names: as many segments as for any other, and the id is in the URL.
    """
    kit = bench.kit
    plain = kit.numbers(1)[0]
    bench.script = [kit.record(plain), kit.record(id)]
    connector = await bench.connector()
    await kit.get(connector, plain)
    await kit.get(connector, id)

    paths = [each.raw_path.partition("?")[0] for each in bench.arrived]
    assert paths[0].count("/") == paths[1].count("/")
    path, _, query = bench.arrived[1].raw_path.partition("?")
    assert id in unquote(path, errors="strict") or id in unquote_plus(query, errors="strict")
    assert "#" not in bench.arrived[1].raw_path


@promise(cases=["", ".", ".."])
async def an_id_that_is_none_is_refused_before_anything_is_sent(bench: Bench, id: str) -> None:
    """
    It would ask for the list, or for what is above.
    """
    bench.script = [bench.kit.record("1")]

    error = await bench.fails(bench.kit.get(await bench.connector(), id))

    assert isinstance(error, errors.BadValue)
    assert [] == bench.arrived
