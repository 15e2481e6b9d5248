"""
Structs made for tests are such as a service sends.
"""

from __future__ import annotations

import importlib
import pkgutil
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType

from masterops import connectors
from masterops.connectors.hubspot.contacts import Contact
from masterops.connectors.hubspot.deals import Deal
from masterops.connectors.unleashed.sales import SalesOrder
from masterops.testing.factories import decoded, encoded, struct

# What is only ever sent, by name: a filter's value may be more than msgspec can tell apart in an answer.
SENT = {"Filter"}


def every_struct() -> list[type[msgspec.Struct]]:
    """Those of all connectors."""
    found: dict[str, type[msgspec.Struct]] = {}
    for each in pkgutil.walk_packages(connectors.__path__, "masterops.connectors."):
        for value in vars(importlib.import_module(each.name)).values():
            if (
                isinstance(value, type)
                and issubclass(value, msgspec.Struct)
                and value.__module__ == each.name
            ):
                found[f"{each.name}.{value.__name__}"] = value
    return [value for name, value in sorted(found.items()) if value.__name__ not in SENT]


@pytest.mark.parametrize(
    "kind", every_struct(), ids=lambda kind: f"{kind.__module__.split('.')[2]}.{kind.__name__}"
)
def test_every_struct_of_the_connectors_is_read_as_it_was_written(kind: type[msgspec.Struct]) -> None:
    """
    Encoded and decoded it is the same.
    """

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(struct(kind))
    def same(value: Any) -> None:
        body = encoded(value)

        assert body == encoded(decoded(body, kind))

    same()


class Parcel(msgspec.Struct):
    """
    One of each constraint.
    """

    id: str
    weight: Annotated[int, Meta(ge=1, le=9)]
    code: Annotated[str, Meta(pattern=r"^[A-Z]{2}\d$")]
    tags: Annotated[list[str], Meta(max_length=2)]
    price: Decimal
    sent_at: datetime
    inside: Parcel | None = None
    note: str | UnsetType = UNSET


@settings(max_examples=50, deadline=None)
@given(struct(Parcel))
def test_constraints_are_kept(parcel: Parcel) -> None:
    """
    msgspec itself would refuse anything else.
    """
    assert parcel == decoded(encoded(parcel), Parcel)


@settings(max_examples=50, deadline=None)
@given(struct(Contact), struct(Deal, id="7"))
def test_properties_of_hubspot_can_be_read_and_ids_are_numbers(contact: Contact, deal: Deal) -> None:
    """
    Whatever stands in them, and a field may be given.
    """
    assert contact.id.isdigit()
    assert "7" == deal.id
    assert contact.properties.email is None or contact.properties.email.count("@") == 1
    assert set(contact.extra) >= {name for name in contact.values if name.endswith("_own")}


@settings(max_examples=30, deadline=None)
@given(struct(SalesOrder, total=st.just(Decimal("9.90"))))
def test_orders_have_guids_money_and_moments(order: SalesOrder) -> None:
    """
    As Unleashed has them.
    """
    assert 36 == len(order.guid)
    assert Decimal("9.90") == order.total
    assert order.order_date is None or order.order_date.tzinfo is not None


def test_a_field_that_is_not_there_is_said() -> None:
    """
    Rather than forgotten.
    """
    with pytest.raises(TypeError, match="no field emial"):
        struct(Contact, emial="a@example.com")
