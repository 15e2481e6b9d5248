"""
What a project of Supabase has beside its tables: functions, keys, users, files, and what Supabase says of it.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from masterops import errors
from masterops.config import Secret
from masterops.connectors.supabase import Supabase, column
from masterops.core import clock
from masterops.sandbox.supabase import keys
from masterops.transport import Transport
from tests.connectors.project import BUSINESS, Project

id = column("id")


# --- functions ---


async def test_functions_give_what_they_return(supabase: Supabase) -> None:
    """
    A value, rows, values, nothing; by POST and by GET.
    """
    assert 3 == await supabase.rpc("add", {"a": 2})
    assert 7 == await supabase.rpc("add", {"a": 2, "b": 5}, read=True)
    assert [1, 2, 3] == await supabase.rpc("numbers", {"count": 3})
    assert {1} == {row["customer_id"] for row in await supabase.rpc("orders_of", {"customer": 1})}
    assert await supabase.rpc("cancel", {"number": 1}) is None
    assert "cancelled" == (await supabase.table("orders", key="id").get(1))["status"]


async def test_rows_of_a_function_that_were_cut_are_no_whole_answer(supabase: Supabase) -> None:
    """
    PostgREST says nothing of it; the count does.
    """
    with pytest.raises(errors.AnswerTooLarge) as caught:
        await supabase.rpc("numbers", {"count": 1_001})

    assert "1,001 rows" in caught.value.message


FAILING: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("refuse", {"words": "no tea"}, errors.Invalid, "no tea"),
    ("nothing", {}, errors.NotFound, "public.nothing"),
    ("add", {"c": 1}, errors.NotFound, "public.add(c)"),
    ("add", {"a": "x"}, errors.Invalid, "integer"),
    ("fail", {"code": "PT404"}, errors.NotFound, "it failed"),
    ("fail", {"code": "PT402"}, errors.QuotaExhausted, "it failed"),
    ("fail", {"code": "53300"}, errors.ServerFailed, "it failed"),
]


async def test_a_function_that_fails_says_why(supabase: Supabase) -> None:
    """
    By its SQLSTATE, in its own words.
    """
    for function, arguments, error, said in FAILING:
        with pytest.raises(error) as caught:
            await supabase.rpc(function, arguments)

        assert said in str(caught.value)


async def test_a_statement_that_takes_too_long_says_what_to_do(project: Project, supabase: Supabase) -> None:
    """
    57014: it was taken back, so that it is no doubt.
    """
    await project.settings(statement_timeout_ms=20)
    with pytest.raises(errors.ServerFailed) as caught:
        await supabase.rpc("wait", {"seconds": 30})

    assert "statement_timeout" in caught.value.advice


# --- whose key ---


async def test_a_publishable_key_is_one_clear_error_where_the_secret_one_is_needed(
    project: Project, transport: Transport
) -> None:
    """
    Nothing is sent; what anybody may read is read.
    """
    for key in (keys.publishable_key(BUSINESS), keys.jwt(BUSINESS, "anon")):
        shown = project.connector(transport, service_role_key=Secret(key))
        before = len(project.notebook.metrics)
        for doing in (shown.ping(), shown.users.get("1"), shown.tables()):
            with pytest.raises(errors.Forbidden) as caught:
                await doing
            assert "secret key" in caught.value.message

        assert before == len(project.notebook.metrics)
        assert 25 == len([row async for row in shown.table("items", key="id").select().rows()])
        with pytest.raises(errors.Forbidden) as refused:
            await shown.table("orders", key="id").select().page()
        assert (401, "42501") == (refused.value.status, refused.value.facts["sqlstate"])


async def test_every_kind_of_secret_key_opens_everything(project: Project, transport: Transport) -> None:
    """
    The newer ones in a header of their own, the older ones as a token too, until their end.
    """
    newer, older = f"sb_secret_sandbox_{BUSINESS}", keys.jwt(BUSINESS, "service_role")
    ending, ended = (keys.jwt(BUSINESS, "service_role", exp=at) for at in (9_999_999_999, 1))
    with pytest.raises(errors.Unauthenticated):
        await project.connector(transport, service_role_key=Secret(ended)).ping()
    for key in (keys.secret_key(BUSINESS), newer, older, ending):
        opened = project.connector(transport, service_role_key=Secret(key))
        await opened.ping()

        assert 40 == await opened.table("orders").select().count()
        assert 2 == len((await opened.users.page()).rows)


async def test_a_user_sees_what_the_policies_let_through(supabase: Supabase) -> None:
    """
    By the claims of the token; one that has run out is refused.
    """
    notes = supabase.table("notes", key="id")
    ada, grace = [user.id async for user in supabase.users.list()]
    await notes.insert_many([{"owner": ada, "body": "mine"}, {"owner": grace, "body": "hers"}])
    late = keys.jwt(BUSINESS, "authenticated", sub=ada, exp=1)
    as_ada = supabase.acting_as(Secret(keys.jwt(BUSINESS, "authenticated", sub=ada)))
    with pytest.raises(errors.Unauthenticated):
        await supabase.acting_as(Secret(late)).table("notes", key="id").select().page()
    with pytest.raises(errors.Forbidden):
        await as_ada.table("notes", key="id").insert({"owner": grace, "body": "forged"})

    assert ["mine"] == [row["body"] async for row in as_ada.table("notes", key="id").select().rows()]
    assert 2 == await notes.select().count()


async def test_a_wrong_key_is_refused(project: Project, transport: Transport) -> None:
    """
    By the gateway, in its words.
    """
    wrong = project.connector(transport, service_role_key=Secret("sb_secret_" + "wrong0000000"))
    with pytest.raises(errors.Unauthenticated) as caught:
        await wrong.table("orders", key="id").select().page()

    assert "Invalid API key" in caught.value.message


# --- users, files, the project ---


async def test_users_are_made_changed_and_removed(supabase: Supabase) -> None:
    """
    And found page by page.
    """
    users = supabase.users
    made = await users.create({"email": "tea@example.org", "user_metadata": {"likes": "茶"}})
    changed = await users.update(made.id, {"app_metadata": {"plan": "gold"}})
    invited = await users.invite("new@example.org")
    with pytest.raises(errors.Conflict) as taken:
        await users.create({"email": "TEA@example.org"})
    await users.delete(made.id)
    with pytest.raises(errors.NotFound):
        await users.get(made.id)
    await users.delete(invited.id, soft=True)

    assert ("gold", {"likes": "茶"}) == (changed.app_metadata["plan"], changed.user_metadata)
    assert ("email_exists", 422) == (taken.value.facts["error"], taken.value.status)
    assert [invited.id] == [each.id async for each in users.list() if each.deleted_at is not None]


async def test_a_link_that_signs_somebody_in_is_written_down_nowhere(
    project: Project, supabase: Supabase
) -> None:
    """
    Neither shown by accident nor logged.
    """
    link = await supabase.users.link("magiclink", "ada@example.com")
    written = f"{link!r} {project.notebook.records!r} {project.notebook.metrics!r}"

    assert "token=" in link.url.reveal()
    assert link.token_hash.reveal() not in written
    assert link.url.reveal() not in written


async def test_files_are_kept_listed_signed_and_removed(supabase: Supabase, transport: Transport) -> None:
    """
    By paths with any letters, in folders.
    """
    storage, paths = supabase.storage, ["a/tea 1.txt", "a/茶.txt", "top.txt"]
    for path in paths:
        await storage.upload("photos", path, path.encode(), media_type="text/plain")
    with pytest.raises(errors.Conflict):
        await storage.upload("photos", "top.txt", b"", media_type="text/plain")
    await storage.upload("photos", "top.txt", b"new", media_type="text/plain", replace=True)
    with pytest.raises(errors.NotFound) as missing:
        await storage.download("photos", "none.txt")
    with pytest.raises(errors.AnswerTooLarge):
        await storage.download("photos", "a/茶.txt", most_bytes=3)
    signed = await storage.sign("photos", "a/tea 1.txt", seconds=60)

    assert b"new" == await storage.download("photos", "top.txt")
    assert "a/茶.txt".encode() == await storage.download("photos", "a/茶.txt")
    assert ["a", "top.txt"] == [each.name async for each in storage.list("photos")]
    assert ["tea 1.txt", "茶.txt"] == [each.name async for each in storage.list("photos", "a")]
    assert (400, "***") == (missing.value.status, str(signed))
    assert 2 == len(await storage.delete("photos", ["top.txt", "a/茶.txt", "none.txt"]))


async def test_a_signed_address_opens_its_file_alone(supabase: Supabase) -> None:
    """
    To whoever has it.
    """
    await supabase.storage.upload("photos", "a/b.txt", b"tea", media_type="text/plain")
    address = (await supabase.storage.sign("photos", "a/b.txt", seconds=60)).reveal()
    async with aiohttp.ClientSession() as session:
        async with session.get(address) as reply:
            good = reply.status, await reply.read()
        async with session.get(f"{address}0") as reply:
            bad = reply.status

    assert ((200, b"tea"), 400) == (good, bad)


async def test_a_pulse_tells_what_supabase_says_of_the_project(
    project: Project, transport: Transport
) -> None:
    """
    With a personal access token; one that is refused is a fact, and the project is well all the same.
    """
    await project.settings(unhealthy=["storage"])
    told = project.connector(transport, access_token=Secret(keys.access_token(BUSINESS)))
    refused = project.connector(transport, access_token=Secret("sbp_" + "0" * 20))
    plain = await project.connector(transport).ping()
    facts, other = (await told.ping()).facts, (await refused.ping()).facts

    assert {} == plain.facts
    assert ("UNHEALTHY", "ACTIVE_HEALTHY") == (facts["services"]["storage"], facts["services"]["db"])  # type: ignore[index]
    assert {"info": 1, "warn": 1} == facts["security_advisor"]
    assert "does not accept the credentials" in str(other["services"])


async def test_every_capability_holds_against_the_twin(project: Project, transport: Transport) -> None:
    """
    With and without a personal access token.
    """
    for more in ({"access_token": Secret(keys.access_token(BUSINESS))}, {}):
        connector = project.connector(transport, **more)
        told = {each.name: await each.run() for each in connector.capabilities()}

        assert all(told.values())
        assert ("not set up" in told["project.health"]) is not bool(more)


async def test_what_changed_is_told_by_the_column_that_is_set_up(
    project: Project, transport: Transport
) -> None:
    """
    Each row once, however often it changed.
    """
    supabase = project.connector(transport, changes="orders=updated_at, customers=updated_at")
    orders = supabase.table("orders", key="id")
    await supabase.ping()
    since = clock.now() + timedelta(milliseconds=1)
    while clock.now() <= since:
        pass
    for total in (1, 2):
        await orders.update({"total": total}, id.in_([3, 5]))
    found = await supabase.changed_since("orders", since)

    assert ("orders", "customers") == supabase.watched
    assert ["3", "5"] == sorted(each.id for each in found)
    assert all(each.at >= since and each.at.tzinfo is UTC for each in found)


async def test_no_secret_is_written_down(project: Project, transport: Transport) -> None:
    """
    Whatever fails: keys, personal access token, passwords of users.
    """
    secrets = [keys.secret_key(BUSINESS), "sbp_" + "1" * 20, "pass" + "word-of-a-user"]
    supabase = project.connector(transport, access_token=Secret(secrets[1]))
    raised = []
    failing: list[Callable[[], Awaitable[object]]] = [
        lambda: supabase.users.create({"email": "no", "password": secrets[2]}),
        lambda: supabase.table("orders", key="id").insert({"status": "x"}),
        lambda: _management(supabase).project(),
    ]
    await supabase.ping()
    for doing in failing:
        with pytest.raises(errors.RemoteError) as caught:
            await doing()
        raised.append(f"{caught.value!r} {caught.value.facts}")
    written = f"{raised} {project.notebook.records!r} {project.notebook.metrics!r} {vars(supabase)!r}"

    assert [] == [secret for secret in secrets if secret in written]


def _management(supabase: Supabase) -> Any:
    return supabase.management


async def test_without_a_project_s_name_the_management_api_cannot_be_asked(
    project: Project, transport: Transport
) -> None:
    """
    A URL of Supabase's own names it; any other does not.
    """
    with pytest.raises(errors.BadValue) as caught:
        project.connector(transport, access_token=Secret("sbp_" + "2" * 20), project_ref=None)

    assert "project_ref" in caught.value.advice


async def test_an_old_key_says_when_it_ends(project: Project) -> None:
    """
    It is a JSON Web Token; a new key says nothing, and lasts until it is revoked.
    """
    claims = base64.urlsafe_b64encode(b'{"role":"service_role","exp":2000000000}').decode().rstrip("=")
    async with project.transport() as transport:
        old = project.connector(transport, service_role_key=Secret(f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln"))
        new = project.connector(transport)

    assert datetime(2033, 5, 18, 3, 33, 20, tzinfo=UTC) == old.key_ends_at
    assert new.key_ends_at is None
