"""
The HubSpot connector against the twin, over real HTTP.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.hubspot import Filter, HubSpot, Property
from masterops.core import clock
from masterops.core.backoff import RetryPolicy
from masterops.transport import Transport
from tests.connectors.conftest import Twin
from tests.transport.conftest import Rig, answer, hang


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


@pytest.mark.parametrize("status", [500, 504])
async def test_a_property_of_unknown_outcome_is_not_made_twice(
    rig: Rig, scripted: HubSpot, status: int
) -> None:
    """
    A second try would end in a Conflict with our own first one.
    """
    rig.answers = [answer(status)]

    with pytest.raises(errors.OutcomeUnknown):
        await scripted.properties.create("deals", Property("margin"))

    assert 1 == len(rig.asked)


@pytest.mark.parametrize("id", ["", "..", "."])
async def test_an_id_that_is_none_does_not_ask_for_something_else(
    rig: Rig, scripted: HubSpot, id: str
) -> None:
    """
    An empty id would answer with the list, and an empty name with all properties.
    """
    rig.answers = [answer(body=b"{}")]

    with pytest.raises(errors.BadValue, match="not a valid id"):
        await scripted.contacts.get(id)
    with pytest.raises(errors.BadValue, match="not a valid name"):
        await scripted.properties.get("contacts", id)

    assert [] == rig.asked


@pytest.mark.parametrize("resource", ["owners", "list", "search"])
async def test_a_cursor_that_stands_still_is_an_error_and_not_an_end(
    rig: Rig, scripted: HubSpot, resource: str
) -> None:
    """
    What comes after it would be missing, and nobody would know.
    """
    rig.answers = [answer(body=b'{"results": [{"id": "1"}], "paging": {"next": {"after": "7"}}}')]
    reads: dict[str, AsyncIterator[object]] = {
        "owners": scripted.owners.list(),
        "list": scripted.contacts.list(),
        "search": scripted.contacts.search(),
    }

    with pytest.raises(errors.UnexpectedAnswer, match="cursor"):
        _ = [row async for row in reads[resource]]

    assert 2 == len(rig.asked)


async def test_one_call_can_be_given_less_time_than_the_rest(rig: Rig, scripted: HubSpot) -> None:
    """
    As the health check does: a service that hangs is told by the call's own limit.
    """
    rig.answers = [hang]

    with pytest.raises(errors.Timeout, match=r"within 0\.2 s"):
        await scripted.account(policy=RetryPolicy(attempts=1), timeout=0.2)


async def test_the_account_says_who_it_is(hub: HubSpot) -> None:
    """
    The pulse of a health check, the owners, the day's usage.
    """
    account = await hub.account()
    pulse = await hub.ping()
    owners = [owner async for owner in hub.owners.list()]
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

    facts = (await hub.ping()).facts

    assert made.id == (await hub.contacts.get(made.id)).id
    assert facts["portal_id"]
    assert (version, True) == (facts["api_version"], str(facts["api_version_ends_on"]) > "2027-03")


async def test_the_rolling_limit_is_waited_for_and_nothing_fails(hub: HubSpot, twin: Twin) -> None:
    """
    HubSpot's five searches a second: the sixth is not sent before it fits, so that none is ever refused.
    """
    for _ in range(12):
        _ = [row async for row in hub.contacts.search([Filter("email", "EQ", "x@example.com")])]

    assert [200] * 12 == [metric.status_code for metric in twin.metrics]
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

    assert 27 == len(said)
    assert all(said.values())
    assert before == {contact.id async for contact in hub.contacts.list()}
