"""
What tests make at an account is known until it is removed, whatever ends them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from masterops import errors
from masterops.config import Connection, Secret
from masterops.connectors.leftovers import MAKERS, Journal, gone, made
from masterops.connectors.registry import CONNECTORS
from masterops.testing.commands import Commands
from masterops.testing.platform import Platform
from masterops.testing.twins import Twin, Twins
from masterops.transport import Reply, Request
from masterops.transport.overhearing import overheard

CONTACTS = "/crm/objects/2026-03/contacts"
JOURNAL = Path("home") / "leftovers" / "hubspot-teelixir.jsonl"


def post(path: str, body: Any = None) -> Request:
    return Request("POST", path, "made", body=body)


def said(value: Any, status: int = 201) -> Reply:
    return Reply(status, {}, msgspec.json.encode(value))


MADE: list[tuple[str, str, Any, list[tuple[str, str]]]] = [
    ("hubspot", CONTACTS, {"id": "7"}, [(f"{CONTACTS}/7", "")]),
    ("hubspot", f"{CONTACTS}/batch/create", {"results": [{"id": "7"}, {"id": "8"}]}, [(f"{CONTACTS}/7", ""), (f"{CONTACTS}/8", "")]),
    ("hubspot", f"{CONTACTS}/search", {"results": [{"id": "7"}]}, []),
    ("hubspot", f"{CONTACTS}/batch/read", {"results": [{"id": "7"}]}, []),
    ("hubspot", "/crm/properties/2026-03/contacts/groups", {"name": "g"}, [("/crm/properties/2026-03/contacts/groups/g", "")]),
    ("n8n", "/api/v1/workflows", {"id": "w"}, [("/api/v1/workflows/w", "")]),
    ("n8n", "/api/v1/workflows/w/activate", {"id": "w"}, []),
    ("supabase", "/storage/v1/bucket", {"name": "b"}, [("/storage/v1/bucket/b", "/empty")]),
    ("unleashed", "/SalesOrders/0a1b2c3d-0000-4000-8000-000000000000", {}, [("/SalesOrders/0a1b2c3d-0000-4000-8000-000000000000", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("service", "path", "answer", "places"), MADE, ids=[path for _, path, _, _ in MADE])
def test_what_an_answer_says_was_made(
    service: str, path: str, answer: Any, places: list[tuple[str, str]]
) -> None:
    """
    And not when it was refused.
    """
    assert places == made(service, post(path), said(answer))
    assert [] == made(service, post(path), said(answer, 400))


def test_what_is_gone() -> None:
    """
    Removed, or not there; one by one, or in a batch; not when it failed.
    """
    one = Request("DELETE", f"{CONTACTS}/{{id}}", "gone", parts={"id": "7"})
    many = post(f"{CONTACTS}/batch/archive", {"inputs": [{"id": "7"}, {"id": "8"}]})

    assert [f"{CONTACTS}/7"] == gone(one, Reply(204, {}, b"")) == gone(one, said({}, 404))
    assert [] == gone(one, said({}, 503)) == gone(many, said({}, 503)) == gone(post(CONTACTS), said({}))
    assert [f"{CONTACTS}/7", f"{CONTACTS}/8"] == gone(many, Reply(204, {}, b""))


async def test_a_journal_outlives_its_process_and_knows_its_account(
    masterops_twin: Twins, tmp_path: Path
) -> None:
    """
    A line that was cut off is no line, and other credentials are another account.
    """
    twin = masterops_twin("hubspot", "teelixir")
    journal = Journal(tmp_path, twin.connection)
    async with twin.connected() as hub:
        with overheard(journal.heard):
            kept = await hub.contacts.create({"email": "kept@example.com"})
            other = await hub.contacts.create({"email": "gone@example.com"})
            await hub.contacts.archive(other.id)
    (file,) = (tmp_path / "leftovers").iterdir()
    file.write_bytes(file.read_bytes() + b'{"made": {"pa')
    again = Journal(tmp_path, twin.connection)
    values = {**twin.connection.values, "access_token": Secret("of-another-account")}
    stranger = Journal(tmp_path, Connection(twin.id, "hubspot", "teelixir", values))
    (left,) = again.left()

    assert f"{CONTACTS}/{kept.id}" == left.path
    assert again.target(left) is None and journal.target(left) is not None
    stranger.targets = journal.targets
    assert stranger.target(left) is None
    assert "of-another-account" not in file.read_text() and "sandbox-hubspot" not in file.read_text()
    again.forget(left)
    again.close()
    assert not file.exists()


def test_a_list_that_cannot_be_read_is_one_clear_error(masterops_cli: Commands) -> None:
    """
    Rather than a run that would not know what it has to remove.
    """
    file = masterops_cli.folder / JOURNAL
    file.parent.mkdir(parents=True)
    file.write_text("no journal\n")
    result = masterops_cli("test-integration", "hubspot", "--business", "teelixir")

    assert 1 == result.code
    assert "OUT003" in result.err and "hubspot-teelixir.jsonl" in result.err


async def killed(twin: Twin, journal: Journal) -> None:
    """A run that ends when it has made something."""
    async with twin.connected() as hub:
        with overheard(journal.heard):
            await hub.contacts.create({"email": "masterops-test-1@example.com"})


def test_what_a_killed_run_has_left_is_removed_by_the_next(
    masterops_cli: Commands, masterops_platform: Platform, masterops_twin: Twins
) -> None:
    """
    And nothing is left afterwards: no record, no list.
    """
    twin = masterops_twin("hubspot", "teelixir")
    before = twin.state()["records"]
    journal = Journal(masterops_platform.home, twin.connection)

    masterops_platform.run(killed(twin, journal))
    between = twin.state()["records"]
    result = masterops_cli("test-integration", "hubspot", "--business", "teelixir")

    assert before != between
    assert 0 == result.code, result.out
    assert "1 of 1 records of an earlier run were removed." in result.err
    assert before == twin.state()["records"]
    assert not (masterops_cli.folder / JOURNAL).exists()


def test_ctrl_c_leaves_nothing_behind(masterops_platform: Platform, masterops_twin: Twins) -> None:
    """
    In the middle of a capability that has made something.
    """
    twin = masterops_twin("hubspot", "teelixir")
    before = twin.state()["records"]
    file = masterops_platform.folder / JOURNAL
    process = subprocess.Popen(
        [sys.executable, "-m", "masterops", "test-integration", "hubspot", "--business", "teelixir"],
        env={**os.environ, **masterops_platform.environment}, cwd=masterops_platform.folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 120
    while not file.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)

    assert 130 == process.returncode
    assert before == twin.state()["records"]
    assert not file.exists()


def test_two_at_once_are_refused(
    masterops_cli: Commands, masterops_platform: Platform, masterops_twin: Twins
) -> None:
    """
    The second would remove what the first has just made.
    """
    with Journal(masterops_platform.home, masterops_twin("hubspot", "teelixir").connection).alone():
        second = masterops_cli("test-integration", "hubspot", "--business", "teelixir")

    assert 2 == second.code
    assert "another run is trying hubspot/teelixir" in second.err


def test_live_is_refused_where_there_is_no_account(masterops_cli: Commands) -> None:
    """
    A twin must not be taken for one.
    """
    result = masterops_cli("test-integration", "hubspot", "--live")

    assert 2 == result.code
    assert "demo mode" in result.err and "Traceback" not in result.err


def test_an_account_is_only_read_unless_told_otherwise(
    masterops_platform: Platform, masterops_cli: Commands, masterops_twin: Twins
) -> None:
    """
    One that is configured: nothing is made there, and what an earlier run left is said and stays.
    """
    twin = masterops_twin("hubspot", "teelixir")
    values = twin.connection.values
    masterops_platform.configure(
        f'[connections."hubspot/teelixir"]\naccess_token = "env:TEA_TOKEN"\nbase_url = "{values["base_url"]}"\n',
        TEA_TOKEN=twin.connection.secret("access_token").reveal(),
    )
    before = twin.state()["records"]
    masterops_platform.run(killed(twin, Journal(masterops_platform.home, twin.connection)))
    between = twin.state()["records"]
    read = masterops_cli("test-integration", "hubspot", "--business", "teelixir", "--live", "-o", "json")
    after_reading = twin.state()["records"]
    written = masterops_cli(
        "test-integration", "hubspot", "--business", "teelixir", "--live", "--write", "-o", "json"
    )

    assert 0 == read.code, read.err
    assert {"ok", "skipped"} == {row["state"] for row in read.json}
    assert "has left 1 of its records" in read.err and before != between == after_reading
    assert 0 == written.code, written.err
    assert {"ok"} == {row["state"] for row in written.json}
    assert before == twin.state()["records"]


def test_an_error_is_of_the_list_s_kind(tmp_path: Path, masterops_twin: Twins) -> None:
    """
    A folder that cannot be made is said before anything is tried again.
    """
    (tmp_path / "leftovers").write_text("")
    journal = Journal(tmp_path, masterops_twin("hubspot", "teelixir").connection)
    with pytest.raises(errors.LeftoversUnusable):
        journal.left()


@pytest.mark.parametrize("service", sorted(CONNECTORS))
async def test_every_service_s_writes_are_noted_and_removed(
    service: str, masterops_database: str, masterops_twin: Twins, tmp_path: Path
) -> None:
    """
    Whatever its capabilities make is in the list while it is there, and nothing is afterwards.
    """
    twin = masterops_twin(service)
    journal, noted = Journal(tmp_path, twin.connection), Journal(tmp_path / "noted", twin.connection)
    async with twin.connected() as connector:
        writing = [each for each in connector.capabilities() if each.writes]
        for each in writing:
            with overheard(journal.heard):
                await each.run()
        with overheard(
            lambda target, request, reply: request.method == "DELETE" or noted.heard(target, request, reply)
        ):
            for each in writing:
                await each.run()

    assert [] == journal.left()
    assert bool(writing) == bool(noted.left()) == (service in MAKERS)
