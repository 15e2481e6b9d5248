"""
The lists that the twin keeps.
"""

from __future__ import annotations

from tests.sandbox.desk import Desk

LISTS = "/crm/lists/2026-03"


async def test_a_list_is_made_filled_read_in_pages_and_removed(desk: Desk) -> None:
    """
    Only records that there are become members, each once.
    """
    ids = [(await desk.contact(email=f"{n}@example.com"))["id"] for n in range(3)]
    draft = {"name": "Ours", "objectTypeId": "0-1", "processingType": "MANUAL"}
    id = (await desk.post(LISTS, draft)).body["list"]["listId"]
    add = await desk.call("PUT", f"{LISTS}/{id}/memberships/add", [*ids, ids[0], "999"])
    first = (await desk.get(f"{LISTS}/{id}/memberships?limit=2")).body
    rest = (await desk.get(f"{LISTS}/{id}/memberships?limit=2&after={first['paging']['next']['after']}")).body
    swap = {"recordIdsToAdd": [], "recordIdsToRemove": [ids[0]]}
    swapped = (await desk.call("PUT", f"{LISTS}/{id}/memberships/add-and-remove", swap)).body
    taken = (await desk.call("PUT", f"{LISTS}/{id}/memberships/remove", [ids[1], "5"])).body
    size = (await desk.get(f"{LISTS}/{id}")).body["list"]["size"]
    gone = [(await desk.call("DELETE", f"{LISTS}/{id}")).status for _ in range(2)]

    assert {"recordsIdsAdded": ids, "recordIdsRemoved": [], "recordIdsMissing": ["999"]} == add.body
    assert (ids[:2], ids[2:], 3) == (
        [each["recordId"] for each in first["results"]],
        [each["recordId"] for each in rest["results"]],
        first["total"],
    )
    assert "paging" not in rest
    assert ([ids[0]], [ids[1]], 1) == (swapped["recordIdsRemoved"], taken["recordIdsRemoved"], size)
    assert [204, 404] == gone


async def test_what_the_twin_cannot_keep_is_refused(desk: Desk) -> None:
    """
    A list that a filter fills, a second one of the same name, too large a page.
    """
    draft = {"name": "Ours", "objectTypeId": "contacts", "processingType": "SNAPSHOT"}

    assert 400 == (await desk.post(LISTS, draft | {"processingType": "DYNAMIC"})).status
    assert [200, 400] == [(await desk.post(LISTS, draft)).status for _ in range(2)]
    assert 400 == (await desk.post(f"{LISTS}/search", {"count": 501})).status
    assert 400 == (await desk.get(f"{LISTS}/1/memberships?limit=251")).status
