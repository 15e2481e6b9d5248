"""
Invoices and credit notes: `/Invoices`, `/CreditNotes`. Read only.
"""

from __future__ import annotations

from decimal import Decimal

from masterops.connectors.unleashed.moments import Moment
from masterops.connectors.unleashed.records import Record, Reference, resource


class Invoice(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One invoice, of an order or a part of one.
    """

    invoice_number: str | None = None
    invoice_status: str | None = None
    invoice_date: Moment | None = None
    due_date: Moment | None = None
    order_number: str | None = None
    customer: Reference | None = None
    sub_total: Decimal | None = None
    tax_total: Decimal | None = None
    total: Decimal | None = None


class CreditNote(Record, frozen=True, kw_only=True, rename="pascal"):
    """
    One credit note.
    """

    credit_note_number: str | None = None
    status: str | None = None
    credit_date: Moment | None = None
    customer: Reference | None = None
    sub_total: Decimal | None = None
    tax_total: Decimal | None = None
    total: Decimal | None = None


INVOICES = resource("invoices", "/Invoices", Invoice)
CREDIT_NOTES = resource("credit_notes", "/CreditNotes", CreditNote)
