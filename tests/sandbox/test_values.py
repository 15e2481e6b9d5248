"""
Property values, checked and brought into HubSpot's form.
"""

from __future__ import annotations

import pytest

from masterops.sandbox.hubspot import definitions, values
from masterops.sandbox.hubspot.kinds import BY_NAME

KNOWN = {
    **definitions.starting(BY_NAME["contacts"], ("7",), "2023-02-01T00:00:00Z"),
    **definitions.starting(BY_NAME["deals"], ("7",), "2023-02-01T00:00:00Z"),
}


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        pytest.param("email", " Anna@Example.COM ", "anna@example.com", id="mail in small letters"),
        pytest.param("Email", "a@example.com", "a@example.com", id="names in any case"),
        pytest.param("firstname", "", None, id="empty clears"),
        pytest.param("firstname", None, None, id="null clears"),
        pytest.param("firstname", " x ", " x ", id="text as it is"),
        pytest.param("amount", "12.50", "12.50", id="number as text"),
        pytest.param("amount", 12.5, "12.5", id="number as number"),
        pytest.param("hs_email_optout", True, "true", id="boolean"),
        pytest.param("closedate", "1772323200000", "2026-03-01T00:00:00Z", id="milliseconds"),
        pytest.param(
            "closedate", "2026-03-01T10:00:00.5+10:00", "2026-03-01T00:00:00.500Z", id="with offset"
        ),
        pytest.param("closedate", "2026-03-01", "2026-03-01T00:00:00Z", id="a day for a moment"),
        pytest.param("dealstage", "closedwon", "closedwon", id="option"),
        pytest.param("hubspot_owner_id", "7", "7", id="owner"),
    ],
)
def test_good_values_are_kept(name: str, given: object, expected: str | None) -> None:
    """
    Everything is kept as a string.
    """
    kept, flaws = values.kept({name: given}, KNOWN)

    assert [] == flaws
    assert {name.lower(): expected} == kept


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        pytest.param("nonsense", "1", "PROPERTY_DOESNT_EXIST", id="unknown property"),
        pytest.param("hs_object_id", "1", "READ_ONLY_VALUE", id="read only"),
        pytest.param("email", "anna", "INVALID_EMAIL", id="no address"),
        pytest.param("amount", "12,50", "INVALID_NUMBER", id="comma"),
        pytest.param("amount", "1_000", "INVALID_NUMBER", id="underscore"),
        pytest.param("amount", "NaN", "INVALID_NUMBER", id="not finite"),
        pytest.param("amount", " 1", "INVALID_VALUE", id="spaces"),
        pytest.param("closedate", "soon", "INVALID_DATE", id="no moment"),
        pytest.param("closedate", "9" * 30, "INVALID_DATE", id="beyond the calendar"),
        pytest.param("dealstage", "Closed Won", "INVALID_OPTION", id="label for value"),
        pytest.param("hubspot_owner_id", "8", "INVALID_OPTION", id="owner of another account"),
        pytest.param("hs_email_optout", "yes", "INVALID_BOOLEAN", id="no boolean"),
        pytest.param("firstname", ["a"], "INVALID_VALUE", id="a list"),
        pytest.param("firstname", "a" * 65_537, "VALUE_TOO_LONG", id="too long"),
    ],
)
def test_bad_values_are_named(name: str, given: object, code: str) -> None:
    """
    One flaw, with HubSpot's code and the property.
    """
    kept, flaws = values.kept({name: given}, KNOWN)

    assert {} == kept
    assert [(name, code)] == [(flaw.property, flaw.code) for flaw in flaws]
