"""
The demo records.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from masterops.sandbox.clock import HandClock
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.seeds import seeded
from tests.sandbox.desk import START

EVERY = ["teelixir", "elevate-wholesale", "buy-organics-online", "red-hill-fresh", "some-other-shop"]


def everything(account: Account) -> dict[str, list[tuple[str, dict[str, str], dict[str, dict[str, str]]]]]:
    """All that was seeded."""
    return {
        name: [(record.id, record.properties, record.links) for record in store.live.values()]
        for name, store in account.stores.items()
    }


@pytest.mark.parametrize("business", EVERY)
def test_the_same_seed_makes_the_same_records_on_any_day(business: str) -> None:
    """
    Ids, values and associations.
    """
    once = seeded(business, 1, HandClock(START))
    again = seeded(business, 1, HandClock(START + timedelta(days=400)))

    assert everything(once) == everything(again)


def test_another_seed_or_business_makes_others() -> None:
    """
    No two accounts share an id, so a mix-up shows.
    """
    clock = HandClock(START)
    accounts = [seeded(business, 1, clock) for business in EVERY]
    ids = [id for account in accounts for store in account.stores.values() for id in store.live]

    assert len(ids) == len(set(ids))
    assert everything(seeded("teelixir", 1, clock)) != everything(seeded("teelixir", 2, clock))


@pytest.mark.parametrize("business", EVERY)
def test_no_record_can_be_taken_for_a_real_one(business: str) -> None:
    """
    Marked "(demo)", and mail goes to reserved domains only.
    """
    stores = seeded(business, 1, HandClock(START)).stores
    contacts = [record.properties for record in stores["contacts"].live.values()]
    domains = {each["email"].rpartition("@")[2] for each in contacts}

    assert 250 <= len(contacts) <= 450
    assert all(each["lastname"].endswith("(demo)") for each in contacts)
    assert all(domain == "example.com" or domain.endswith(".example") for domain in domains)
    assert all(each.properties["name"].endswith("(demo)") for each in stores["companies"].live.values())
    assert all(each.properties["dealname"].endswith("(demo)") for each in stores["deals"].live.values())
    assert (60, 80) == (len(stores["companies"].live), len(stores["deals"].live))
