"""
The promises become a class of tests that pytest collects.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from masterops.testing.bench import Bench, bench
from masterops.testing.kit import CAPABILITIES, Kit

pytest.register_assert_rewrite("masterops.testing.promises")

Told = Callable[..., Awaitable[None]]

SECONDS = 30.0  # after which a test has hung
TURNS = 200


@dataclass(frozen=True, slots=True)
class Promise:
    """
    A sentence that every connector keeps, and what it needs to be tried.
    """

    told: Told
    needs: tuple[str, ...]
    cases: Sequence[Any]


def promise(*needs: str, cases: Sequence[Any] = ()) -> Callable[[Told], Promise]:
    """Make a promise of a function that is given a bench, and one of `cases` where there are some."""
    strange = set(needs) - set(CAPABILITIES)
    if strange:
        raise ValueError(f"no capability: {strange}")
    return lambda told: Promise(told, needs, cases)


def connector_suite(kit: Kit, *, about: str = "") -> type:
    """
    The standard tests of a connector, as a class: `TestShop = connector_suite(ShopKit())`. Needs no plug-in
    of pytest. With `about` those alone that have it in their names: for another way of setting up the same
    connector. Raises ValueError for a kit that lacks what no connector can lack.
    """
    from masterops.testing.promises import ALL

    strange = set(kit.lacks) - set(CAPABILITIES)
    if strange:
        raise ValueError(
            f"{type(kit).__name__}.lacks: no capability {', '.join(sorted(strange))}; {CAPABILITIES}"
        )
    methods = {f"test_{name}": _method(kit, each) for name, each in ALL.items() if about in name}
    return type(f"TestOf{type(kit).__name__}", (), {"__doc__": type(kit).__doc__, **methods})


def _method(kit: Kit, promised: Promise) -> Callable[..., None]:
    def run(case: Sequence[Any]) -> None:
        for need in promised.needs:
            if need in kit.lacks:
                pytest.skip(f"no {need}: {kit.lacks[need]}")
        asyncio.run(_kept(kit, promised, case))

    def with_case(self: object, case: object) -> None:
        run([case])

    def alone(self: object) -> None:
        run([])

    method = with_case if promised.cases else alone
    method.__doc__ = inspect.getdoc(promised.told)
    return pytest.mark.parametrize("case", promised.cases)(method) if promised.cases else method


async def _kept(kit: Kit, promised: Promise, case: Sequence[Any]) -> None:
    """Try a promise. Whatever it is about, no secret is written down and nothing is left behind."""
    usual = kit.secret
    try:
        async with asyncio.timeout(SECONDS), bench(kit) as given:
            await promised.told(given, *case)
            await _nothing_secret(given)
    finally:
        kit.secret = usual
    await _nothing_left()


async def _nothing_secret(given: Bench) -> None:
    written = given.written()
    for secret in (given.secret, given.kit.renewed, *given.kit.other_secrets):
        assert secret not in written, "a credential was written down"


async def _nothing_left() -> None:
    left: set[asyncio.Task[object]] = set()
    for _ in range(TURNS):  # what was cancelled needs some turns to end
        left = {each for each in asyncio.all_tasks() if each is not asyncio.current_task()}
        if not left:
            return
        await asyncio.sleep(0.001)
    assert not left, f"tasks were left behind: {left}"
