"""
The demo records of an account: the same for the same seed and business, on every machine and day.

They go in through the account's own checked writes, so a seed that HubSpot would refuse fails at once.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from random import Random

from masterops.sandbox.clock import Clock
from masterops.sandbox.hubspot import values
from masterops.sandbox.hubspot.account import Account, Owner, portal_of
from masterops.sandbox.hubspot.brands import (
    BRANDS,
    FIRST_NAMES,
    GENERIC,
    LAST_NAMES,
    PLACES,
    SHOP_NAMES,
    Brand,
)
from masterops.sandbox.hubspot.limits import Limits
from masterops.sandbox.hubspot.records import Record

COMPANIES, DEALS = 60, 80
FEWEST_CONTACTS, MOST_CONTACTS = 250, 450
DAYS = 900  # from the first record to the last
LATEST = datetime(2026, 10, 30, 6, tzinfo=UTC)
STAGES = ("appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent", "closedwon",
          "closedwon", "closedwon", "closedlost")  # fmt: skip
CONSUMER_STAGES = ("subscriber", "lead", "customer", "customer", "customer", "evangelist")
TRADE_STAGES = ("lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "customer")


def seeded(
    business: str, seed: int, clock: Clock, limits: Limits | None = None, *, contacts: int | None = None
) -> Account:
    """An account with its demo records; `contacts` sets their number."""
    chance = Random(f"{seed}/{business}")
    account = Account(business, clock, limits or Limits(), _owners(business, chance))
    brand = BRANDS.get(business, GENERIC)
    count = chance.randint(FEWEST_CONTACTS, MOST_CONTACTS) if contacts is None else contacts
    _products(account, brand, chance)
    companies = _companies(account, brand, chance)
    people = _people(account, brand, chance, companies, count)
    _deals(account, brand, chance, companies, people)
    _lists(account, people)
    return account


def contact(account: Account, brand: Brand, chance: Random, works_at: Record | None) -> dict[str, str]:
    """A person who does not exist, at home or at a company."""
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    domain = works_at.properties["domain"] if works_at else "example.com"
    # The number that the record will get: no two contacts may share an address.
    local = re.sub(r"[^a-z]", "", first.lower()) + "." + re.sub(r"[^a-z]", "", last.lower())
    email = f"{local}.{len(account.stores['contacts'].live) + 1}@{domain}"
    city, state, code = chance.choice(PLACES)
    made = {
        "email": email,
        "firstname": first,
        "lastname": f"{last} (demo)",
        "phone": phone(chance),
        "city": city,
        "state": state,
        "zip": code,
        "country": "Australia",
        "lifecyclestage": chance.choice(TRADE_STAGES if works_at else CONSUMER_STAGES),
        "hubspot_owner_id": chance.choice(account.owners).id,
    }
    if works_at:
        made |= {"company": works_at.properties["name"], "jobtitle": chance.choice(brand.titles)}
    return made


def company(account: Account, brand: Brand, chance: Random) -> dict[str, str]:
    """A shop that does not exist."""
    number = len(account.stores["companies"].live) + 1
    name = f"{chance.choice(SHOP_NAMES)} {chance.choice(brand.customers)}"
    domain = f"{name.lower().replace(' ', '-')}-{number}.example"
    city, state, code = chance.choice(PLACES)
    return {
        "name": f"{name} (demo)",
        "domain": domain,
        "website": f"https://{domain}",
        "phone": phone(chance),
        "city": city,
        "state": state,
        "zip": code,
        "country": "Australia",
        "industry": chance.choice(brand.industries),
        "type": chance.choice(("PROSPECT", "RESELLER", "PARTNER")),
        "lifecyclestage": chance.choice(TRADE_STAGES),
        "numberofemployees": str(chance.randint(2, 60)),
        "hubspot_owner_id": chance.choice(account.owners).id,
    }


def deal(account: Account, brand: Brand, chance: Random, number: int, buyer: Record) -> dict[str, str]:
    """An order that nobody placed."""
    product, price = chance.choice(brand.products)
    units = chance.randint(*brand.order)
    closes = LATEST + timedelta(days=chance.randint(-300, 60))
    return {
        "dealname": f"Order {number}: {units} x {product}, {buyer.properties['name']}",
        "amount": f"{units * float(price):.2f}",
        "dealstage": chance.choice(STAGES),
        "pipeline": "default",
        "closedate": values.iso(closes.replace(hour=0)),
        "dealtype": chance.choice(("newbusiness", "existingbusiness")),
        "hubspot_owner_id": chance.choice(account.owners).id,
    }


def phone(chance: Random) -> str:
    """A number from the range that is kept free for fiction in Melbourne."""
    return f"+61 3 7010 {chance.randint(0, 9999):04}"


def _owners(business: str, chance: Random) -> tuple[Owner, ...]:
    base = portal_of(business)
    names = chance.sample(FIRST_NAMES, 3)
    return tuple(
        Owner(
            str(base + 10 + place), f"{first.lower()}@{business}.example", first, "(demo)", base + 500 + place
        )
        for place, first in enumerate(names)
    )


def _products(account: Account, brand: Brand, chance: Random) -> None:
    for (name, price), at in zip(brand.products, _moments(chance, len(brand.products)), strict=True):
        sku = "DEMO-" + re.sub(r"[^A-Z0-9]+", "-", name.upper()).strip("-")
        _put(account, "products", {"name": f"{name} (demo)", "price": price, "hs_sku": sku}, at)


def _companies(account: Account, brand: Brand, chance: Random) -> list[Record]:
    moments = _moments(chance, COMPANIES)
    return [_put(account, "companies", company(account, brand, chance), at) for at in moments]


def _people(
    account: Account, brand: Brand, chance: Random, companies: list[Record], count: int
) -> list[Record]:
    people: list[Record] = []
    for at in _moments(chance, count):
        works_at = None if chance.random() < brand.consumers else chance.choice(companies)
        links = [(279, works_at.id)] if works_at else []
        people.append(_put(account, "contacts", contact(account, brand, chance, works_at), at, links))
    return people


def _deals(
    account: Account, brand: Brand, chance: Random, companies: list[Record], people: list[Record]
) -> None:
    for number, at in enumerate(_moments(chance, DEALS), start=1001):
        buyer = chance.choice(companies)
        links = [(341, buyer.id)] + ([(3, chance.choice(people).id)] if people else [])
        _put(account, "deals", deal(account, brand, chance, number, buyer), at, links)


def _lists(account: Account, people: list[Record]) -> None:
    """Two that somebody filled: customers, and people at shops. Nothing is drawn for them."""
    at = values.iso(LATEST)
    for name, holds in (
        ("Customers (demo)", lambda person: person.properties.get("lifecyclestage") == "customer"),
        ("Trade contacts (demo)", lambda person: "jobtitle" in person.properties),
    ):
        made = account.keep_list(name, "0-1", "MANUAL", at)
        made.members = {person.id: at for person in people if holds(person)}


def _moments(chance: Random, count: int) -> list[str]:
    """When records were made, the oldest first: ids grow with time."""
    drawn = sorted(chance.randint(0, DAYS * 86_400_000) for _ in range(count))
    return [values.iso(LATEST - timedelta(days=DAYS) + timedelta(milliseconds=each)) for each in drawn]


def _put(
    account: Account,
    kind: str,
    properties: dict[str, str],
    at: str,
    links: list[tuple[int, str]] | None = None,
) -> Record:
    store = account.stores[kind]
    write = store.creation(properties)
    write.links = links or []
    return account.commit(store, write, at)
