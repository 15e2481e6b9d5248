"""
What an import does with the rows of a file: one object a row, found by a column that names it.

Pure but for the records. Rows are told by the number of their line in the file, the header's being 1.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import msgspec

from masterops.sandbox.hubspot import problems
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.store import Store

OPERATIONS = ("CREATE", "UPDATE", "UPSERT")
KEYS = ("HUBSPOT_ALTERNATE_ID", "HUBSPOT_OBJECT_ID")
# What is wrong with a value, in the words of imports.
TYPES = {
    "INVALID_EMAIL": "INVALID_EMAIL",
    "INVALID_OPTION": "INVALID_ENUMERATION_OPTION",
    "INVALID_NUMBER": "COULD_NOT_PARSE_NUMBER",
    "INVALID_DATE": "COULD_NOT_PARSE_DATE",
}


class Column(msgspec.Struct, frozen=True, rename="camel"):
    """
    One column of a file and the property that it fills.
    """

    column_object_type_id: str
    column_name: str
    property_name: str | None = None
    column_type: str | None = None


class Sheet(msgspec.Struct, frozen=True, rename="camel"):
    """
    How a file is to be read.
    """

    column_mappings: list[Column]
    has_header: bool = True


class File(msgspec.Struct, frozen=True, rename="camel"):
    """
    One file of an import.
    """

    file_name: str
    file_import_page: Sheet
    file_format: str = "CSV"


class Problem(msgspec.Struct, frozen=True, rename="camel"):
    """
    What was wrong with a row; line 0 stands for the whole file.
    """

    line: int
    row: list[str]
    type: str
    message: str
    value: str | None = None
    column: int | None = None


class Outcome(msgspec.Struct):
    """
    What became of a file.
    """

    counters: Counter[str]
    problems: list[Problem]
    failed: bool = False


def carried_out(account: Account, file: File, content: bytes, operation: str) -> Outcome:
    """Import the rows of a file."""
    store = account.store(file.file_import_page.column_mappings[0].column_object_type_id)
    outcome = Outcome(Counter(TOTAL_ROWS=0, CREATED_OBJECTS=0, UPDATED_OBJECTS=0, ERRORS=0), [])
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"))))
    columns = _placed(file.file_import_page, rows, outcome)
    first = 2 if file.file_import_page.has_header else 1
    for line, row in enumerate(rows[first - 1 :], start=first):
        if columns is None or not row:
            continue
        outcome.counters["TOTAL_ROWS"] += 1
        try:
            _imported(account, store, columns, row, operation, outcome)
        except problems.Refusal as refusal:
            outcome.problems.append(_problem(line, row, refusal, columns))
    outcome.counters["ERRORS"] = len(outcome.problems)
    outcome.counters["UNIQUE_OBJECTS_WRITTEN"] = (
        outcome.counters["CREATED_OBJECTS"] + outcome.counters["UPDATED_OBJECTS"]
    )
    return outcome


def _placed(sheet: Sheet, rows: list[list[str]], outcome: Outcome) -> dict[int, Column] | None:
    """The columns by their places; None, and a problem, when the file has others."""
    header = rows[0] if rows and sheet.has_header else [each.column_name for each in sheet.column_mappings]
    placed: dict[int, Column] = {}
    for column in sheet.column_mappings:
        if column.column_name not in header:
            message = f"The file has no column {column.column_name!r}."
            outcome.problems.append(Problem(0, header, "INVALID_COLUMN_CONFIGURATION", message))
            outcome.failed = True
            return None
        if column.property_name is not None:
            placed[header.index(column.column_name)] = column
    return placed


def _imported(
    account: Account,
    store: Store,
    columns: dict[int, Column],
    row: list[str],
    operation: str,
    outcome: Outcome,
) -> None:
    if max(columns) >= len(row):
        raise problems.Refusal(400, "The row has too few columns.", "INCORRECT_NUMBER_OF_COLUMNS")
    given: dict[str, Any] = {
        str(column.property_name): row[place] for place, column in columns.items() if row[place] != ""
    }
    key = next((column for column in columns.values() if column.column_type in KEYS), None)
    record = None
    if key is not None and (value := given.get(str(key.property_name))) is not None:
        try:
            record = store.get(str(value), str(key.property_name))
        except problems.Refusal as refusal:
            if refusal.status != 404:
                raise
    if record is not None and operation == "CREATE":
        raise problems.Refusal(400, "The record is there already.", "CREATE_ONLY_IMPORT")
    if record is None and operation == "UPDATE":
        raise problems.Refusal(400, "There is no such record.", "UPDATE_ONLY_IMPORT")
    given.pop("hs_object_id", None)
    write = store.creation(given) if record is None else store.update(record, given)
    account.commit(store, write)
    outcome.counters["CREATED_OBJECTS" if record is None else "UPDATED_OBJECTS"] += 1
    outcome.counters["PROPERTY_VALUES_EMITTED"] += len(given)


def _problem(line: int, row: list[str], refusal: problems.Refusal, columns: dict[int, Column]) -> Problem:
    if not refusal.details:
        kind = refusal.category if refusal.category and refusal.category.isupper() else "UNKNOWN_ERROR"
        kind = "FAILED_VALIDATION" if kind in ("VALIDATION_ERROR", "CONFLICT") else kind
        return Problem(line, row, kind, refusal.message)
    first = refusal.details[0]
    names = first["context"]["propertyName"]
    place = next((each for each, column in columns.items() if column.property_name in names), None)
    kind = TYPES.get(first["code"], "INVALID_PROPERTY_VALUE_FORMAT")
    return Problem(line, row, kind, first["message"], None if place is None else row[place], place)
