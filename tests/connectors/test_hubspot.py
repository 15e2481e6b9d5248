"""
The HubSpot connector against the twin, over real HTTP.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.hubspot import Filter, HubSpot, Input, Property, Sort, Upsert
from masterops.core import clock
from masterops.logs import Logger
from masterops.sandbox.hubspot.limits import Limits
from masterops.transport import Transport
from tests.connectors.conftest import Twin, running_twin


async def test_a_contact_is_made_read_changed_and_archived(hub: HubSpot) -> None:
    """
    The life of one record, by id and by e-mail.
    """
    made = await hub.contacts.create({"email": "Ann@Example.com", "firstname": "Ann"})
    read = await hub.contacts.get("ann@example.com", id_property="email")
    changed = await hub.contacts.update(made.id, {"firstname": "Anna", "lastname": ""})
    await hub.contacts.archive(made.id)
    await hub.contacts.archive(made.id)

    assert (made.id, "Ann") == (read.id, read.properties.firstname)
    assert ("Anna", None) == (changed.properties.firstname, changed.properties.lastname)
    with pytest.raises(errors.NotFound):
        await hub.contacts.get(made.id)


async def test_every_page_is_read_and_no_record_twice(hub: HubSpot) -> None:
    """
    The list ends where the pages end.
    """
    contacts = [contact async for contact in hub.contacts.list()]

    assert len(contacts) > 200
    assert len(contacts) == len({contact.id for contact in contacts})
    assert all(contact.properties.email for contact in contacts)


@pytest.mark.parametrize("limit", [0, 1, 99, 100, 101])
async def test_a_limit_is_kept(hub: HubSpot, limit: int) -> None:
    """
    As many as asked for, across the border of a page too.
    """
    assert limit == len([row async for row in hub.contacts.list(limit=limit)])


async def test_archived_records_are_listed_apart(hub: HubSpot) -> None:
    """
    What was archived is in the list of archived ones and in no other.
    """
    victim = (await hub.companies.page(limit=1)).results[0]
    await hub.companies.archive(victim.id)

    living = {company.id async for company in hub.companies.list()}
    archived = {company.id async for company in hub.companies.list(archived=True)}

    assert (False, True) == (victim.id in living, victim.id in archived)


async def test_properties_that_are_asked_for_come(hub: HubSpot) -> None:
    """
    Others than the default ones are in `extra`.
    """
    first = (await hub.contacts.page(limit=1, properties=["jobtitle", "email"])).results[0]

    assert "jobtitle" in first.extra


async def test_batches_of_any_length_are_split(hub: HubSpot, twin: Twin) -> None:
    """
    250 records are three requests, and every record comes back.
    """
    made = await hub.contacts.batch_create([{"email": f"n{n}@example.com"} for n in range(250)])
    ids = [row.id for row in made.rows]
    read = await hub.contacts.batch_read(ids)
    changed = await hub.contacts.batch_update([Input(id, {"firstname": "B"}) for id in ids])
    await hub.contacts.batch_archive(ids)

    assert ([], 250, 250, 250) == (made.errors, len(made.rows), len(read.rows), len(changed.rows))
    assert {"B"} == {row.properties.firstname for row in changed.rows}
    assert 12 == len(twin.metrics)


async def test_one_bad_input_fails_alone_and_is_named(hub: HubSpot) -> None:
    """
    The row of the error is the place in what was given, across batches.
    """
    records = [{"email": f"m{n}@example.com"} for n in range(150)]
    records[120] = {"email": "m3@example.com"}

    result = await hub.contacts.batch_create(records)

    assert ([120], 149) == ([error.index for error in result.errors], len(result.rows))
    with pytest.raises(errors.Invalid, match="first input 120"):
        result.raise_for_errors(hub.connection)


async def test_records_that_do_not_exist_are_errors_of_a_batch_read(hub: HubSpot) -> None:
    """
    The others are read all the same.
    """
    first = (await hub.contacts.page(limit=1)).results[0]

    result = await hub.contacts.batch_read([first.id, "999999999999"])

    assert [first.id] == [row.id for row in result.rows]
    assert 1 == len(result.errors)


async def test_an_upsert_says_what_it_made(hub: HubSpot) -> None:
    """
    The second run of the same upsert makes nothing new.
    """
    await hub.properties.create(
        "contacts", Property("shop_id", "Shop id", group_name="contactinformation", has_unique_value=True)
    )
    rows = [Upsert(f"s{n}", {"shop_id": f"s{n}", "firstname": "S"}) for n in range(3)]

    first = await hub.contacts.batch_upsert(rows, id_property="shop_id")
    second = await hub.contacts.batch_upsert(rows, id_property="shop_id")

    assert [True] * 3 == [row.new for row in first.rows]
    assert [False] * 3 == [row.new for row in second.rows]
    assert {row.id for row in first.rows} == {row.id for row in second.rows}


async def test_search_finds_what_the_filters_say(hub: HubSpot) -> None:
    """
    Groups are alternatives, filters in one all hold.
    """
    await hub.contacts.batch_create(
        [{"email": f"q{n}@example.com", "firstname": "Zoe", "lastname": "AB"[n % 2]} for n in range(4)]
    )

    both = [
        row
        async for row in hub.contacts.search(
            [Filter("firstname", "EQ", "Zoe"), Filter("lastname", "EQ", "A")]
        )
    ]
    either = [
        row.properties.email
        async for row in hub.contacts.search(
            [Filter("email", "EQ", "q1@example.com")],
            [Filter("email", "EQ", "q2@example.com")],
            sort=Sort("email", descending=True),
        )
    ]

    assert 2 == len(both)
    assert ["q2@example.com", "q1@example.com"] == either


async def test_search_goes_on_past_the_ten_thousandth_result() -> None:
    """
    HubSpot ends a query there; the next one starts behind the last id: every record once, in order.
    """
    async with (
        running_twin(contacts=10_300, limits=Limits(search=1000)) as twin,
        Transport(log=Logger(twin), measure=twin.metrics.append) as transport,
    ):
        hub = twin.connector(transport)
        found = [int(row.id) async for row in hub.contacts.search(properties=["email"])]

        with pytest.raises(errors.BadValue, match="the first 10,000 results only"):
            _ = [row async for row in hub.contacts.search(sort=Sort("createdate"), properties=["email"])]

    assert 10_300 == len(found)
    assert sorted(set(found)) == found


async def test_changes_are_found_once_each(hub: HubSpot) -> None:
    """
    Only what changed since, by the property that its kind of object keeps.
    """
    before = clock.now() - timedelta(milliseconds=5)
    contact = await hub.contacts.create({"email": "new@example.com"})
    deal = (await hub.deals.page(limit=1)).results[0]
    await hub.deals.update(deal.id, {"dealname": "Renamed"})

    assert [contact.id] == [change.id for change in await hub.changed_since("contacts", before)]
    assert [deal.id] == [change.id for change in await hub.changed_since("deals", before)]
    assert [] == list(await hub.changed_since("companies", before))


async def test_a_resource_that_is_not_there_names_the_nearest(hub: HubSpot) -> None:
    """
    A slip in a name is one clear error.
    """
    with pytest.raises(errors.UnknownName) as caught:
        await hub.changed_since("contact", clock.now())

    assert "contacts" in caught.value.advice


async def test_a_property_is_made_changed_and_archived(hub: HubSpot) -> None:
    """
    The definitions of fields have a life of their own.
    """
    await hub.properties.create("deals", Property("margin", "Margin", "number", "number", "dealinformation"))
    changed = await hub.properties.update("deals", "margin", {"label": "Margin %"})
    listed = {each.name for each in await hub.properties.list("deals")}
    await hub.properties.archive("deals", "margin")

    assert ("Margin %", True) == (changed.label, "margin" in listed)
    with pytest.raises(errors.NotFound):
        await hub.properties.get("deals", "margin")


async def test_the_account_says_who_it_is(hub: HubSpot) -> None:
    """
    The pulse of a health check, the owners, the day's usage.
    """
    account = await hub.account()
    pulse = await hub.ping()
    owners = [owner async for owner in hub.owners()]
    usage = await hub.usage()

    assert account.portal_id == pulse.facts["portal_id"]
    assert owners
    assert any((row.current_usage or 0) > 0 for row in usage)


async def test_each_business_has_its_own_account(twin: Twin, transport: Transport, hub: HubSpot) -> None:
    """
    The token chooses the account: another business's records are not to be seen.
    """
    other = twin.connector(transport, business="red-hill-fresh")
    made = await hub.contacts.create({"email": "only-teelixir@example.com"})

    with pytest.raises(errors.NotFound):
        await other.contacts.get(made.id)


@pytest.mark.parametrize("version", ["2026-03", "2026-09", "v3"])
async def test_every_version_works(twin: Twin, transport: Transport, version: str) -> None:
    """
    The dated paths and the legacy ones lead to the same records.
    """
    hub = twin.connector(transport, version=version)
    made = await hub.contacts.create({"email": f"{version}@example.com"})

    assert made.id == (await hub.contacts.get(made.id)).id
    assert (await hub.ping()).facts["portal_id"]


async def test_the_rolling_limit_is_waited_for_and_nothing_fails(hub: HubSpot, twin: Twin) -> None:
    """
    HubSpot's five searches a second: the sixth is refused, waited for as long as its window, and done.
    """
    for _ in range(8):
        _ = [row async for row in hub.contacts.search([Filter("email", "EQ", "x@example.com")])]

    refused = [metric for metric in twin.metrics if metric.status_code == 429]
    assert refused
    assert all(wait >= 1.0 for wait in twin.waits)
    assert all(record.status == "success" for record in twin.records)


async def test_metrics_carry_the_template_and_the_budget(hub: HubSpot, twin: Twin) -> None:
    """
    No id in the endpoint, what is left of the window beside it.
    """
    first = (await hub.contacts.page(limit=1)).results[0]
    await hub.contacts.get(first.id)

    metric = twin.metrics[-1]
    assert "/crm/objects/2026-03/contacts/{id}" == metric.endpoint
    assert metric.rate_limit_remaining is not None and metric.rate_limit_remaining < 100
    assert first.id not in metric.endpoint


async def test_a_wrong_token_is_refused_and_not_shown(twin: Twin, transport: Transport) -> None:
    """
    One attempt, a clear error, and the token nowhere in what is written.
    """
    secret = "sandbox-" + "nobody-knows-this-one"
    values = {"access_token": Secret(secret), "base_url": f"{twin.url}/hubspot"}
    hub = HubSpot(Connection("hubspot/teelixir", "hubspot", "teelixir", values), transport)

    with pytest.raises(errors.Unauthenticated) as caught:
        await hub.contacts.page()

    assert 1 == len(twin.metrics)
    assert secret not in f"{caught.value!r} {caught.value.facts} {twin.records} {twin.metrics}"


async def test_every_capability_works_and_leaves_nothing_behind(hub: HubSpot) -> None:
    """
    What `ops test-integration` tries holds, and the records it makes are gone.
    """
    before = {contact.id async for contact in hub.contacts.list()}

    said = {capability.name: await capability.run() for capability in hub.capabilities()}

    assert 11 == len(said)
    assert all(said.values())
    assert before == {contact.id async for contact in hub.contacts.list()}
