"""
Files of records, into HubSpot and out of it.
"""

from __future__ import annotations

import csv
import io

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterops import errors
from masterops.connectors.hubspot import Filter, HubSpot, ImportColumn, ImportFile
from masterops.connectors.hubspot.multipart import form
from masterops.sandbox.hubspot import multipart as twins
from masterops.transport import Transport
from tests.connectors.conftest import Twin
from tests.transport.conftest import Rig, answer

COLUMNS = [
    ImportColumn("E-Mail", "email", key=True),
    ImportColumn("Town", "city"),
    ImportColumn("Stage", "lifecyclestage"),
    ImportColumn("Note"),
]
ROWS = [
    ["E-Mail", "Note", "Town", "Stage"],
    ["old@example.com", "-", "Perth", "customer"],
    ["new@example.com", "-", 'Zürich, "Altstadt"', "lead"],
    ["not an address", "-", "Perth", ""],
    ["bad@example.com", "-", "Perth", "king"],
    ["short@example.com"],
]


def sheet(rows: list[list[str]] = ROWS, columns: list[ImportColumn] = COLUMNS) -> ImportFile:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return ImportFile("people of May.csv", out.getvalue().encode(), "0-1", columns)


@pytest.mark.parametrize("version", ["2026-03", "v3"])
async def test_a_file_is_imported_and_what_failed_is_told_by_its_line(
    twin: Twin, transport: Transport, version: str
) -> None:
    """
    Records are found by the key, changed or made; a row that is wrong costs itself.
    """
    hub = twin.connector(transport, version=version)
    await hub.contacts.create({"email": "old@example.com", "city": "Sydney"})

    started = await hub.imports.start("May", [sheet()])
    done = await hub.imports.wait(started.id, every=0.01)
    problems = [each async for each in hub.imports.errors(started.id)]
    old = await hub.contacts.get("old@example.com", id_property="email", properties=["city"])
    new = await hub.contacts.get("new@example.com", id_property="email", properties=["city"])

    assert ("STARTED", "DONE", True, "May") == (started.state, done.state, done.is_over, done.import_name)
    assert {
        "TOTAL_ROWS": 5,
        "CREATED_OBJECTS": 1,
        "UPDATED_OBJECTS": 1,
        "ERRORS": 3,
    }.items() <= done.metadata.counters.items()
    assert [(4, "INVALID_EMAIL"), (5, "INVALID_ENUMERATION_OPTION"), (6, "INCORRECT_NUMBER_OF_COLUMNS")] == [
        (each.source_data.line_number, each.error_type) for each in problems
    ]
    assert ("king", 3, ROWS[4]) == (
        problems[1].invalid_value, problems[1].known_column_number, problems[1].source_data.row_data,
    )  # fmt: skip
    assert ("Perth", 'Zürich, "Altstadt"') == (old.values["city"], new.values["city"])


@pytest.mark.parametrize(
    ("operation", "made", "changed", "problem"),
    [("CREATE", 1, 0, "CREATE_ONLY_IMPORT"), ("UPDATE", 0, 1, "UPDATE_ONLY_IMPORT")],
)
async def test_an_import_may_only_make_or_only_change(
    hub: HubSpot, operation: str, made: int, changed: int, problem: str
) -> None:
    """
    The other rows are told.
    """
    await hub.contacts.create({"email": "old@example.com"})
    started = await hub.imports.start("May", [sheet(ROWS[:3])], operation=operation)  # type: ignore[arg-type]
    done = await hub.imports.wait(started.id, every=0.01)
    counters = done.metadata.counters

    assert (made, changed) == (counters["CREATED_OBJECTS"], counters["UPDATED_OBJECTS"])
    assert [problem] == [each.error_type async for each in hub.imports.errors(started.id)]


async def test_a_file_with_other_columns_fails_and_says_so(hub: HubSpot) -> None:
    """
    The whole file is line 0; nothing is written.
    """
    started = await hub.imports.start("May", [sheet([["Mail"], ["x@example.com"]])])
    done = await hub.imports.wait(started.id, every=0.01)

    assert "FAILED" == done.state
    assert [(0, "INVALID_COLUMN_CONFIGURATION")] == [
        (each.source_data.line_number, each.error_type) async for each in hub.imports.errors(started.id)
    ]


