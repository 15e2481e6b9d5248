"""
A twin made of data: a service that keeps records, for connectors that are installed beside Master-Ops.

What differs from service to service is a few short methods: whose credential a request bears, how a list is
cut into pages, how a refusal is worded. Limits, faults, settings and the records themselves are here.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from masterops import errors
from masterops.core.spelling import unknown
from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.clock import Clock
from masterops.sandbox.service import Ask, Caller
from masterops.sandbox.tokens import demo_token
from masterops.sandbox.window import Window

Row = dict[str, Any]
Asked = Mapping[str, str]

FIRST_SEEDS = 60


class Kind(msgspec.Struct, frozen=True):
    """
    One kind of record: its path, and what the record of a number has beside its id and its moment.
    """

    path: str
    make: Callable[[int, Random], Row]


class Traits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What can be set about an account.
    """

    calls: int
    latency_ms: float = 0.0


class Account:
    """
    One business's records, by path and id, and what it has spent.
    """

    def __init__(self, kinds: Sequence[Kind], traits: Traits, seconds: float) -> None:
        self._seconds = seconds
        self.rows: dict[str, dict[str, Row]] = {kind.path: {} for kind in kinds}
        self.requests = self.refused = self.made = 0
        self.set(traits)

    def set(self, traits: Traits) -> None:
        """Other limits from now on; what was spent is forgotten."""
        self.traits = traits
        self.window = Window(traits.calls, self._seconds)


