"""
The outbox: at least once, never by two at a time, in order, and given up only when there is no hope.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from masterops.core.together import together
from tests.alerts.platform import Platform
from tests.channels.receivers import Hooks, Mails, Reply, wait_for

HOOK = """
[alerts]
group_wait_seconds = 0
[[channels]]
name = "hook"
kind = "webhook"
url = "env:HOOK_URL"
"""
# What a worker does, in a process that can be killed.
WORKER = """
import asyncio, sys
from pathlib import Path
from masterops.alerts import deliver
from masterops.channels import open_channels
from masterops.config import load
from masterops.db import Pool
from masterops.logs import Pipeline
from masterops.transport import Transport

async def work(database, folder):
    settings = load(cwd=Path(folder), home=Path(folder))
    pipeline = Pipeline(Path(folder) / "spool")
    log = pipeline.logger(source="alerts")
    async with Pool(database) as pool, Transport(log=log, measure=pipeline.measure) as transport:
        await deliver(pool, open_channels(settings.channels, transport, log), log)

asyncio.run(work(*sys.argv[1:]))
"""


async def one_alert(platform: Platform, at: float = 0) -> None:
    """HubSpot of a business goes down."""
    await platform.check(at, "hubspot/teelixir", "down", "gone")
    await platform.look(at)


async def retry_now(platform: Platform) -> None:
    """As if the wait were over."""
    await platform.run("UPDATE ops.alert_notices SET next_try_at = now()")


async def test_a_worker_that_is_killed_between_sending_and_noting_it_costs_one_repeat(
    platform: Platform, hooks: Hooks, database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """
    kill -9 while the receiver has the notice and the table does not know: another worker sends it again, with
    the same id, and then nobody does.
    """
    platform.configure(HOOK, HOOK_URL=hooks.url)
    await one_alert(platform)
    folder = tmp_path_factory.mktemp("worker")
    (folder / "masterops.toml").write_text(HOOK)
    hooks.gate.clear()
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, database, str(folder), env={**os.environ, "HOOK_URL": hooks.url}
    )
    await asyncio.to_thread(wait_for, lambda: len(hooks.hits) == 1)
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    hooks.gate.set()
    # The server notices that the worker is gone when it ends the session, and frees the row.
    for _ in range(600):
        if (await platform.deliver()).sent:
            break
        await asyncio.sleep(0.1)
    after = await platform.deliver()

    assert 2 == len(hooks.hits)
    assert 1 == len({hit.headers["idempotency-key"] for hit in hooks.hits})
    assert hooks.hits[0].body == hooks.hits[1].body
    assert [("firing", "hook", "sent")] == await platform.notices()
    assert 0 == after.sent


async def test_two_workers_never_send_the_same(platform: Platform, hooks: Hooks) -> None:
    """
    Twenty notices, six workers at once: each arrives once.
    """
    platform.configure(HOOK, HOOK_URL=hooks.url)
    for number in range(20):
        await platform.check(0, f"hubspot/b{number}", "down", "gone")
        await platform.run("UPDATE ops.health_state SET error_category = integration_id")
    await platform.look(0)
    await together([platform.deliver() for _ in range(3)])

    keys = [hit.headers["idempotency-key"] for hit in hooks.hits]
    assert 20 == len(keys) == len(set(keys))


async def test_what_may_pass_is_tried_again_when_it_was_asked_to(platform: Platform, hooks: Hooks) -> None:
    """
    After a 429 not before its Retry-After, with the reason in the row; then it arrives.
    """
    platform.configure(HOOK, HOOK_URL=hooks.url)
    hooks.replies = [Reply(429, b"slow", (("Retry-After", "120"),))]
    await one_alert(platform)
    first = await platform.deliver()
    (row,) = await platform.run(
        "SELECT attempts, error, extract(epoch FROM next_try_at - now())::int AS seconds FROM ops.alert_notices"
    )
    early = await platform.deliver()
    await retry_now(platform)
    late = await platform.deliver_elsewhere()

    assert (0, 1) == (first.sent, first.put_off)
    assert 1 == row["attempts"]
    assert row["error"].startswith("REM003 channel/hook asked us to slow down")
    assert 100 <= row["seconds"] <= 140
    assert (0, 0) == (early.sent, early.put_off)
    assert 1 == late.sent


async def test_what_is_refused_for_good_is_given_up_and_told_elsewhere(
    platform: Platform, hooks: Hooks, mails: Mails
) -> None:
    """
    The address is gone (410): no second attempt, and the other channel hears of it.
    """
    platform.configure(
        f"{HOOK}"
        '[[channels]]\nname = "mail"\nkind = "email"\nurl = "env:MAIL_URL"\n'
        'from = "ops@example.com"\nto = "a@example.com"\n',
        HOOK_URL=hooks.url,
        MAIL_URL=mails.url,
    )
    hooks.replies = [Reply(410, b"gone")]
    await one_alert(platform)
    await platform.run("UPDATE ops.alert_notices SET created_at = now() - interval '1 minute'")
    delivered = await platform.deliver()
    await platform.look(6 * 3600)
    await platform.run("UPDATE ops.alert_notices SET next_try_at = now() WHERE status = 'waiting'")
    again = await platform.deliver()

    subjects = [mail["Subject"].partition(" since")[0] for mail in mails.mails]
    assert (1, 1) == (delivered.sent, delivered.failed)
    assert ["CRITICAL teelixir: HubSpot is down", "WARNING notices to hook do not arrive"] == subjects
    assert 0 == again.failed


async def test_nobody_hears_of_an_end_before_its_beginning(platform: Platform, hooks: Hooks) -> None:
    """
    The first notice has to wait; the second of the same trouble waits behind it, another one does not.
    """
    platform.configure(HOOK, HOOK_URL=hooks.url)
    hooks.replies = [Reply(503, b"later")]
    await one_alert(platform)
    await platform.deliver()
    await platform.check(60, "hubspot/teelixir", "up")
    await platform.check(60, "xero/teelixir", "down", "gone")
    await platform.look(60)
    await platform.deliver()
    meanwhile = [hit.json["title"].split(" since")[0] for hit in hooks.hits]
    await retry_now(platform)
    await platform.deliver()

    assert ["CRITICAL teelixir: HubSpot is down", "CRITICAL teelixir: Xero is down"] == meanwhile
    assert ["firing", "firing", "firing", "resolved"] == [hit.json["kind"] for hit in hooks.hits]


async def test_a_channel_that_hangs_does_not_hold_up_the_others(platform: Platform, hooks: Hooks) -> None:
    """
    The log has the notice while the webhook still waits for an answer.
    """
    platform.configure(
        HOOK.replace("group_wait", 'channels = ["hook", "log"]\ngroup_wait'), HOOK_URL=hooks.url
    )
    hooks.gate.clear()
    await one_alert(platform)
    delivering = asyncio.create_task(platform.deliver())
    await asyncio.to_thread(wait_for, lambda: bool(platform.notebook.records) and bool(hooks.hits))
    waiting = not delivering.done()
    hooks.gate.set()

    assert 2 == (await delivering).sent
    assert waiting


async def test_a_channel_whose_variable_is_not_set_waits_for_it(platform: Platform, hooks: Hooks) -> None:
    """
    What the settings lack may come; a channel that is gone from them does not.
    """
    platform.configure(HOOK)
    await one_alert(platform)
    lacking = await platform.deliver()
    platform.configure(HOOK, HOOK_URL=hooks.url)
    await retry_now(platform)
    set_now = await platform.deliver()
    await platform.check(60, "hubspot/teelixir", "up")
    await platform.look(60)
    platform.configure("")
    gone = await platform.deliver()

    (row,) = await platform.run("SELECT error FROM ops.alert_notices WHERE status = 'failed'")
    assert (1, 1, 1) == (lacking.put_off, set_now.sent, gone.failed)
    assert row["error"].startswith("ALR001 There is no channel named 'hook' any more")


async def test_what_a_receiver_repeats_of_the_address_is_not_kept(platform: Platform, hooks: Hooks) -> None:
    """
    Neither in the outbox nor in the log.
    """
    token = "Zq8vN3xLm5T2wRk7Yc4B"
    platform.configure(HOOK, HOOK_URL=f"{hooks.url}/{token}")
    hooks.replies = [Reply(500, f"no route for /{token}".encode())]
    await one_alert(platform)
    await platform.deliver()

    (row,) = await platform.run("SELECT error FROM ops.alert_notices")
    assert "no route for" in row["error"]
    assert token not in row["error"]
    assert token not in repr(platform.notebook.records)