async def test_an_import_is_cancelled_before_it_is_over_and_not_after(hub: HubSpot) -> None:
    """
    All are listed, the latest first.
    """
    first, second = await hub.imports.start("A", [sheet()]), await hub.imports.start("B", [sheet()])
    await hub.imports.cancel(first.id)
    await hub.imports.wait(second.id, every=0.01)

    assert [("B", "DONE"), ("A", "CANCELED")] == [
        (each.import_name, each.state) async for each in hub.imports.list()
    ]
    assert 0 == await hub.contacts.count([Filter("email", "EQ", "nobody@example.com")])
    with pytest.raises(errors.Invalid, match="DONE"):
        await hub.imports.cancel(second.id)
    with pytest.raises(errors.NotFound):
        await hub.imports.get("99")


async def test_what_hubspot_cannot_read_is_refused_at_once(hub: HubSpot) -> None:
    """
    A property that is not there, a key that is not unique.
    """
    with pytest.raises(errors.Invalid, match="colour"):
        await hub.imports.start("May", [sheet(columns=[ImportColumn("E-Mail", "colour")])])
    with pytest.raises(errors.Invalid, match="unique"):
        await hub.imports.start("May", [sheet(columns=[ImportColumn("Town", "city", key=True)])])


async def test_a_file_whose_name_no_form_can_hold_is_not_sent(twin: Twin, hub: HubSpot) -> None:
    """
    HubSpot would look for it under another.
    """
    with pytest.raises(errors.BadValue, match="a quote"):
        await hub.imports.start("May", [ImportFile('a".csv', b"", "0-1", COLUMNS)])

    assert [] == twin.metrics


async def test_an_upload_is_sent_once(rig: Rig, scripted: HubSpot) -> None:
    """
    A second one would be a second import.
    """
    rig.answers = [answer(500, body=b"{}")]

    with pytest.raises(errors.OutcomeUnknown):
        await scripted.imports.start("May", [sheet()])

    assert 1 == len(rig.asked)


async def test_nobody_waits_longer_than_told(rig: Rig, scripted: HubSpot) -> None:
    """
    What runs at HubSpot goes on.
    """
    rig.answers = [answer(body=b'{"id": "1", "state": "DEFERRED"}')] * 50

    with pytest.raises(errors.Timeout, match=r"within 0\.05 s"):
        await scripted.imports.wait("1", every=0.01, patience=0.05)

    assert len(rig.asked) >= 2


BYTES = st.binary(max_size=60)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12
)


@settings(max_examples=40)
@given(text=NAMES, files=st.dictionaries(NAMES.map(lambda name: f"f{name}"), BYTES, max_size=3))
def test_a_form_is_read_as_it_was_written(text: str, files: dict[str, bytes]) -> None:
    """
    By a reader of somebody else's: any bytes come through, whatever ends their lines.
    """
    body = form({"importRequest": text}, files, field="files", boundary="0123456789abcdef" * 2)

    read = twins.read(body.media_type, body.data)

    assert text == read.texts["importRequest"]
    assert sorted(files.values()) == sorted(read.files.values())


@pytest.mark.parametrize("version", ["2026-03", "v3"])
async def test_records_are_exported_into_a_file(twin: Twin, transport: Transport, version: str) -> None:
    """
    All, those of a filter, those of a list; the address needs no token.
    """
    hub = twin.connector(transport, version=version)
    wanted = Filter("lifecyclestage", "EQ", "customer")
    customers = {row.id async for row in hub.contacts.search([wanted])}
    of_list = await hub.lists.by_name("0-1", "Customers (demo)")
    everyone = {row.id async for row in hub.contacts.list()}

    async with aiohttp.ClientSession() as session:
        for expected, options in (
            (everyone, {}),
            (customers, {"filters": [wanted]}),
            (customers, {"list_id": of_list.list_id}),
        ):
            id = await hub.exports.start(
                "contacts", ["email", "city"], name="May", associated=["companies"], **options
            )  # type: ignore[arg-type]
            done = await hub.exports.wait(id, every=0.01)
            async with session.get(str(done.result)) as reply:
                rows = list(csv.reader(io.StringIO(await reply.text())))
            told = await hub.exports.get(id)

            assert ("COMPLETE", True, ["Record ID", "email", "city"]) == (done.status, done.is_over, rows[0])
            assert expected == {row[0] for row in rows[1:]}
            assert (len(expected), "DONE", "May") == (told.record_count, told.export_state, told.export_name)


async def test_an_export_of_nothing_that_is_there_is_refused(hub: HubSpot) -> None:
    """
    And an id that nobody gave out is not found.
    """
    with pytest.raises(errors.Invalid, match="colour"):
        await hub.exports.start("contacts", ["colour"], name="May")
    with pytest.raises(errors.Invalid, match="no list 99"):
        await hub.exports.start("contacts", ["email"], name="May", list_id="99")
    with pytest.raises(errors.NotFound):
        await hub.exports.status("99")