class RecordTwin(ABC):
    """
    The accounts of all businesses at a service that keeps records.

    A list is asked for at a kind's path; below it stands the id of one record, which GET reads, PATCH and PUT
    change and DELETE removes; POST makes one. Ids are numbers in the order of making.
    """

    name: str
    kinds: tuple[Kind, ...]
    calls: int = 300  # in any `seconds`
    seconds: float = 60.0
    changed: str = "updated_at"  # the field that says when a record changed

    def __init__(
        self, businesses: Sequence[str], clock: Clock, *, seed: int = 1, records: int | None = None
    ) -> None:
        self.clock, self._seed = clock, seed
        self._records = FIRST_SEEDS if records is None else records
        self._owners = {self.expected(each): each for each in businesses}
        self.accounts: dict[str, Account] = {}
        for business in businesses:
            self.reset(business)

    # --- what a service says in its own way ---

    def expected(self, business: str) -> str:
        """The credential that opens a business's account."""
        return demo_token(self.name, business)

    @abstractmethod
    def credential(self, headers: Mapping[str, str], query: str) -> str:
        """The credential that a request bears; empty when it has none."""

    @abstractmethod
    def page(self, rows: Sequence[Row], asked: Asked, address: str) -> Answer:
        """The page that was asked for of these records, which are in the order of their ids."""

    @abstractmethod
    def refusal(self, status: int, message: str) -> Answer:
        """An error in the service's words."""

    def since(self, asked: Asked) -> str:
        """The moment from which on changed records are asked for, as records tell theirs; empty for all."""
        return asked.get("updated_since", "")

    def number(self, asked: Asked, name: str, usual: int) -> int:
        """A number that was asked for; the usual one where it is none, or too small."""
        text = asked.get(name, "")
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else usual
        return number if number >= min(usual, 1) else usual

    def moment(self, at: datetime) -> str:
        """A moment as records tell it; later ones sort behind."""
        return at.isoformat(timespec="milliseconds")

    # --- who is it ---

    def unguarded(self, method: str, path: str, query: str, body: bytes, content_type: str) -> Answer | None:
        """Nothing is open to all."""
        return None

    def caller_of(self, headers: Mapping[str, str], query: str) -> Caller | Answer:
        """Whose credential it is, or the refusal."""
        business = self._owners.get(self.credential(headers, query))
        return self.refusal(401, "The credential is not valid.") if business is None else Caller(business)

    def expired_token(self, caller: Caller) -> Answer:
        """The answer when the credential is no longer good."""
        return self._counted(caller, self.refusal(401, "The credential has expired."))

    # --- may it ---

    def spend(self, caller: Caller, path: str) -> Mapping[str, str] | Answer:
        """Count one call; its answer tells nothing of what is left."""
        if self.accounts[caller.business].window.take(self.clock.ticks()):
            return {}
        return self.storm(caller, path, None)

    def crowd(self, caller: Caller, path: str, calls: int) -> None:
        """Count calls that somebody else makes."""
        for _ in range(calls):
            self.accounts[caller.business].window.take(self.clock.ticks())

    def latency(self, business: str) -> float:
        """Seconds that an answer takes when nothing is wrong."""
        return self.accounts[business].traits.latency_ms / 1000

    def storm(self, caller: Caller, path: str, retry_after: int | str | None) -> Answer:
        """The answer when the limit is spent."""
        return self.forced(caller, 429, retry_after)

    def forced(self, caller: Caller, status: int, retry_after: int | str | None) -> Answer:
        """The answer with a status that a fault sets."""
        said = self.refusal(status, f"HTTP {status}")
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return self._counted(caller, Answer(status, said.body, {**said.headers, **headers}))

    # --- the work ---

    def perform(self, ask: Ask) -> Answer:
        """Do what was asked."""
        account = self.accounts[ask.caller.business]
        kind = next((each for each in self.kinds if _below(ask.path, each.path)), None)
        if kind is None:
            return self._counted(ask.caller, self.refusal(404, f"There is no {ask.path}."))
        account.requests += 1
        id = unquote(ask.path[len(kind.path) :].strip("/"))
        answer = self._one(account, kind, ask, id) if id else self._all(account, kind, ask)
        account.refused += answer.status >= 400
        return answer

    def in_parts(self, path: str) -> bool:
        """It has no batches."""
        return False

    def perform_in_parts(self, ask: Ask) -> Answer:
        """It has no batches."""
        return self.perform(ask)

    def keep(self, account: Account, kind: Kind, fields: Row, before: Row | None = None) -> Row:
        """Make a record, or change one."""
        if before is None:
            account.made += 1
            before = {"id": str(account.made)}
        row = {**before, **fields, "id": before["id"], self.changed: self.moment(self.clock.now())}
        account.rows[kind.path][row["id"]] = row
        return row

    def _all(self, account: Account, kind: Kind, ask: Ask) -> Answer:
        """The list, or a new record."""
        if ask.method == "POST":
            fields = _fields(ask.body)
            if fields is None:
                return self.refusal(400, "The body is no JSON object.")
            return json_answer(201, self.keep(account, kind, fields))
        if ask.method != "GET":
            return self.refusal(405, f"There is no {ask.method} here.")
        asked = dict(parse_qsl(ask.query, keep_blank_values=True))
        since = self.since(asked)
        rows = [row for row in account.rows[kind.path].values() if row[self.changed] >= since]
        return self.page(sorted(rows, key=_number), asked, ask.address)

    def _one(self, account: Account, kind: Kind, ask: Ask, id: str) -> Answer:
        """What is done with one record."""
        held = account.rows[kind.path]
        if id not in held:
            return self.refusal(404, f"There is no record {id}.")
        match ask.method:
            case "GET":
                return json_answer(200, held[id])
            case "DELETE":
                del held[id]
                return Answer(204)
            case "PATCH" | "PUT":
                fields = _fields(ask.body)
                if fields is None:
                    return self.refusal(400, "The body is no JSON object.")
                return json_answer(200, self.keep(account, kind, fields, held[id]))
        return self.refusal(405, f"There is no {ask.method} here.")

    # --- from outside ---

    def settings(self, business: str) -> dict[str, Any]:
        """What can be set about an account."""
        shown: dict[str, Any] = msgspec.to_builtins(self.accounts[business].traits)
        return shown

    def set(self, business: str, given: Mapping[str, Any]) -> None:
        """Set some of it. Raises UnknownName or BadValue."""
        before = self.settings(business)
        for name in given:
            if name not in before:
                raise unknown("setting of a twin", name, list(before))
        try:
            traits = msgspec.convert(before | dict(given), Traits)
        except msgspec.ValidationError as error:
            raise errors.BadValue(value=dict(given), kind="setting", reason=f"{error}.") from None
        if traits.calls < 0 or not 0 <= traits.latency_ms <= 600_000:
            reason = "calls are 0 or more, latency_ms is from 0 to 600000."
            raise errors.BadValue(value=dict(given), kind="setting", reason=reason)
        self.accounts[business].set(traits)

    def state(self, business: str) -> dict[str, Any]:
        """Counts for the state page."""
        account = self.accounts[business]
        return {
            "records": {path: len(rows) for path, rows in account.rows.items()},
            "requests": account.requests,
            "refused": account.refused,
        }

    def reset(self, business: str) -> None:
        """Put an account back to its seeds."""
        chance = Random(f"{self._seed} {self.name} {business}")
        account = Account(self.kinds, Traits(self.calls), self.seconds)
        for kind in self.kinds:
            for number in range(1, self._records + 1):
                self.keep(account, kind, kind.make(number, chance))
        self.accounts[business] = account

    async def work(self) -> None:
        """It does nothing by itself."""
        await asyncio.Event().wait()

    def happen(self, business: str, chance: Random) -> str:
        """A record of the first kind is touched, or made where there is none; says what it was."""
        account, kind = self.accounts[business], self.kinds[0]
        held = account.rows[kind.path]
        row = chance.choice(list(held.values())) if held else None
        kept = self.keep(account, kind, {} if row else kind.make(account.made + 1, chance), row)
        return f"{self.name}: {kind.path} {kept['id']}"

    def _counted(self, caller: Caller, answer: Answer) -> Answer:
        account = self.accounts[caller.business]
        account.requests += 1
        account.refused += 1
        return answer


def _below(path: str, kind: str) -> bool:
    return path == kind or path.startswith(f"{kind}/")


def _number(row: Row) -> int:
    return int(row["id"])


def _fields(body: bytes) -> Row | None:
    try:
        return msgspec.json.decode(body, type=Row)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
