"""
What is wrong together.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from masterops.health.incidents import Standing, grouped

BRANDS = ("teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh")


def connection(
    business: str, state: str = "down", category: str = "server", service: str = "hubspot"
) -> Standing:
    return Standing(f"{service}/{business}", "connection", service, business, state, category, "HTTP 500")


def check(name: str, *needs: str, state: str = "down") -> Standing:
    return Standing(f"check/{name}", "http", "check", None, state, "server", "HTTP 500", needs=needs)


def titles(*standings: Standing) -> list[str]:
    return [each.title for each in grouped(standings)]


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
    shop, gateway, database = (
        check("shop", "check/gateway"),
        check("gateway", "check/database"),
        check("database"),
    )

    assert ["check/database is down, and 2 checks with it"] == titles(shop, gateway, database)
    assert ["check/shop is down"] == titles(shop, check("gateway", state="up"))


def test_checks_that_depend_on_each_other_end_somewhere() -> None:
    """
    A circle is one incident or two, and no endless search.
    """
    found = grouped([check("a", "check/b"), check("b", "check/a")])

    assert 2 == sum(len(each.checks) for each in found)


@given(
    st.lists(
        st.builds(
            connection,
            st.sampled_from(BRANDS),
            st.sampled_from(["up", "down", "degraded", "unknown", "late"]),
            st.sampled_from(["server", "network"]),
            st.sampled_from(["hubspot", "n8n"]),
        ),
        unique_by=lambda each: each.name,
    )
)
def test_each_check_that_is_not_well_is_in_exactly_one(standings: list[Standing]) -> None:
    """
    And no other is in any.
    """
    wanted = sorted(each.name for each in standings if each.state in ("down", "degraded", "late"))
    found = grouped(standings)

    assert wanted == sorted(each.name for incident in found for each in incident.checks)
    assert len(found) == len({each.cause for each in found})
