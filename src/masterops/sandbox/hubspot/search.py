"""
The search endpoint: its limits, its body and its pages.
"""

from __future__ import annotations

import msgspec

from masterops.sandbox.answer import Answer
from masterops.sandbox.hubspot import call as calls
from masterops.sandbox.hubspot import objects, problems, searching
from masterops.sandbox.hubspot.account import Account
from masterops.sandbox.hubspot.call import Call, strings
from masterops.sandbox.hubspot.searching import Filter, Sort

LONGEST_BODY = 3_000  # characters
MOST_GROUPS, MOST_IN_GROUP, MOST_FILTERS = 5, 6, 18
MOST_LISTED = 200
LAST_RESULT = 10_000  # unless a test sets another


class Group(msgspec.Struct, frozen=True):
    """
    Filters that must all hold.
    """

    filters: list[Filter] | None = None


class Body(msgspec.Struct, frozen=True, rename="camel"):
    """
    A search. A sort may be a name alone, with a minus before it for descending.
    """

    filter_groups: list[Group] | None = None
    sorts: list[str | Sort] | None = None
    query: str | None = None
    properties: list[str] | None = None
    limit: int | str | None = None
    after: int | str | None = None


def search(account: Account, call: Call) -> Answer:
    """POST /crm/objects/{version}/{kind}/search"""
    store, body = account.store(call.parts[0]), call.json(Body)
    if len(call.body.decode(errors="replace")) > LONGEST_BODY:
        raise problems.invalid(f"The request body may have {LONGEST_BODY} characters at most.")
    groups = _groups(body)
    limit = calls.number(body.limit, "limit", least=1, most=MOST_LISTED, otherwise=10)
    after = calls.number(body.after or None, "after", least=0, most=10**9, otherwise=0)
    if after + limit > account.traits.search_cap:
        last = account.traits.search_cap
        message = f"There was a problem with the request: paging ends at result {last:,} of a search."
        raise problems.invalid(message, after=str(after))
    matches = searching.matcher(groups, body.query, store.definitions, store.kind.searched)
    found = [record for record in store.searched() if matches(record.properties)]
    page = searching.ordered(found, _sort(body), store.definitions)[after : after + limit]
    wanted = store.wanted(strings(body.properties))
    further = str(after + limit) if after + limit < len(found) else None
    rows = [record.encoded(wanted) for record in page]
    return Answer(200, objects.page_body(rows, further, call, limit, total=len(found)))


def _groups(body: Body) -> list[list[Filter]]:
    groups = [group.filters or [] for group in body.filter_groups or []]
    if len(groups) > MOST_GROUPS:
        raise problems.invalid(
            f"A search may have {MOST_GROUPS} filterGroups at most, {len(groups)} were given."
        )
    most = max((len(group) for group in groups), default=0)
    if most > MOST_IN_GROUP:
        raise problems.invalid(f"A filterGroup may have {MOST_IN_GROUP} filters at most, {most} were given.")
    total = sum(len(group) for group in groups)
    if total > MOST_FILTERS:
        raise problems.invalid(f"A search may have {MOST_FILTERS} filters at most, {total} were given.")
    return groups


def _sort(body: Body) -> Sort | None:
    sorts = body.sorts or []
    if len(sorts) > 1:
        raise problems.invalid(f"A search may have one sort, {len(sorts)} were given.")
    if not sorts:
        return None
    sort = sorts[0]
    if isinstance(sort, str):
        return Sort(sort.removeprefix("-"), "DESCENDING" if sort.startswith("-") else "ASCENDING")
    if sort.direction.upper() not in ("ASCENDING", "DESCENDING"):
        raise problems.invalid(
            f"{sort.direction!r} is not ASCENDING or DESCENDING.", direction=sort.direction
        )
    return sort
