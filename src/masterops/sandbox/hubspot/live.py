"""
Life in an account: one change now and then, so that readers see something happen.
"""

from __future__ import annotations

from random import Random

from masterops.sandbox.hubspot import seeds
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.brands import BRANDS, GENERIC


def happen(account: Account, chance: Random) -> str:
    """Change or add one record, as a person at work might; says what it was."""
    event = chance.choices((_new_contact, _contact_changed, _deal_moved), weights=(2, 5, 3))[0]
    return event(account, chance)


def _new_contact(account: Account, chance: Random) -> str:
    brand = BRANDS.get(account.business, GENERIC)
    store = account.stores["contacts"]
    person = seeds.contact(account, brand, chance, None)
    # Numbers of archived contacts are given out again, so the next id makes the address unique.
    person["email"] = f"live.{store.next_id}@example.com"
    record = account.commit(store, store.creation(person))
    return f"contact {record.id} was added"


def _contact_changed(account: Account, chance: Random) -> str:
    store = account.stores["contacts"]
    if not store.live:
        return _new_contact(account, chance)
    record = chance.choice(list(store.live.values()))
    change = chance.choice(
        ({"phone": seeds.phone(chance)}, {"lifecyclestage": chance.choice(seeds.CONSUMER_STAGES)})
    )
    account.commit(store, store.update(record, change))
    return f"contact {record.id} was changed"


def _deal_moved(account: Account, chance: Random) -> str:
    store = account.stores["deals"]
    if not store.live:
        return _contact_changed(account, chance)
    record = chance.choice(list(store.live.values()))
    account.commit(store, store.update(record, {"dealstage": chance.choice(seeds.STAGES)}))
    return f"deal {record.id} moved"
