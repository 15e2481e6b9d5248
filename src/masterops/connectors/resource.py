"""
What a service keeps, as data: a resource's paths, shapes, pages and batches. `client.py` does the work.

docs/connectors/writing.md has a whole connector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from masterops.connectors.batches import Answered
from masterops.connectors.paginators import OnePage, Paginator
from masterops.core.budgets import CALLS

R = TypeVar("R")
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verb:
    """
    One thing to do with one record, whose id `path` and `query` may hold in braces: `/{id}`,
    `{"id": "eq.{id}"}`.

    `repeatable` says that sending it twice does no more than sending it once. With `idempotency` it does so
    by a header of that name, which bears a key of its own for each call.
    """

    method: str
    path: str = ""
    name: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    idempotency: str = ""
    bucket: str = CALLS


@dataclass(frozen=True, slots=True)
class Listing:
    """
    How many records are read. They stand at `rows` of a page's body (empty: the body is the list), `size` is
    the most that the service gives at once. With a method other than GET what is asked for is in the body.

    A pager with the number in the path wants it in braces: `Listing("/{page}", ...)`.
    """

    path: str = ""
    rows: str = ""
    pager: Paginator = field(default_factory=OnePage)
    size: int = 100
    method: str = "GET"
    name: str = "list"
    query: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    bucket: str = CALLS


@dataclass(frozen=True, slots=True)
class Batch(Generic[R]):
    """
    Many records in one request, `size` at most. `body` is what is sent for some inputs; `read` takes the
    answer apart: its records, and the errors by the inputs' places in the request.
    """

    path: str
    size: int
    body: Callable[[Sequence[Fields]], object]
    read: Callable[[bytes, Sequence[Fields]], Answered[R]]
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    bucket: str = CALLS


@dataclass(frozen=True, slots=True)
class Since(Generic[R]):
    """
    How changes are asked for: `query` and `headers` for a moment, as the service writes it, and the moment at
    which a record says that it changed.
    """

    moment: Callable[[R], datetime | None]
    query: Callable[[datetime], Mapping[str, str | int]] = lambda since: {}
    headers: Callable[[datetime], Mapping[str, str]] = lambda since: {}


@dataclass(frozen=True, slots=True)
class Resource(Generic[R]):
    """
    One kind of record: its name in operations, its path (a template; `within` fills its parts), its struct,
    and what can be done with it. `key` is the struct's field that tells records apart; `one` is where a
    record stands in its own answer (empty: it is the body; a list's first is taken), `wrap` what a record is
    sent in.
    """

    name: str
    path: str
    row: type[R]
    key: str = "id"
    one: str = ""
    wrap: Callable[[Fields], object] = dict
    listing: Listing = Listing()
    search: Listing | None = None
    get: Verb = Verb("GET", "/{id}")
    create: Verb = Verb("POST", repeatable=False)
    update: Verb = Verb("PATCH", "/{id}")
    delete: Verb = Verb("DELETE", "/{id}")
    batches: Mapping[str, Batch[R]] = field(default_factory=dict)
    since: Since[R] | None = None
