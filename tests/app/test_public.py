"""
The public Python API, in both its forms.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import masterops
from masterops import errors
from masterops.logs import default_pipeline, set_default_pipeline


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A home and a database of its own; nothing else configured, so the services are the twins.
    """
    for name in list(os.environ):
        if name.startswith(("MASTEROPS_", "HUBSPOT_", "N8N_", "SUPABASE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MASTEROPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.chdir(tmp_path)
    set_default_pipeline(None)


async def test_async_scripts_reach_records_health_tables_and_logs() -> None:
    """
    The four things that a script wants, in one block.
    """
    async with masterops.open() as ops:
        hub = ops.connect("hubspot", business="teelixir")
        made = await hub.contacts.create({"email": "api@example.com"})
        read = await hub.contacts.get(made.id)
        checked = await ops.check_health()
        ops.log.info("script.ran", contact=made.id)
    async with masterops.open() as ops:
        logged = await ops.query("integration_logs", "message=script.ran", columns=["details_json"])

    assert "api@example.com" == read.properties.email
    assert {"up"} == {each.verdict.state for each in checked}
    assert [{"details_json": {"contact": made.id}}] == logged.rows


def test_sync_scripts_do_the_same_without_an_event_loop() -> None:
    """
    One implementation: what is awaited there returns here, what is iterated there is iterated here.
    """
    with masterops.open_sync() as ops:
        hub = ops.connect("hubspot", business="Red Hill Fresh")
        made = hub.contacts.create({"email": "sync@example.com"})
        few = [contact.id for contact in hub.contacts.list(limit=150)]
        batch = hub.contacts.batch_read(few[:3])
        products = [product.id for product in hub.objects("products").list(limit=2)]
        owners = [owner.id for owner in hub.owners.list()]
        with pytest.raises(errors.NotFound):
            hub.contacts.get("999999999")
        checked = ops.check_health()
        ops.log.info("sync.ran")
    with masterops.open_sync() as ops:
        logged = ops.query("integration_logs", "message=sync.ran")

    assert made.id
    assert (2, 3) == (len(products), len(owners))
    assert (150, 3, 4, 1) == (len(few), len(batch.rows), len(checked), len(logged.rows))


def test_leaving_a_sync_iteration_early_is_fine() -> None:
    """
    A script that has seen enough breaks out; the next call works.
    """
    with masterops.open_sync() as ops:
        hub = ops.connect("hubspot", business="teelixir")
        ids = []
        for contact in hub.contacts.list():
            ids.append(contact.id)
            break

        assert ids == [hub.contacts.get(ids[0]).id]


def test_threads_may_open_at_the_same_time() -> None:
    """
    Each has its own loop and its own connections.
    """

    def work(number: int) -> bool:
        with masterops.open_sync() as ops:
            ops.log.info("thread", number=number)
            return bool(ops.connect("hubspot", business="teelixir"))

    with ThreadPoolExecutor(6) as threads:
        assert [True] * 18 == list(threads.map(work, range(18)))


async def test_the_sync_form_works_beside_a_running_loop() -> None:
    """
    A notebook has one of its own. What is used after the end says so.
    """
    with masterops.open_sync() as ops:
        hub = ops.connect("hubspot", business="teelixir")
        rows = hub.contacts.list(limit=2)
        assert hub.account().portal_id

    with pytest.raises(errors.UsageError, match="closed"):
        list(rows)
    with pytest.raises(errors.UsageError, match="closed"):
        hub.account()


def test_an_error_on_opening_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A wrong set-up raises the same clear error from a script as from a command.
    """
    monkeypatch.setenv("DATABASE_URL", "postgresql://ops@127.0.0.1:1/ops")

    with pytest.raises(errors.DatabaseUnreachable), masterops.open_sync():
        pass


async def test_a_name_that_is_not_there_is_said_at_once() -> None:
    """
    Business and service, with the nearest right spelling.
    """
    async with masterops.open() as ops:
        with pytest.raises(errors.UnknownName, match="telixir") as business:
            ops.connect("hubspot", business="telixir")
        with pytest.raises(errors.UnknownName) as service:
            ops.connect("hubspt", business="teelixir")

    assert "teelixir" in business.value.advice
    assert "hubspot" in service.value.advice


async def test_a_connection_without_credentials_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is loaded and listed; using it names the variable.
    """
    monkeypatch.setenv("RED_HILL_FRESH_HUBSPOT_ACCESS_TOKEN", "x")
    (tmp_path / "masterops.toml").write_text(
        '[connections."hubspot/teelixir"]\naccess_token = "env:MISSING_TOKEN"\n'
    )

    async with masterops.open() as ops:
        with pytest.raises(errors.ConfigReference, match="MISSING_TOKEN"):
            ops.connect("hubspot", business="teelixir")


async def test_a_logger_needs_nothing_to_be_open() -> None:
    """
    Records of a script that opens nothing are shipped by the next process that does.
    """
    log = masterops.get_logger(source="integration", business="teelixir")
    with log.perf("job"), masterops.bind(trace_id="t1"):
        log.info("working")
    pipeline = default_pipeline()
    assert pipeline is not None
    pipeline.close()
    set_default_pipeline(None)

    async with masterops.open():
        pass
    async with masterops.open() as ops:
        found = await ops.query(
            "integration_logs", "source=integration", columns=["message", "trace_id"], order="created_at"
        )

    assert [{"message": "working", "trace_id": "t1"}, {"message": "job", "trace_id": None}] == found.rows


async def test_a_configured_secret_is_struck_out_whatever_its_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    In a message, a value, an exception: the process knows what it was given.
    """
    secret = "just some words"  # no pattern would know it
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", secret)
    async with masterops.open() as ops:
        ops.log.info(f"they said: {secret} is bad", echoed=[secret])
        try:
            raise ValueError(secret)
        except ValueError:
            ops.log.exception("failed")
        spool = b"".join(path.read_bytes() for path in (tmp_path / "home" / "spool").glob("*.jsonl"))
    async with masterops.open() as ops:
        found = await ops.query("integration_logs")

    assert b"they said: ***" in spool
    assert secret.encode() not in spool
    assert secret not in str(found.rows)


async def test_the_librarys_own_logging_stays_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """
    Importing and using it prints nothing through the standard library's logging.
    """
    with caplog.at_level(logging.WARNING):
        async with masterops.open() as ops:
            await ops.check_health()

    assert [] == [record for record in caplog.records if record.levelno >= logging.WARNING]
