"""
One record as one line for a person.
"""

from __future__ import annotations

import os

import msgspec

from masterops.logs.record import LogRecord

COLOURS = {"debug": "2", "info": "36", "warn": "33", "error": "31"}
LONGEST_VALUE = 120


def paint(record: LogRecord, *, colour: bool) -> str:
    """
    `14:03:07 INFO  hubspot/teelixir  contacts.list  rows=100 (132 ms)`; never more than one line.
    """
    colour = colour and not os.environ.get("NO_COLOR")
    where = record.integration_id or record.business_id or record.source
    facts = " ".join(f"{key}={short_value(value)}" for key, value in record.details_json.items())
    took = f"({record.duration_ms:,.0f} ms)" if record.duration_ms is not None else ""
    level = f"{record.level.upper():<5}"
    if colour:
        level = f"\x1b[{COLOURS[record.level]}m{level}\x1b[0m"
    rest = [_one_line(part) for part in (where, record.message, facts, took) if part]
    return " ".join([f"{record.created_at:%H:%M:%S}", level, *rest]) + "\n"


def short_value(value: object) -> str:
    """
    A value of `details_json` for a person: an error by its message, lists and mappings as JSON, on one
    line, at most 120 characters.
    """
    if isinstance(value, dict) and "message" in value:
        value = value["message"]
    if isinstance(value, (dict, list)):
        text = msgspec.json.encode(value, enc_hook=str).decode()
    else:
        text = f"{value:.10g}" if isinstance(value, float) else str(value)
    text = _one_line(text)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _one_line(text: str) -> str:
    """Without line breaks, and without characters that would command the terminal."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)
