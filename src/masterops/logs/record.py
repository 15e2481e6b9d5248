"""
The rows that travel through the spool, and their encoding as one JSON line each.

A line carries its destination in `to`. The field names are the columns of the table, so that a line
can be read with jq beside the table's documentation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from masterops.logs.redact import DEEPEST, LONGEST_TEXT, readable, text_of

Level = Literal["debug", "info", "warn", "error"]
Status = Literal["info", "success", "warning", "error"]

LEVELS: dict[str, int] = {"debug": 10, "info": 20, "warn": 30, "error": 40}

LONGEST_MESSAGE = 8_192
LONGEST_NAME = 512  # of a source, business, connection, ...: at most 2 KB, and an index takes 2,704 bytes
SHORTEST_SHARE = 64
LONGEST_LINE = 1_048_576  # what a person may read, half of what a shipper reads at once


class LogRecord(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="to", tag="integration_logs"):
    """
    One row of `integration_logs`.
    """

    id: UUID
    created_at: datetime
    source: str
    level: Level
    status: Status
    message: str
    service: str | None = None
    operation: str | None = None
    details_json: dict[str, Any] = {}
    duration_ms: float | None = None
    user_id: str | None = None
    business_id: str | None = None
    workflow_id: str | None = None
    integration_id: str | None = None
    trace_id: str | None = None


class ApiMetric(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="to", tag="api_metrics"):
    """
    One row of `api_metrics`: one HTTP attempt. `endpoint` is the path template, never the concrete id.
    """

    id: UUID
    created_at: datetime
    service: str
    endpoint: str
    method: str
    success: bool
    duration_ms: float
    attempt: int
    operation: str
    status_code: int | None = None
    response_size_bytes: int | None = None
    rate_limit_remaining: int | None = None
    rate_limit_reset_at: datetime | None = None
    error_message: str | None = None
    error_category: str | None = None
    business_id: str | None = None
    integration_id: str | None = None


Row = LogRecord | ApiMetric

_encoder = msgspec.json.Encoder(enc_hook=readable)
_decoder: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)


def encode(row: Row) -> bytes:
    """
    One JSON line with its newline. Never raises: what JSON cannot hold is written in a readable form.
    """
    try:
        line = _encoder.encode(row)
    except Exception:  # any value a caller may hand us: recursion, huge ints, lone surrogates, ...
        line = _encode_cleaned(row)
    if b"\\u0000" in line:  # PostgreSQL's text and jsonb have no NUL
        line = _encode_cleaned(row)
    if len(line) > LONGEST_LINE:
        line = _encode_beginning(row, len(line))
    return line + b"\n"


def encode_plain(value: Row | Mapping[Any, object]) -> bytes | None:
    """A row or its details as JSON; None where anything in it has to be written in another form."""
    try:
        text = _encoder.encode(value)
    except Exception:
        return None
    return None if b"\\u0000" in text else text


def _encode_cleaned(row: Row) -> bytes:
    try:
        return _encoder.encode(_cleaned(row, getattr(row, "details_json", None)))
    except Exception as error:  # an object that breaks when it is looked at costs the details, not the record
        return _encoder.encode(_cleaned(row, {"log_error": type(error).__name__}))


def _encode_beginning(row: Row, size: int) -> bytes:
    """Of details that are too much together, each one's beginning; of too many, their beginning as text."""
    details = getattr(row, "details_json", {})
    share = max(0, LONGEST_LINE // 4 // max(1, len(details)))
    shown = {"log_error": f"{size} bytes of details are too many"}
    if share >= SHORTEST_SHARE:
        for key, value in details.items():
            text = _clean(value, 0, ())
            text = text if isinstance(text, str) else _encoder.encode(text).decode()
            shown[clean_text(text_of(key), share)] = clean_text(text, share)
    else:
        shown["keys"] = clean_text(", ".join(map(text_of, details)))
    return _encoder.encode(_cleaned(row, shown))


def decode(line: bytes) -> Row:
    """The row in one line; raises msgspec.DecodeError or ValidationError for anything else."""
    return _decoder.decode(line)


def _cleaned(row: Row, details: object) -> Row:
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    if "details_json" in fields:
        fields["details_json"] = details
    fields = {name: _clean(value, 0, ()) for name, value in fields.items()}
    fields |= {"id": row.id, "created_at": row.created_at}
    return type(row)(**fields)


def _clean(value: Any, depth: int, above: tuple[int, ...]) -> Any:
    """A value that JSON, PostgreSQL and a reader can take, as near to the given one as possible."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else _digits(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if id(value) in above:
        return "<recursive>"
    if depth >= DEEPEST:
        return f"<{type(value).__name__}, deeper than {DEEPEST}>"
    if isinstance(value, Mapping):
        inner = (*above, id(value))
        return {clean_text(text_of(key)): _clean(item, depth + 1, inner) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(item, depth + 1, (*above, id(value))) for item in value]
    return clean_text(readable(value))


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python turns no more than some thousand digits into text
        return f"<int of {value.bit_length()} bits>"


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Text that PostgreSQL accepts: no NUL, no lone surrogate, and a marked cut when it is too long."""
    if len(text) <= longest and text.isascii() and "\x00" not in text:
        return text
    text = text.replace("\x00", "\N{SYMBOL FOR NULL}")
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= longest else cut(text, longest)


def cut(text: str, longest: int) -> str:
    """The beginning of a text, at most `longest` characters with the mark that says how much is missing."""
    kept = max(0, longest - len(f"… [{len(text)} characters cut]"))
    return f"{text[:kept]}… [{len(text) - kept} characters cut]"
