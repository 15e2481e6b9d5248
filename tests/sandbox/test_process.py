"""
The sandbox as a process of its own, used by HubSpot's official client.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hubspot
import pytest
from hubspot.crm import contacts as crm
from hubspot.crm.contacts import exceptions

from masterops import errors
from masterops.sandbox import serve, token_for

COMMAND = [sys.executable, "-m", "masterops.sandbox", "--business", "teelixir"]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A sandbox in a process of its own, with HubSpot's own limits."""
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        assert process.pid == ready["pid"]
        yield ready["url"]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def official(url: str) -> Any:
    """The official client, sent to the sandbox instead of HubSpot."""

    def factory(package: Any, name: str, config: dict[str, Any]) -> Any:
        configuration = package.Configuration(host=url)
        configuration.access_token = config["access_token"]
        return getattr(package, name)(api_client=package.ApiClient(configuration=configuration))

    return hubspot.Client.create(access_token=token_for("hubspot", "teelixir"), api_factory=factory)


def test_the_official_client_pages_to_the_end(url: str) -> None:
    """
    As many contacts as the search counts.
    """
    client = official(url)
    rows = client.crm.contacts.get_all()
    found = client.crm.contacts.search_api.do_search(crm.PublicObjectSearchRequest(limit=1))

    assert 250 <= found.total <= 450
    assert found.total == len({row.id for row in rows})
    assert rows[0].created_at.tzinfo is not None


def test_the_official_client_writes_and_reads(url: str) -> None:
    """
    Create, read by e-mail, update, archive; a second contact of that address is a conflict.
    """
    api = official(url).crm.contacts.basic_api
    made = api.create(crm.SimplePublicObjectInputForCreate(properties={"email": "sdk@example.com"}))
    with pytest.raises(exceptions.ApiException) as conflict:
        api.create(crm.SimplePublicObjectInputForCreate(properties={"email": "SDK@example.com"}))
    api.update(made.id, crm.SimplePublicObjectInput(properties={"firstname": "Sdk"}))
    read = api.get_by_id("sdk@example.com", id_property="email", properties=["firstname"])
    api.archive(made.id)
    with pytest.raises(exceptions.NotFoundException):
        api.get_by_id(made.id)

    assert 409 == conflict.value.status
    assert (made.id, "Sdk") == (read.id, read.properties["firstname"])


def test_the_official_client_does_batches(url: str) -> None:
    """
    Create, read, update, upsert, archive.
    """
    api = official(url).crm.contacts.batch_api
    emails = [f"batch-{i}@example.com" for i in range(5)]
    made = api.create(
        crm.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[{"properties": {"email": email}, "associations": []} for email in emails]
        )
    )
    ids = [{"id": row.id} for row in made.results]
    read = api.read(crm.BatchReadInputSimplePublicObjectId(properties=["email"], inputs=ids))
    changed = api.update(
        crm.BatchInputSimplePublicObjectBatchInput(
            inputs=[{"id": row.id, "properties": {"city": "Perth"}} for row in made.results]
        )
    )
    upserted = api.upsert(
        crm.BatchInputSimplePublicObjectBatchInputUpsert(
            inputs=[
                {"id": email, "idProperty": "email", "properties": {"city": "Hobart"}} for email in emails
            ]
        )
    )
    api.archive(crm.BatchInputSimplePublicObjectId(inputs=ids))
    gone = api.read(crm.BatchReadInputSimplePublicObjectId(properties=[], inputs=ids))

    assert emails == [row.properties["email"] for row in read.results]
    assert {"Perth"} == {row.properties["city"] for row in changed.results}
    assert [False] * 5 == [row.new for row in upserted.results]
    assert 1 == gone.num_errors


def test_the_official_client_searches_and_reads_properties_and_owners(url: str) -> None:
    """
    The other interfaces that a user of it may know.
    """
    client = official(url)
    leads = crm.PublicObjectSearchRequest(
        filter_groups=[
            {"filters": [{"propertyName": "lifecyclestage", "operator": "EQ", "value": "customer"}]}
        ],
        properties=["lifecyclestage"],
        limit=50,
    )
    found = client.crm.contacts.search_api.do_search(leads)
    names = [each.name for each in client.crm.properties.core_api.get_all("contacts").results]
    owners = client.crm.owners.owners_api.get_page().results

    assert {"customer"} == {row.properties["lifecyclestage"] for row in found.results}
    assert "lifecyclestage" in names
    assert 3 == len(owners)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_even_while_a_request_hangs(number: int, tmp_path: Path) -> None:
    """
    Exit code 0 and nothing on standard error.
    """
    (tmp_path / "faults.json").write_text(
        '{"hubspot/teelixir": {"fault": {"hang": true}, "set_at": "2026-11-02T00:00:00Z"}}'
    )
    process = subprocess.Popen(
        [*COMMAND, "--state-dir", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    port = int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as hanging:
        token = token_for("hubspot", "teelixir")
        hanging.sendall(
            f"GET /crm/v3/owners HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        hanging.settimeout(0.1)
        with pytest.raises(TimeoutError):
            hanging.recv(1)
        os.kill(process.pid, number)
        _, said = process.communicate(timeout=10)

    assert (0, "") == (process.returncode, said)


@pytest.mark.parametrize(
    ("extra", "code", "part"),
    [
        pytest.param(["--business", "Red Hill"], 2, "red-hill-fresh", id="no slug"),
        pytest.param(["--port", "99999"], 2, "65535", id="no port"),
        pytest.param(["--host", "256.0.0.1"], 1, "256.0.0.1", id="no host"),
    ],
)
def test_wrong_arguments_get_one_clear_error(extra: list[str], code: int, part: str) -> None:
    """
    What, how to mend it and the code; no traceback.
    """
    done = subprocess.run([*COMMAND, *extra], capture_output=True, text=True, timeout=20)

    assert code == done.returncode
    assert part in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_taken_port_is_named() -> None:
    """
    PortTaken, with the port.
    """
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(errors.PortTaken) as caught:
            await serve(port=port, businesses=["teelixir"], state_dir=None)

    assert f"Port {port} on 127.0.0.1" in caught.value.message


async def test_a_broken_state_file_stops_the_start(tmp_path: Path) -> None:
    """
    Nobody should wonder why a fault does not hold.
    """
    (tmp_path / "faults.json").write_text("{")

    with pytest.raises(errors.SandboxState):
        await serve(businesses=["teelixir"], state_dir=tmp_path)


async def test_without_a_business_there_is_nothing_to_serve() -> None:
    """
    BadValue.
    """
    with pytest.raises(errors.BadValue):
        await serve(businesses=[], state_dir=None)


def test_a_token_names_service_and_business_and_is_none_of_hubspots() -> None:
    """
    An unknown service has no tokens.
    """
    assert "sandbox-hubspot-red-hill-fresh" == token_for("hubspot", "red-hill-fresh")
    with pytest.raises(errors.UnknownName):
        token_for("hubspt", "teelixir")
