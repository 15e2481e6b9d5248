"""
An account is recorded, and answered again from the files.
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest

from masterops import errors
from masterops.cassettes import Cassette, Exchange, Scrubber, read, record, write
from masterops.core.backoff import RetryPolicy
from masterops.testing.commands import Commands
from masterops.testing.replay import Replays
from masterops.testing.twins import Twins
from masterops.transport import Transport


@pytest.mark.parametrize("service", ["hubspot", "unleashed", "n8n", "supabase"])
async def test_what_was_recorded_is_answered_again(
    service: str, masterops_database: str, masterops_twin: Twins, masterops_replay: Replays, tmp_path: Path
) -> None:
    """
    Every capability that reads says of the recording what it said of the account, and asks for nothing else.
    """
    scrubber, told = Scrubber(b"of a test"), {}
    async with masterops_twin(service).connected() as connector:
        names = [each.name for each in connector.capabilities() if not each.writes]
    for name in names:  # each by a connector that knows nothing yet, as `ops record` does it
        async with masterops_twin(service).connected() as connector:
            (each,) = [each for each in connector.capabilities() if each.name == name]
            cassette, told[name] = await record(service, name, each.run, scrubber)
            write(tmp_path, cassette)

    again = {}
    for name in told:
        account = masterops_replay(tmp_path / f"{name}.json")
        async with account.connected() as connector:
            again[name] = await next(each for each in connector.capabilities() if each.name == name).run()
        assert [] == account.tape.missed == account.tape.left

    assert _counts(told) == _counts(again)


def _counts(told: dict[str, str]) -> dict[str, str]:
    """What was said, without long numbers, texts between commas and what is known by name."""
    return {
        name: " ".join(re.findall(r"\b\d{1,4}\b", said))
        for name, said in told.items()
        if name not in ("account", "usage")
    }


def test_a_command_records_and_names_its_files(masterops_cli: Commands) -> None:
    """
    Nothing with --dry-run; no credential and no address of the twin's people in any file.
    """
    planned = masterops_cli("record", "hubspot/teelixir", "--dry-run", "-o", "json")
    folder = masterops_cli.folder / "cassettes"
    before = folder.exists()
    done = masterops_cli(
        "record", "hubspot/teelixir", "-c", "contacts.list", "-c", "owners.get", "-o", "json"
    )
    files = sorted(folder.rglob("*"))
    written = "".join(file.read_text() for file in files if file.is_file())

    assert 0 == planned.code and {"skipped"} == {row["state"] for row in planned.json}
    assert not before
    assert 0 == done.code, done.err
    assert ["contacts.list.json", "owners.get.json"] == [file.name for file in files if file.is_file()]
    assert [3, 3] == [row["calls"] for row in done.json][:1] * 2
    assert "sandbox-hubspot-teelixir" not in written and "authorization" not in written.lower()
    assert {"example.com", "example.org"} >= set(re.findall(r'"email": "[^"@]+@([^"]+)"', written))


def test_a_mistake_is_one_clear_error_and_writes_nothing(masterops_cli: Commands) -> None:
    """
    A capability that is none, one that writes, a business that is none, a file where a folder should be.
    """
    masterops_cli.folder.joinpath("taken").write_text("")
    for words, said in (
        (("hubspot/teelixir", "-c", "contacts.lits"), "USE002"),
        (("hubspot/teelixir", "-c", "contacts.write"), "contacts.write writes"),
        (("hubspot/nobody",), "USE002"),
        (("hubspott/teelixir",), "USE002"),
        (("hubspot/teelixir", "-c", "owners", "--to", "taken/folder"), "OUT002"),
    ):
        result = masterops_cli("record", *words)
        assert result.code in (1, 2) and said in result.err, result.err

    assert not (masterops_cli.folder / "cassettes").exists()


async def test_a_capability_that_fails_leaves_no_file(masterops_twin: Twins, tmp_path: Path) -> None:
    """
    Half a recording would be taken for a whole one.
    """
    twin = masterops_twin("hubspot")
    twin.fault(expired=True)
    async with twin.connected() as hub:
        (owners,) = [each for each in hub.capabilities() if each.name == "owners"]
        with pytest.raises(errors.Unauthenticated):
            await record("hubspot", "owners", owners.run, Scrubber(b""))

    assert [] == list(tmp_path.iterdir())


async def test_a_credential_in_an_answer_is_no_recording(masterops_twin: Twins) -> None:
    """
    Nor is anything else that is named as one.
    """
    async with masterops_twin("hubspot").connected() as hub:
        (contacts,) = [each for each in hub.capabilities() if each.name == "contacts.list"]
        with pytest.raises(errors.CassetteUnusable, match="credential"):
            await record("hubspot", "contacts.list", contacts.run, Scrubber(b""), secrets=["results"])


def test_a_file_that_is_no_cassette_is_said(tmp_path: Path) -> None:
    """
    With its name, and why.
    """
    (tmp_path / "bad.json").write_text('{"service": 3}')
    with pytest.raises(errors.CassetteUnusable, match=r"bad\.json"):
        read(tmp_path / "bad.json")
    with pytest.raises(errors.CassetteUnusable, match="No such file"):
        read(tmp_path / "none.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_ours_is_said(tmp_path: Path) -> None:
    """
    And nothing is left in it.
    """
    tmp_path.chmod(0o500)
    with pytest.raises(errors.CassetteUnusable):
        write(tmp_path, Cassette("hubspot", "owners", date(2026, 1, 1), []))


async def test_a_request_that_was_not_recorded_is_not_found_and_told(
    masterops_replay: Replays, tmp_path: Path
) -> None:
    """
    In the service's place, with what was asked.
    """
    one = Exchange("GET", "/crm/owners/2026-03", "/crm/owners/2026-03", 200, body={"results": []})
    account = masterops_replay(write(tmp_path, Cassette("hubspot", "owners", date(2026, 1, 1), [one])))
    async with account.connected() as hub:
        with pytest.raises(
            errors.NotFound, match="nothing was recorded for GET /crm/objects/2026-03/contacts/1"
        ):
            await hub.contacts.get("1")

    assert ["GET /crm/owners/2026-03"] == account.tape.left
    assert 1 == len(account.tape.missed)


async def test_a_service_that_sends_no_json_is_replayed_as_text(
    masterops_replay: Replays, tmp_path: Path
) -> None:
    """
    With its status; what failed once may fail again.
    """
    one = Exchange("GET", "/crm/owners/2026-03", "/crm/owners/2026-03", 503, text="<html>")
    account = masterops_replay(write(tmp_path, Cassette("hubspot", "owners", date(2026, 1, 1), [one])))
    async with Transport(
        log=_silent(account), measure=account.metrics.append, policy=RetryPolicy(attempts=1)
    ) as t:
        from masterops.connectors.hubspot import HubSpot

        with pytest.raises(errors.ServerFailed):
            await anext(HubSpot(account.connection, t).owners.list())


def _silent(account: object) -> object:
    from masterops.logs import Logger

    return Logger(account)
