"""
What is wrong together.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from masterops.core.dependencies import Needs
from masterops.health.incidents import Incident, Standing, carried_on, grouped

BRANDS = ("teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh")


def connection(
    business: str, state: str = "down", category: str = "server", service: str = "hubspot"
) -> Standing:
    return Standing(f"{service}/{business}", "connection", service, business, state, category, "HTTP 500")


def check(name: str, state: str = "down") -> Standing:
    return Standing(f"check/{name}", "http", "check", None, state, "server", "HTTP 500")


ANY = st.builds(
    connection,
    st.sampled_from(BRANDS),
    st.sampled_from(["up", "down", "degraded", "unknown", "late"]),
    st.sampled_from(["server", "network"]),
    st.sampled_from(["hubspot", "n8n"]),
)


def titles(*standings: Standing, needs: Needs | None = None) -> list[str]:
    return [each.title for each in grouped(standings, needs)]


def test_a_service_that_fails_everybody_alike_is_one_incident() -> None:
    """
    Named by the service, with the number of businesses.
    """
    (incident,) = grouped(connection(each) for each in BRANDS)

    assert "HubSpot is down: 4 businesses" == incident.title
    assert sorted(f"hubspot/{each}" for each in BRANDS) == [each.integration for each in incident.checks]
    assert incident.facts()["business_id"] is None


def test_one_business_alone_is_named_itself() -> None:
    """
    And the incident is its own.
    """
    (incident,) = grouped([connection("teelixir"), connection("red-hill-fresh", state="up")])

    assert "hubspot/teelixir is down" == incident.title
    assert "teelixir" == incident.facts()["business_id"]


def test_a_heartbeat_is_named_once() -> None:
    """
    What has one check only needs no word for that.
    """
    missed = Standing("heartbeat/nightly", "heartbeat", "heartbeat", None, "down")

    assert ["heartbeat/nightly is down"] == titles(missed)


def test_one_more_business_joins_an_incident_that_stands() -> None:
    """
    Its cause is the same from look to look, so that it is not opened anew.
    """
    (one,), (two,) = (
        grouped([connection("teelixir")]),
        grouped([connection("teelixir"), connection("red-hill-fresh")]),
    )

    assert one.cause == two.cause


def test_what_fails_in_another_way_is_another_incident() -> None:
    """
    A token that one business let expire is not HubSpot's trouble.
    """
    standings = [connection(each) for each in BRANDS[:3]]

    assert ["HubSpot is down: 3 businesses", "hubspot/red-hill-fresh is down"] == sorted(
        titles(*standings, connection(BRANDS[3], category="authentication"))
    )


def test_what_depends_on_something_wrong_belongs_to_it() -> None:
    """
    Through several steps; what it depends on and is well is no excuse.
    """
    needs = {"check/shop": ("check/gateway",), "check/gateway": ("check/database",)}
    wrong = [check("shop"), check("gateway"), check("database")]

    (incident,) = grouped([*wrong[:2], replace(wrong[2], reason="no answer")], needs)

    assert "check/database is down, and 2 checks with it" == incident.title
    assert "no answer" == incident.facts()["reason"]
    assert ["check/shop is down"] == titles(check("shop"), check("gateway", state="up"), needs=needs)


def test_checks_that_depend_on_each_other_end_somewhere() -> None:
    """
    A circle is one incident or two, and no endless search.
    """
    needs = {"check/a": ("check/b",), "check/b": ("check/a",)}
    found = grouped([check("a"), check("b")], needs)

    assert 2 == sum(len(each.checks) for each in found)


def test_an_aspect_of_a_connection_that_is_down_belongs_to_it() -> None:
    """
    Nobody has to say so: it is part of it.
    """
    circuit = Standing("hubspot/teelixir", "circuit", "hubspot", "teelixir", "degraded")

    assert ["hubspot/teelixir is down, and 1 check with it"] == titles(connection("teelixir"), circuit)
    assert ["hubspot/teelixir circuit is degraded"] == titles(connection("teelixir", "up"), circuit)


def test_an_incident_that_worsens_is_the_same_one() -> None:
    """
    Late and then down, slow and then unreachable: whatever else is said of it.
    """
    missed = Standing("heartbeat/nightly", "heartbeat", "heartbeat", None, "late", "missing")
    slow = connection("teelixir", state="degraded", category="slow")
    before = {each.cause: each.places for each in grouped([missed, slow])}
    after = carried_on(grouped([replace(missed, state="down"), connection("teelixir")]), before)

    assert sorted(before) == sorted(each.cause for each in after)
    assert {"heartbeat/nightly is down", "hubspot/teelixir is down"} == {each.title for each in after}


def test_what_parts_from_an_incident_is_another_one() -> None:
    """
    Three go on as they were; the fourth turns out to have a trouble of its own.
    """
    (before,) = grouped([connection(each) for each in BRANDS])
    now = [*(connection(each) for each in BRANDS[:3]), connection(BRANDS[3], category="authentication")]
    after = carried_on(grouped(now), {before.cause: before.places})

    assert {
        "HubSpot is down: 3 businesses": before.cause,
        "hubspot/red-hill-fresh is down": "hubspot authentication",
    } == {each.title: each.cause for each in after}


@given(st.data())
def test_from_look_to_look_each_incident_is_one_and_goes_on_where_it_can(data: st.DataObject) -> None:
    """
    No two have one cause, and an incident whose checks are those of before is the same.
    """
    before: list[Incident] = []
    for standings in data.draw(st.lists(st.lists(ANY, unique_by=lambda each: each.name), max_size=6)):
        open = {each.cause: each.places for each in before}
        after = carried_on(grouped(standings), open)

        assert len(after) == len({each.cause for each in after})
        for each in after:
            assert [] == [
                cause for cause, places in open.items() if places == each.places and cause != each.cause
            ]
        before = after


@given(st.lists(ANY, unique_by=lambda each: each.name))
def test_each_check_that_is_not_well_is_in_exactly_one(standings: list[Standing]) -> None:
    """
    And no other is in any.
    """
    wanted = sorted(each.name for each in standings if each.state in ("down", "degraded", "late"))
    found = grouped(standings)

    assert wanted == sorted(each.name for incident in found for each in incident.checks)
    assert len(found) == len({each.cause for each in found})
