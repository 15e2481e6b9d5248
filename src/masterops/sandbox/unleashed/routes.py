"""
Unleashed's paths: what answers a request.
"""

from __future__ import annotations

from urllib.parse import unquote

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.service import Ask
from masterops.sandbox.unleashed import listing, subscriptions, values, writing
from masterops.sandbox.unleashed.account import Account, kind_of
from masterops.sandbox.unleashed.kinds import Kind
from masterops.sandbox.unleashed.problems import Refusal

LONGEST_NUMBER = 9  # digits of a page


def answer(account: Account, ask: Ask) -> Answer:
    """The answer to a request. Raises Refusal."""
    parts = [unquote(part) for part in ask.path.strip("/").split("/")]
    first = parts[0].lower()
    if first == "webhooks" and parts[1:2] == ["subscriptions"]:
        return subscriptions.answer(account, ask.method, parts[2:], ask.body)
    page = _page(parts[1:])
    if first == "stockonhand":
        return _stock(account, ask, parts, page)
    kind = kind_of(first)
    if kind is None:
        raise Refusal(404)
    if page is not None and (ask.method == "GET" or len(parts) > 1):
        _only(ask.method, "GET")
        return listing.records(account, kind, ask.query, page)
    return _one(account, kind, ask, parts)


def _one(account: Account, kind: Kind, ask: Ask, parts: list[str]) -> Answer:
    """What is done with one record."""
    method, orders = ask.method, kind.path == "SalesOrders"
    if len(parts) == 1 and method == "POST" and orders:
        return json_answer(200, writing.posted(account, kind, account.guid(), ask.body))
    if len(parts) == 3 and [kind.path, parts[1].lower()] == ["Products", "obsolete"]:
        _only(method, "POST")
        return json_answer(200, account.keep(kind, _known(account, kind, parts[2]), {"Obsolete": True}))
    guid = parts[1].lower() if len(parts) > 1 else ""
    if len(parts) == 3 and orders and parts[2].lower() == "complete":
        _only(method, "POST")
        return json_answer(200, writing.completed(account, guid))
    if len(parts) != 2 or not values.GUID.fullmatch(guid):
        raise Refusal(404 if len(parts) > 1 else 405)
    match method:
        case "GET":
            return json_answer(200, account.rows[kind.path][_known(account, kind, guid)])
        case "POST" if kind.writable:
            return json_answer(200, writing.posted(account, kind, guid, ask.body))
        case "PUT" if orders:
            known = _known(account, kind, guid)
            return json_answer(200, writing.kept(account, kind, known, writing.parsed(ask.body)))
        case "DELETE" if orders:
            writing.deleted(account, guid)
            return Answer(200)
    raise Refusal(405)


def _stock(account: Account, ask: Ask, parts: list[str], page: int | None) -> Answer:
    _only(ask.method, "GET")
    if page is not None:
        return listing.stock(account, ask.query, page)
    found = [
        row for row in account.stock_rows() if [row["ProductGuid"]] == [part.lower() for part in parts[1:]]
    ]
    if not found:
        raise Refusal(404, "There is no stock of this product.")
    return json_answer(200, found[0])


def _page(rest: list[str]) -> int | None:
    """The number of the page that a path asks for; None where it asks for something else."""
    if not rest or rest == [""]:
        return 1
    words = rest[1:] if rest[0].lower() == "page" else rest
    number = words[0] if len(words) == 1 else ""
    readable = number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER
    return int(number) if readable else None


def _known(account: Account, kind: Kind, guid: str) -> str:
    if guid.lower() not in account.rows[kind.path]:
        raise Refusal(404, f"There is no record {guid} in {kind.path}.")
    return guid.lower()


def _only(method: str, allowed: str) -> None:
    if method != allowed:
        raise Refusal(405)
