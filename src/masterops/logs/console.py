"""
One record as one line for a person.
"""

from __future__ import annotations

import os

from masterops.logs.record import LogRecord

COLOURS = {"debug": "2", "info": "36", "warn": "33", "error": "31"}


def paint(record: LogRecord, *, colour: bool) -> str:
    """
    `14:03:07 INFO  hubspot/teelixir  contacts.list  rows=100 (132 ms)`; never more than one line.
    """
    colour = colour and not os.environ.get("NO_COLOR")
    where = record.integration_id or record.business_id or record.source
    facts = " ".join(f"{key}={_short(value)}" for key, value in record.details_json.items())
    took = f"({record.duration_ms:,.0f} ms)" if record.duration_ms is not None else ""
    level = f"{record.level.upper():<5}"
    if colour:
        level = f"\x1b[{COLOURS[record.level]}m{level}\x1b[0m"
    parts = [f"{record.created_at:%H:%M:%S}", level, where, record.message.replace("\n", " "), facts, took]
    return " ".join(part for part in parts if part) + "\n"


def _short(value: object) -> str:
    if isinstance(value, dict) and "message" in value:
        value = value["message"]
    text = str(value).replace("\n", " ")
    return text if len(text) <= 120 else text[:119] + "…"
