"""
What a call leaves behind: rows of metrics, a log record, and no secret in any of it.
"""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from masterops import errors
from masterops.core import clock
from masterops.testing.bench import Bench, said
from masterops.testing.kit import Said, connector_of
from masterops.testing.suite import promise

WORDS = "The suite says no."


@promise()
async def every_attempt_is_a_row_of_metrics(bench: Bench) -> None:
    """
    Which connection, what, how it ended, how long it took, which attempt.
    """
    kit = bench.kit
    bench.script = [kit.error(503, "Later."), kit.record("1")]
    connector = await bench.connector()
    await kit.get(connector, "1")

    first, second = bench.metrics
    assert [(503, False, 1), (200, True, 2)] == [
        (each.status_code, each.success, each.attempt) for each in (first, second)
    ]
    assert ("server", None) == (first.error_category, second.error_category)
    assert {(kit.service, connector.connection)} == {(e.service, e.integration_id) for e in bench.metrics}
    assert all(each.duration_ms > 0 and each.operation and each.method for each in bench.metrics)
    assert len(kit.record("1").body) == second.response_size_bytes


@promise()
async def metrics_name_the_template_and_no_id(bench: Bench) -> None:
    """
    One label for all records, or the table would have as many as there are records.
    """
    kit = bench.kit
    ids = ["73519", "a/b", "someone@example.com"]
    bench.script = [kit.record(id) for id in ids]
    connector = await bench.connector()
    for id in ids:
        await kit.get(connector, id)

    assert 1 == len({each.endpoint for each in bench.metrics})
    assert not any(id in f"{each.endpoint} {each.operation}" for each in bench.metrics for id in ids)
    assert "?" not in bench.metrics[0].endpoint


@promise()
async def a_call_is_one_log_record_however_often_it_was_tried(bench: Bench) -> None:
    """
    With the number of its attempts.
    """
    kit = bench.kit
    bench.script = [kit.error(503, "Later."), kit.record("1")]
    await kit.get(await bench.connector(), "1")

    (record,) = bench.records
    assert ("success", kit.service) == (record.status, record.source)
    assert 2 == record.details_json["attempts"]


@promise()
async def a_failure_is_logged_with_its_code_and_the_service_s_name_for_the_request(bench: Bench) -> None:
    """
    What the service's support asks for.
    """
    kit = bench.kit
    bench.script = [kit.error(400, WORDS)]
    error = await bench.fails(kit.get(await bench.connector(), "1"))

    (record,) = bench.records
    assert isinstance(error, errors.RemoteError)
    assert "error" == record.status
    assert (error.code, error.blame, kit.request_id) == tuple(
        record.details_json.get(name) for name in ("error_code", "blame", "request_id")
    )


@promise(cases=[200, 400, 401, 429, 500])
async def a_credential_that_the_service_repeats_is_written_down_nowhere(bench: Bench, status: int) -> None:
    """
    In the body, as JSON and as text, and in every header that names a request.
    """
    kit = bench.kit

    async def play(request: web.BaseRequest) -> web.StreamResponse:
        arrived = bench.arrived[-1]
        renews = "refresh" not in kit.lacks
        given = kit.refreshed(arrived.raw_path, arrived.body, bench.secret) if renews else None
        return said(given or _echo(bench, status))

    bench.script = [play]
    connector = await bench.connector()
    await bench.fails(bench.ids(connector))
    if "create" not in bench.kit.lacks:
        await bench.fails(bench.kit.create(connector, 1))

    assert bench.metrics and bench.records


@promise("refresh", cases=[200, 400, 401, 500])
async def a_renewal_that_fails_shows_no_credential(bench: Bench, status: int) -> None:
    """
    Though the service repeats all that it was sent.
    """

    async def play(request: web.BaseRequest) -> web.StreamResponse:
        arrived = bench.arrived[-1]
        renews = bench.kit.refreshed(arrived.raw_path, arrived.body, bench.kit.renewed) is not None
        return said(_echo(bench, status) if renews else bench.kit.error(401, WORDS))

    bench.script = [play]

    error = await bench.fails(bench.kit.get(await bench.connector(), "1"))

    assert isinstance(error, errors.RemoteError)
    assert bench.metrics and bench.records


def _echo(bench: Bench, status: int) -> Said:
    """An answer with everything in it that was asked with, and the credential wherever it may be kept."""
    arrived = bench.arrived[-1]
    sent = " ".join(f"{name}: {value}" for name, value in arrived.headers.items())
    plain = bench.kit.error(status, f"You sent {sent} and {arrived.body.decode()}")
    secrets = [
        each for each in (bench.secret, *bench.kit.other_secrets) if each in f"{sent} {arrived.body!r}"
    ]
    named = {"X-Request-Id": " ".join(secrets), "X-Correlation-Id": " ".join(secrets)}
    return Said(status, plain.body, {**plain.headers, **named})


@promise()
async def neither_connector_nor_transport_shows_a_credential(bench: Bench) -> None:
    """
    Somebody will print them.
    """
    connector = await bench.connector()

    assert bench.secret not in f"{connector!r} {vars(connector)!r}"


@promise()
async def a_pulse_that_fails_is_an_error_of_ours(bench: Bench) -> None:
    """
    The health check tells a refused credential from a broken service.
    """
    bench.script = [bench.kit.error(401, WORDS)]
    connector = connector_of(bench.kit, bench.url, await bench.transport())

    error = await bench.fails(connector.ping())

    assert isinstance(error, errors.Unauthenticated)


@promise("service")
async def a_pulse_is_one_cheap_call(bench: Bench) -> None:
    """
    Or two, where a credential may not see everything.
    """
    async with bench.serving(3) as connector:
        pulse = await connector.ping()

    assert bench.secret not in repr(pulse)
    assert len(bench.arrived) <= 2


@promise("service", "create")
async def what_changed_is_found_once_and_what_did_not_is_not(bench: Bench) -> None:
    """
    By the name of the first resource that is watched.
    """
    kit = bench.kit
    async with bench.serving(3) as connector:
        before = await bench.ids(connector)
        # A whole millisecond: services cut the times of their records down to one.
        soon = clock.now() + timedelta(milliseconds=2)
        moment = soon.replace(microsecond=soon.microsecond // 1000 * 1000)
        await bench.until(lambda: clock.now() > moment)
        made = kit.id_of(await kit.create(connector, 1))
        found = [change.id for change in await connector.changed_since(connector.watched[0], moment)]

    assert [made] == found
    assert made not in before


@promise()
async def a_resource_that_is_not_watched_is_named_with_its_nearest(bench: Bench) -> None:
    """
    A slip in a name is one clear error, and nothing is sent.
    """
    connector = connector_of(bench.kit, bench.url, await bench.transport())

    error = await bench.fails(connector.changed_since("no-such-resource", clock.now()))

    assert isinstance(error, errors.UnknownName)
    assert [] == bench.arrived


@promise()
async def every_capability_has_a_name_of_its_own(bench: Bench) -> None:
    """
    `ops test-integration` shows them side by side.
    """
    connector = connector_of(bench.kit, bench.url, await bench.transport())
    names = [each.name for each in connector.capabilities()]

    assert names
    assert len(names) == len(set(names))
    assert [] == bench.arrived
