"""
The loop that sends.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import msgspec
import pytest

from masterops import errors
from masterops.core.backoff import RetryPolicy
from masterops.transport import Problem, Reply, Request, Target, judge
from masterops.transport.foreign import translate
from masterops.transport.outcome import secrets_of
from tests.transport.conftest import TOKEN, Rig, answer, closed_port, cut, hang, slam

GET = Request("GET", "/things/{id}", "things.get", parts={"id": "7"})
CREATE = Request("POST", "/things", "things.create", body={"a": 1}, repeatable=False)


async def test_an_answer_is_decoded_and_measured(rig: Rig) -> None:
    """
    One call: the value, one row of metrics with the path's template, one log record.
    """
    rig.answers = [answer(body=b'{"name": "seven"}')]

    value: Any = await rig.call(GET, decode=msgspec.json.decode)

    metric, record = rig.notebook.metrics[0], rig.notebook.records[0]
    assert {"name": "seven"} == value
    assert (
        metric.endpoint,
        metric.method,
        metric.status_code,
        metric.success,
        metric.attempt,
    ) == ("/things/{id}", "GET", 200, True, 1)
    assert (
        metric.service,
        metric.business_id,
        metric.integration_id,
        metric.response_size_bytes,
    ) == ("shop", "teelixir", "shop/teelixir", 17)
    assert ("shop.things.get", "success", "things.get") == (record.message, record.status, record.operation)


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        (errors.Invalid, 400),
        (errors.Unauthenticated, 401),
        (errors.QuotaExhausted, 402),
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.UnexpectedAnswer, 405),
        (errors.Conflict, 409),
        (errors.NotFound, 410),
        (errors.Invalid, 422),
        (errors.UnexpectedAnswer, 302),
    ],
)
async def test_what_trying_again_cannot_mend_is_raised_at_once(
    rig: Rig, expected: type[errors.RemoteError], status: int
) -> None:
    """
    One attempt, our own error, with the service's words in it.
    """
    rig.answers = [answer(status, b"because")]

    with pytest.raises(expected, match=f"because \\(HTTP {status}\\)"):
        await rig.call(GET)

    assert 1 == len(rig.asked)
    assert [] == rig.waits


@pytest.mark.parametrize("status", [408, 423, 429, 500, 502, 503, 504, 521])
async def test_what_may_pass_is_tried_again(rig: Rig, status: int) -> None:
    """
    A passing failure costs a wait and not the call; each attempt is measured, the call is logged once.
    """
    rig.answers = [answer(status), answer(status), answer(200)]

    assert b"ok" == await rig.call(GET)

    assert [(1, False), (2, False), (3, True)] == [(m.attempt, m.success) for m in rig.notebook.metrics]
    assert [0.25, 0.5] == rig.waits
    assert [3] == [record.details_json["attempts"] for record in rig.notebook.records]


async def test_the_servers_wait_is_kept(rig: Rig) -> None:
    """
    Retry-After wins over our curve.
    """
    rig.answers = [answer(429, Retry_After="7"), answer(200)]

    await rig.call(GET)

    assert [pytest.approx(7.25)] == rig.waits


async def test_a_wait_past_the_deadline_is_not_begun(rig: Rig) -> None:
    """
    A server that asks for an hour is left to the next run, at once.
    """
    rig.answers = [answer(429, Retry_After="3600")]

    with pytest.raises(errors.RateLimited) as caught:
        await rig.call(GET)

    assert (1, []) == (len(rig.asked), rig.waits)
    assert 3600 == caught.value.retry_after


async def test_a_storm_ends_in_the_last_error(rig: Rig) -> None:
    """
    Four attempts, three waits, then the error; logged once, as an error.
    """
    rig.answers = [answer(500, b"boom")]

    with pytest.raises(errors.ServerFailed):
        await rig.call(GET)

    assert (4, 3) == (len(rig.asked), len(rig.waits))
    assert ["error"] == [record.level for record in rig.notebook.records]
    facts = rig.notebook.records[0].details_json
    assert ("REM008", "service") == (facts["error_code"], facts["blame"])


@pytest.mark.parametrize(
    ("expected", "fault"),
    [
        pytest.param(errors.NetworkError, cut, id="cut in the middle"),
        pytest.param(errors.NetworkError, slam, id="closed without a word"),
        pytest.param(errors.MalformedAnswer, answer(body=b'{"half": '), id="half a document"),
        pytest.param(errors.MalformedAnswer, answer(body=b"<html>maintenance</html>"), id="an HTML page"),
    ],
)
async def test_broken_answers_are_named_and_tried_again(
    rig: Rig, expected: type[errors.RemoteError], fault: Any
) -> None:
    """
    A read that comes back broken is read again; when it stays broken, the error says how.
    """
    rig.answers = [fault]

    with pytest.raises(expected):
        await rig.call(GET, decode=msgspec.json.decode)

    assert 4 == len(rig.asked)


async def test_a_hanging_socket_ends_in_a_timeout(rig: Rig) -> None:
    """
    Nothing waits longer than it was told; the error names the limit.
    """
    rig.answers = [hang]

    with pytest.raises(errors.Timeout, match=r"did not answer within 0\.2 s"):
        await rig.call(GET, timeout=0.2, policy=RetryPolicy(attempts=2))

    assert 2 == len(rig.asked)


async def test_the_deadline_covers_everything(rig: Rig) -> None:
    """
    An attempt is given no more time than the whole call has left.
    """
    rig.answers = [hang]

    with pytest.raises(errors.Timeout, match=r"within 0\.[0-3]"):
        await rig.call(GET, timeout=10, policy=RetryPolicy(attempts=3, deadline=0.3, base=0.01, ceiling=0.01))


@pytest.mark.parametrize("request_", [GET, CREATE], ids=["get", "create"])
async def test_nothing_answers(rig: Rig, request_: Request) -> None:
    """
    A refused connection is a network error, tried again even for a create: it never left.
    """
    rig.url = f"http://127.0.0.1:{closed_port()}"

    with pytest.raises(errors.NetworkError, match="nothing answers at 127"):
        await rig.call(request_)

    assert 4 == len(rig.notebook.metrics)


async def test_an_unknown_host_is_named_as_such(rig: Rig) -> None:
    """
    DNS has its own error, because its mend is another.
    """
    rig.url = "http://no-such-host.invalid"

    with pytest.raises(errors.NameNotResolved):
        await rig.call(GET, policy=RetryPolicy(attempts=1))


async def test_tls_that_cannot_be_trusted_is_not_tried_again(rig: Rig) -> None:
    """
    Plain HTTP where TLS is expected is refused, once.
    """
    rig.answers = [answer()]
    rig.url = rig.url.replace("http://", "https://")

    with pytest.raises(errors.TlsFailed):
        await rig.call(GET)

    assert 1 == len(rig.notebook.metrics)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(answer(500), id="500"),
        pytest.param(answer(502), id="502"),
        pytest.param(cut, id="cut"),
        pytest.param(slam, id="closed"),
        pytest.param(hang, id="hang"),
        pytest.param(answer(body=b"{"), id="malformed"),
    ],
)
async def test_a_create_of_unknown_outcome_is_never_sent_twice(rig: Rig, fault: Any) -> None:
    """
    When nobody can say whether it was done, that is the error, and it is the caller's to look.
    """
    rig.answers = [fault]

    with pytest.raises(errors.OutcomeUnknown):
        await rig.call(CREATE, decode=msgspec.json.decode, timeout=0.3)

    assert 1 == len(rig.asked)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_create_that_was_certainly_refused_is_sent_again(rig: Rig, status: int) -> None:
    """
    Too many requests and unavailable mean: not done.
    """
    rig.answers = [answer(status), answer(201)]

    assert b"ok" == await rig.call(CREATE)

    assert [b'{"a":1}', b'{"a":1}'] == rig.bodies


@pytest.mark.parametrize("id", ["a/b", "ü ?#%", "../..", "...", "a&b=c", " "])
async def test_an_id_stays_one_segment_of_the_path(rig: Rig, id: str) -> None:
    """
    Whatever an id holds, it cannot reach another path.
    """
    from urllib.parse import unquote

    rig.answers = [answer()]

    await rig.call(Request("GET", "/things/{id}", "things.get", parts={"id": id}))

    raw = rig.asked[0].raw_path
    assert raw.startswith("/things/")
    assert "/" not in raw.removeprefix("/things/")
    assert id == unquote(raw.removeprefix("/things/"))


@pytest.mark.parametrize("id", ["", ".", ".."], ids=["nothing", "here", "above"])
async def test_an_id_that_would_leave_its_segment_is_refused_before_it_is_sent(rig: Rig, id: str) -> None:
    """
    An empty id would ask for the list, two dots for what stands above.
    """
    rig.answers = [answer()]

    with pytest.raises(errors.BadValue, match="is not a valid id"):
        await rig.call(Request("GET", "/things/{id}", "things.get", parts={"id": id}))

    assert ([], []) == (rig.asked, rig.notebook.metrics)


async def cancel(rig: Rig, request: Request, *, when: asyncio.Event) -> None:
    """Begin a call, and cancel it as soon as `when`."""
    calling = asyncio.create_task(rig.call(request))
    await asyncio.wait_for(when.wait(), 5)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling


@pytest.mark.parametrize(
    ("category", "said", "request_"),
    [
        pytest.param("unknown", "cancelled", GET, id="get"),
        pytest.param("outcome_unknown", "cancelled; outcome unknown", CREATE, id="create"),
    ],
)
async def test_a_cancelled_call_is_written_down(
    rig: Rig, category: str, said: str, request_: Request
) -> None:
    """
    One row of metrics, one warning; of a create that had left, nobody can say what became of it.
    """
    rig.answers = [hang]

    await cancel(rig, request_, when=rig.arrived)

    assert [(False, 1, category, said)] == [
        (m.success, m.attempt, m.error_category, m.error_message) for m in rig.notebook.metrics
    ]
    assert [("warn", category, said)] == [
        (r.level, r.details_json["error_category"], r.details_json["error"]) for r in rig.notebook.records
    ]


async def test_a_create_that_was_cancelled_before_it_left_is_not_in_doubt(rig: Rig) -> None:
    """
    A service that takes connections and never speaks TLS has not heard of the record.
    """
    connected = asyncio.Event()
    silent = await asyncio.start_server(lambda reader, writer: connected.set(), "127.0.0.1", 0)
    rig.url = f"https://127.0.0.1:{silent.sockets[0].getsockname()[1]}"

    async with silent:
        await cancel(rig, CREATE, when=connected)

    assert ["unknown"] == [metric.error_category for metric in rig.notebook.metrics]
    assert ["cancelled"] == [record.details_json["error"] for record in rig.notebook.records]


async def test_a_create_that_was_cancelled_while_it_waited_is_not_in_doubt(rig: Rig) -> None:
    """
    It was refused, and the next attempt had not begun: the refusal is measured, the end is logged.
    """
    rig.answers = [answer(503)]
    rig.pause = 30.0

    await cancel(rig, CREATE, when=rig.waiting)

    assert ["server"] == [metric.error_category for metric in rig.notebook.metrics]
    assert ["cancelled"] == [record.details_json["error"] for record in rig.notebook.records]


async def test_a_create_is_not_sent_with_no_time_left(rig: Rig) -> None:
    """
    A refusal whose wait ends just before the deadline stays a refusal.
    """
    rig.answers = [answer(429, Retry_After="9")]

    with pytest.raises(errors.RateLimited):
        await rig.call(CREATE, policy=RetryPolicy(attempts=4, deadline=10))

    assert (1, []) == (len(rig.asked), rig.waits)


async def test_redirects_are_not_followed_with_our_token(rig: Rig) -> None:
    """
    A redirect may lead anywhere, and the token would go with it.
    """
    rig.answers = [answer(302, Location="http://127.0.0.1:1/")]

    with pytest.raises(errors.UnexpectedAnswer, match="HTTP 302"):
        await rig.call(GET)


async def test_no_token_in_logs_metrics_or_errors(rig: Rig) -> None:
    """
    Even a service that echoes the token in its error body does not get it written down.
    """
    rig.answers = [answer(401, f"Bearer {TOKEN} is not valid".encode())]

    with pytest.raises(errors.Unauthenticated) as caught:
        await rig.call(GET)

    written = f"{caught.value} {rig.notebook.records} {rig.notebook.metrics}"
    assert f"Bearer {TOKEN}" == rig.asked[0].headers["Authorization"]
    assert TOKEN not in written


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(f"the token {TOKEN} is not valid", id="bare"),
        pytest.param(f"{'x' * 190} {TOKEN}", id="where the service's explanation is cut"),
    ],
)
async def test_an_echoed_token_is_not_written_down_whatever_stands_before_it(rig: Rig, said: str) -> None:
    """
    The transport knows what it sent and needs no shape to find it; not even the token's beginning is left.
    """
    rig.answers = [answer(401, said.encode())]

    with pytest.raises(errors.Unauthenticated) as caught:
        await rig.call(GET)

    written = f"{caught.value!r} {caught.value.facts} {rig.notebook.records} {rig.notebook.metrics}"
    assert TOKEN[:9] not in written


def test_a_token_is_taken_out_before_the_reason_is_cut() -> None:
    """
    Half a token at the end of a long reason is still half a token; the facts are searched too.
    """
    problem = Problem(f"{'x' * 490} {TOKEN}", facts={"correlation_id": f"of {TOKEN}"})
    sent = secrets_of({"Authorization": f"Bearer {TOKEN}"})

    error = judge(Reply(400, {}, b""), problem, connection="shop/teelixir", asked=None, secrets=sent)

    assert TOKEN[:5] not in str(error)
    assert error is not None and "of ***" == error.facts["correlation_id"]


def test_a_connection_that_takes_too_long_names_the_limit_it_met() -> None:
    """
    Connecting is given ten seconds, whatever the whole attempt is given.
    """
    failure = translate(aiohttp.ConnectionTimeoutError(), connection="shop/teelixir", seconds=30.0)

    assert "shop/teelixir did not answer within 10 s" == failure.error.message
    assert not failure.sent


def test_a_target_shows_no_headers() -> None:
    """
    The token is behind a function: printing a target prints no secret.
    """
    target = Target("a/b", "a", "b", "http://x", lambda: {"Authorization": TOKEN}, lambda reply: None)  # type: ignore[arg-type,return-value]

    assert TOKEN not in repr(target)


def test_an_error_shows_a_fact_that_it_was_not_given_as_its_name() -> None:
    """
    Whatever the format of the message asks for: an error never fails by itself.
    """
    assert "x did not answer within <seconds> s" == errors.Timeout(service="x").message
    assert "<value> is not a valid <kind>: <reason>" == errors.BadValue().message
