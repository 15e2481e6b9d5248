"""
Supabase's twin: in demo mode as a home asks for it, and what PostgREST's language says beyond our connector.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from masterops.app import open_app
from masterops.config import load
from masterops.connectors.supabase import Supabase
from masterops.db import Embedded, _places
from masterops.health import check_connections
from masterops.logs import set_default_pipeline
from masterops.sandbox import token_for
from masterops.sandbox.supabase import keys
from tests.connectors.project import BUSINESS, Project, running_project

NOT_ALLOWED = {
    "code": "PGRST123",
    "message": "Use of aggregate functions is not allowed",
    "details": None,
    "hint": None,
}


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with `sandbox.supabase = true`, whose embedded server is gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="mo-", dir="/tmp"))
    made.chmod(0o755)
    (made / "masterops.toml").write_text("[sandbox]\nsupabase = true\nport = 0\n")
    set_default_pipeline(None)
    yield made
    Embedded(made).stop(force=True)
    shutil.rmtree(_places.SHARED / _places.digest(made), ignore_errors=True)
    shutil.rmtree(made, ignore_errors=True)


async def test_a_home_may_ask_for_it_in_demo_mode(home: Path) -> None:
    """
    Its tables lie beside the embedded database; the secret key reads what the publishable one must not see.
    """
    settings = load(config=home / "masterops.toml", environ={"MASTEROPS_HOME": str(home)}, cwd=home)
    async with open_app(settings, migrating=True) as app:
        patients = [each for each in await app.patients() if each.connection.service == "supabase"]
        checked = await check_connections(patients[:1], app.pool, app.log)
        connection = patients[0].connection
        supabase = app.connector(connection)
        assert isinstance(supabase, Supabase)
        read = await supabase.table("customers").select("name").page(3)
        stranger = await _as_a_stranger(str(connection.values["url"]), connection.business)

    assert {each.slug for each in settings.businesses} == {each.connection.business for each in patients}
    assert ["up"] == [each.verdict.state for each in checked]
    assert 3 == len(read.rows)
    assert 200 == stranger["items"][0] and stranger["items"][1]
    assert (401, "42501") == (stranger["customers"][0], stranger["customers"][1]["code"])


async def _as_a_stranger(url: str, business: str) -> dict[str, tuple[int, Any]]:
    """What anybody gets who has the publishable key."""
    headers = {"apikey": keys.publishable_key(business)}
    found = {}
    async with aiohttp.ClientSession(headers=headers) as session:
        for table in ("items", "customers"):
            async with session.get(f"{url}/rest/v1/{table}?limit=2") as reply:
                found[table] = reply.status, await reply.json()
    return found


# --- the language ---


@pytest.fixture
async def project(server: str) -> AsyncIterator[Project]:
    async with running_project(server, rows=5) as started:
        yield started


async def ask(project: Project, path: str, arguments: object = None) -> tuple[int, Any]:
    """One request of the row API with the secret key, a POST where there are arguments."""
    headers = {"apikey": token_for("supabase", BUSINESS)}
    async with aiohttp.ClientSession(headers=headers) as session:
        method = "GET" if arguments is None else "POST"
        async with session.request(method, f"{project.url}/supabase/rest/v1/{path}", json=arguments) as reply:
            return reply.status, await reply.json()


@pytest.mark.parametrize(
    "select",
    [
        "count()",
        "total.sum()",
        "status,total.avg()",
        "n:count()",
        "id,orders(total.max())",
        "total.sum()::int",
    ],
)
async def test_aggregates_are_refused_as_a_new_project_refuses_them(project: Project, select: str) -> None:
    """
    They are off until somebody switches them on.
    """
    table = "customers" if "orders(" in select else "orders"

    assert (400, NOT_ALLOWED) == await ask(project, f"{table}?select={select}")


async def test_what_is_no_aggregate_cannot_be_read(project: Project) -> None:
    """
    It is a mistake in the text, and not something that is off.
    """
    status, body = await ask(project, "orders?select=total.median()")

    assert (400, "PGRST100") == (status, body["code"])


async def test_rows_of_a_function_are_selected_and_ordered(project: Project) -> None:
    """
    By POST and by GET, with what is embedded in them, and cut afterwards.
    """
    every = await ask(project, "rpc/orders_of", {"customer": 1})
    wanted = "select=number:id,customer:customers(id)&order=id.desc&limit=2"
    posted = await ask(project, f"rpc/orders_of?{wanted}", {"customer": 1})
    got = await ask(project, f"rpc/orders_of?customer=1&{wanted}")
    ids = sorted((row["id"] for row in every[1]), reverse=True)[:2]

    assert ids
    assert (200, [{"number": id, "customer": {"id": 1}} for id in ids]) == posted
    assert posted == got


async def test_a_column_that_a_functions_rows_lack_is_refused(project: Project) -> None:
    """
    By PostgreSQL, as for a table.
    """
    status, body = await ask(project, "rpc/orders_of?select=nothing", {"customer": 1})

    assert (400, "42703") == (status, body["code"])
