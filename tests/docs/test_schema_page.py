"""
The pages about tables, events, Python and HTTP say what there is.
"""

from __future__ import annotations

import asyncio

from masterops.cli.printing import NOTE
from masterops.cli.references import schema_page
from masterops.cli.references.events import Event, events, events_in, merged
from masterops.cli.references.python_api import python_page
from masterops.cli.references.web_api import web_page
from tests.docs.pages import ROOT


def test_the_page_of_the_database_is_fresh(database: str) -> None:
    """
    `make docs` prints it; the quick check of the other pages has no database.
    """
    page = (ROOT / "docs" / "schema.md").read_text("utf-8")

    assert NOTE + asyncio.run(schema_page(database)) == page


def test_an_event_is_found_however_it_is_written() -> None:
    """
    With a level of its own, one that is chosen, a name with a part that differs, and facts that depend.
    """
    source = """
log.warn("one.thing", connection=id)
self._log.error(f"{self._what}.rejected", rejected=3, **facts)
level("health.flipped", reason=why)
with log.perf("cycle", service="masterops"): pass
log.info(message)
elsewhere("not.an.event")
"""

    assert [
        Event("one.thing", "a.py", "warn", ("connection",)),
        Event("{what}.rejected", "a.py", "error", ("rejected", "...")),
        Event("health.flipped", "a.py", "info or warn", ("reason",)),
        Event("cycle", "a.py", "info or error", ("service",)),
    ] == sorted(events_in(source, "a.py"), key=lambda event: source.index(event.name.split(".")[-1]))


def test_what_is_written_in_two_ways_is_one_row() -> None:
    """
    Levels and facts of both.
    """
    found = [Event("a.b", "m.py", "warn", ("two", "...")), Event("a.b", "m.py", "info", ("one",))]

    assert [Event("a.b", "m.py", "info or warn", ("one", "two", "..."))] == merged(found)


def test_known_events_are_among_those_found() -> None:
    """
    The search goes through the whole program.
    """
    names = {event.name for event in events()}

    assert {
        "cycle",
        "health.flipped",
        "logs.lost",
        "web.request",
        "engine.crashed",
        "changes.read",
    } - names == set()


def test_the_page_of_python_has_the_verbs_of_every_connector() -> None:
    """
    A connector's own, and those of its resources.
    """
    page = python_page()

    for word in (
        "## HubSpot",
        "## Supabase",
        "## Unleashed",
        "## N8n",
        "`async get(",
        "masterops.open_sync",
        "carry",
    ):
        assert word in page
    assert " object at 0x" not in page


def test_the_page_of_http_has_every_route() -> None:
    """
    As Litestar describes them.
    """
    page = web_page()

    assert {"## GET /healthz", "## GET /readyz", "## GET /status.json"} <= set(page.splitlines())
