"""
Imports: files of records, which HubSpot reads in its own time.

One file holds up to 1,048,576 rows or 512 MB, all imports of a day 80,000,000 rows; three run at once and
further ones wait as DEFERRED (imports guide). An import costs one call where batches cost one for each
hundred records, and tells what failed afterwards, row by row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

import msgspec

from masterops import errors
from masterops.connectors.hubspot.endpoint import Endpoint
from masterops.connectors.hubspot.multipart import form
from masterops.connectors.hubspot.waiting import until_done
from masterops.core.backoff import RetryPolicy

Operation = Literal["CREATE", "UPDATE", "UPSERT"]
DateFormat = Literal["DAY_MONTH_YEAR", "MONTH_DAY_YEAR", "YEAR_MONTH_DAY"]

PAGE = 100
OVER = frozenset({"DONE", "FAILED", "CANCELED", "REVERTED"})
EVERY, PATIENCE = 10.0, 3600.0  # seconds
UPLOAD = RetryPolicy(deadline=300.0)  # a large file takes its time
LARGEST_BYTES = 512 * 1024 * 1024
ID = "hs_object_id"


class ImportColumn(msgspec.Struct, frozen=True):
    """
    A column by its title, and the property that it fills; without one the column is passed over. The
    column that is the `key` says which record a row is about: its id, an e-mail address, or any property
    with unique values.
    """

    name: str
    property: str | None = None
    key: bool = False


class ImportFile(msgspec.Struct, frozen=True):
    """
    A file and what is in it: records of one type (0-1, 2-40000001), a column for each property.
    """

    name: str
    content: bytes
    type_id: str
    columns: Sequence[ImportColumn]
    format: Literal["CSV", "SPREADSHEET"] = "CSV"
    has_header: bool = True


class ImportMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """
    What came of an import: counts by HubSpot's names (TOTAL_ROWS, CREATED_OBJECTS, ERRORS, ...).
    """

    counters: dict[str, int] = {}
    file_ids: list[str] = []


class Import(msgspec.Struct, frozen=True, rename="camel"):
    """
    One import. `state` is STARTED, PROCESSING, DEFERRED, DONE, FAILED, CANCELED or REVERTED.
    """

    id: str
    state: str
    import_name: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    mapped_object_type_ids: list[str] = []
    metadata: ImportMetadata = ImportMetadata()

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.state in OVER


class ImportedRow(msgspec.Struct, frozen=True, rename="camel"):
    """
    A row of a file: its line, from 1; 0 stands for the whole file.
    """

    line_number: int = 0
    file_id: int | None = None
    row_data: list[str] | None = None


class ImportProblem(msgspec.Struct, frozen=True, rename="camel"):
    """
    Something that could not be imported. `error_type` is HubSpot's name for it (INVALID_EMAIL, ...).
    """

    id: str
    error_type: str
    error_message: str | None = None
    invalid_value: str | None = None
    known_column_number: int | None = None
    object_type_id: str | None = None
    source_data: ImportedRow = ImportedRow()


class ImportsClient:
    """
    The imports of one account.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def start(
        self,
        name: str,
        files: Sequence[ImportFile],
        *,
        operation: Operation = "UPSERT",
        date_format: DateFormat = "YEAR_MONTH_DAY",
    ) -> Import:
        """
        Upload files and have them imported. It is sent once: when nobody can say whether it began,
        OutcomeUnknown is raised, and `list` shows what did. Raises BadValue for too large a file, or one
        whose name no form can hold.
        """
        for file in files:
            _check(file)
        request = msgspec.json.encode(described(name, files, operation, date_format)).decode()
        body = form(
            {"importRequest": request},
            {file.name: file.content for file in files},
            field="files",
            boundary=uuid4().hex,
        )
        return await self._endpoint.ask(
            "POST",
            "",
            "start",
            Import,
            body=body,
            repeatable=False,
            timeout=UPLOAD.deadline,
            policy=UPLOAD,
        )

    async def list(self) -> AsyncIterator[Import]:
        """Every import, the latest first."""
        async for each in self._endpoint.every("", "list", Import, query={"limit": str(PAGE)}):
            yield each

    async def get(self, id: str) -> Import:
        """One import, with its state and counts. Raises NotFound."""
        return await self._endpoint.ask("GET", "/{import}", "get", Import, parts={"import": id})

    async def wait(self, id: str, *, every: float = EVERY, patience: float = PATIENCE) -> Import:
        """One import once it is over, looked at every so many seconds. Raises Timeout after `patience`."""
        return await until_done(
            lambda: self.get(id),
            lambda found: found.is_over,
            connection=self._endpoint.connection,
            every=every,
            patience=patience,
        )

    async def errors(self, id: str) -> AsyncIterator[ImportProblem]:
        """Everything that could not be imported, page by page, with the rows' contents."""
        query = {"limit": str(PAGE), "includeErrorMessage": "true", "includeRowData": "true"}
        rows = self._endpoint.every(
            "/{import}/errors", "errors", ImportProblem, parts={"import": id}, query=query
        )
        async for each in rows:
            yield each

    async def cancel(self, id: str) -> None:
        """Stop an import; what it has done stays. Raises Invalid when it is over."""
        await self._endpoint.tell("POST", "/{import}/cancel", "cancel", parts={"import": id})


def _check(file: ImportFile) -> None:
    reason = "it exceeds 512 MB." if len(file.content) > LARGEST_BYTES else ""
    if not file.name or any(each in file.name for each in '"\r\n'):
        reason = "its name is empty, or has a quote or a line's end in it."
    if reason:
        raise errors.BadValue(value=file.name, kind="file to import", reason=reason)


def described(
    name: str, files: Sequence[ImportFile], operation: Operation, date_format: DateFormat
) -> dict[str, Any]:
    """The request that says how the files are to be read."""
    return {
        "name": name,
        "dateFormat": date_format,
        "importOperations": {file.type_id: operation for file in files},
        "files": [
            {
                "fileName": file.name,
                "fileFormat": file.format,
                "fileImportPage": {
                    "hasHeader": file.has_header,
                    "columnMappings": [_mapping(file.type_id, column) for column in file.columns],
                },
            }
            for file in files
        ],
    }


def _mapping(type_id: str, column: ImportColumn) -> dict[str, Any]:
    mapping: dict[str, Any] = {
        "columnObjectTypeId": type_id,
        "columnName": column.name,
        "propertyName": column.property,
    }
    if column.key:
        mapping["columnType"] = "HUBSPOT_OBJECT_ID" if column.property == ID else "HUBSPOT_ALTERNATE_ID"
    return mapping
