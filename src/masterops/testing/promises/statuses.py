"""
What each status of a service means, and what is known of it.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from masterops import errors
from masterops.testing.bench import SHORT, Bench, said
from masterops.testing.kit import Said
from masterops.testing.suite import promise

MEANS: dict[int, type[errors.RemoteError]] = {
    400: errors.Invalid,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.Invalid,
    418: errors.UnexpectedAnswer,
    422: errors.Invalid,
    423: errors.RateLimited,
    429: errors.RateLimited,
    500: errors.ServerFailed,
    502: errors.ServerFailed,
    503: errors.ServerFailed,
    504: errors.ServerFailed,
}
WORDS = "The suite says no."
ODD = {
    "HTML": b"<html><body>Bad gateway</body></html>",
    "empty": b"",
    "a list": b"[]",
    "null": b"null",
    "fields of other types": b'{"message": 5, "errors": {"a": null}, "category": [], "correlationId": {}}',
    "no UTF-8": b'{"message": "\xff\xfe"}',
    "endlessly nested": b"[" * 100_000,
    "a megabyte": b'{"message": "' + b"x" * 1_000_000 + b'"}',
}


@promise(cases=list(MEANS))
async def a_status_is_the_error_that_it_means(bench: Bench, status: int) -> None:
    """
    Class, code, whose fault, the service's words and its name for the request; tried again where that may
    help and not otherwise.
    """
    kit = bench.kit
    wanted = kit.means.get(status, MEANS[status])
    bench.script = [kit.error(status, WORDS)]

    error = await bench.fails(kit.get(await bench.connector(), kit.numbers(1)[0]))

    assert isinstance(error, errors.RemoteError)
    assert wanted is type(error)
    assert (wanted.code, wanted.blame, status) == (error.code, error.blame, error.status)
    assert WORDS in error.message
    assert kit.request_id == error.request_id
    assert (SHORT.attempts if error.retryable else 1) == len(bench.arrived)


@promise(cases=[(status, body) for status in (400, 404, 500) for body in ODD])
async def a_status_is_believed_whatever_its_body(bench: Bench, case: tuple[int, str]) -> None:
    """
    A proxy's page instead of the service's own words changes nothing, and never crashes.
    """
    status, body = case
    bench.script = [Said(status, ODD[body])]

    error = await bench.fails(bench.kit.get(await bench.connector(), bench.kit.numbers(1)[0]))

    assert bench.kit.means.get(status, MEANS[status]) is type(error)
    assert len(str(error)) < 1_000


@promise(cases=[301, 302, 307, 308])
async def a_redirect_is_not_followed_with_our_credential(bench: Bench, status: int) -> None:
    """
    Whoever can redirect us would be sent the token.
    """
    bench.script = [Said(status, b"", {"Location": f"{bench.url}/elsewhere"})]

    error = await bench.fails(bench.kit.get(await bench.connector(), bench.kit.numbers(1)[0]))

    assert isinstance(error, errors.UnexpectedAnswer)
    assert [] == [each for each in bench.arrived if "elsewhere" in each.raw_path]


@promise("refresh", cases=[1, 8])
async def a_credential_that_has_run_out_is_renewed_once_for_all(bench: Bench, calls: int) -> None:
    """
    Whoever met the 401 is answered after all; a second renewal would end the first one's credential.
    """
    kit, run_out, renewals = bench.kit, False, 0

    async def play(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal run_out, renewals
        arrived = bench.arrived[-1]
        given = kit.refreshed(arrived.raw_path, arrived.body, kit.renewed if run_out else kit.secret)
        if given is not None:
            renewals += run_out
            await asyncio.sleep(0.02)  # time for all to meet the old one
            return said(given)
        if kit.renewed in str(arrived.headers):
            return said(kit.record("1"))
        run_out = True
        return said(kit.error(401, "It has run out."))

    bench.script = [play]
    connector = await bench.connector()
    found = await asyncio.gather(*(kit.get(connector, "1") for _ in range(calls)))

    assert ["1"] * calls == [kit.id_of(each) for each in found]
    assert 1 == renewals


@promise()
async def a_credential_that_is_refused_is_one_clear_error_at_once(bench: Bench) -> None:
    """
    Trying it again would lock the account; the advice says where to look.
    """
    kit = bench.kit
    bench.script = [kit.error(401, WORDS)]

    error = await bench.fails(bench.ids(await bench.connector()))

    assert isinstance(error, errors.Unauthenticated)
    assert error.advice
    assert len([each for each in bench.metrics if each.status_code == 401]) <= (
        1 if "refresh" in kit.lacks else 3
    )
