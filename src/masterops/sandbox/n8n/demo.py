"""
The n8n of demo mode: workflows of a shop that run by the clock. One fails, one has stopped running, one gives
nothing any more, and one waits to be called.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from masterops.sandbox.n8n.call import Call
from masterops.sandbox.n8n.instance import Instance, iso
from masterops.sandbox.n8n.seeds import ran, tag, workflow
from masterops.sandbox.n8n.timers import Timer, first
from masterops.sandbox.n8n.workflows import activated

PAST, AGE = timedelta(hours=24), timedelta(days=30)
SCHEDULE = "n8n-nodes-base.scheduleTrigger"


class Clocked(NamedTuple):
    """
    A workflow with a schedule, and what is the matter with it: since when it fails, gives nothing, or has
    stopped.
    """

    name: str
    about: str
    minutes: int
    nodes: tuple[str, ...]
    share: int = 0
    words: str = ""
    fails: timedelta | None = None
    barren: timedelta | None = None
    stopped: timedelta | None = None


CLOCKED = (
    Clocked("Orders to Unleashed", "orders", 10, ("Read orders", "Map fields", "Create sales orders"),
            share=4, words="The product code TEA-77 is not known"),
    Clocked("Stock to the shop", "inventory", 15, ("Read stock", "Update products")),
    Clocked("Supplier prices", "inventory", 30, ("Fetch price list", "Update prices"),
            words="The price of TEA-12 is not a number", fails=timedelta(hours=3)),
    Clocked("Invoices to accounting", "finance", 60, ("Read invoices", "Send invoices"),
            stopped=timedelta(hours=5)),
    Clocked("Product feed", "feeds", 30, ("Read products", "Build the feed"), barren=timedelta(hours=4)),
)  # fmt: skip
CALLED = ("New customer", "customers", ("Find contact", "Upsert contact"))


def furnish(home: Instance) -> None:
    """Its workflows, as they have run for a day, and as they go on by the clock."""
    now = home.clock.now()
    for each in CLOCKED:
        item = {"field": "minutes", "minutesInterval": each.minutes}
        if each.minutes % 60 == 0:
            item = {"field": "hours", "hoursInterval": each.minutes // 60}
        id = workflow(home, each.name, SCHEDULE, {"rule": {"interval": [item]}}, each.nodes)
        _switched_on(home, id, each.about)
        timer = Timer(
            id, each.minutes, first(each.minutes, now - PAST), each.share, each.nodes[-1], each.words
        )
        timer.fails_from = _before(now, each.fails)
        timer.empty_from = _before(now, each.barren)
        timer.stops_at = _before(now, each.stopped)
        home.timers.append(timer)
    name, about, nodes = CALLED
    hook = {"httpMethod": "POST", "path": "customer"}
    id = workflow(home, name, "n8n-nodes-base.webhook", hook, nodes)
    _switched_on(home, id, about)
    ran(home, id, "webhook", 9.0, 10, nodes[-1], "The service refused the connection")
    home.in_order()
    home.settle()


def _switched_on(home: Instance, id: str, about: str) -> None:
    """Since a month."""
    home.workflows[id]["tags"] = [tag(home, each) for each in (home.business, about)]
    activated(home, Call("POST", (id,)))
    since = iso(home.clock.now() - AGE)
    home.workflows[id].update(createdAt=since, updatedAt=since)


def _before(now: datetime, span: timedelta | None) -> datetime | None:
    return now - span if span is not None else None
