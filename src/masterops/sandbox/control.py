"""
The control API of a running sandbox, under `/_sandbox/`: health, state, faults, settings, clock, reset.

It is for people and tests, not part of any service; it needs no token, spends no limit and meets no fault.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec

from masterops import errors
from masterops.core.spelling import unknown
from masterops.sandbox import faults
from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.clock import VirtualClock
from masterops.sandbox.faultbook import Faultbook
from masterops.sandbox.service import Service

PREFIX = "/_sandbox/"


FASTEST, FURTHEST, UNCHANGED = 100_000, 10**9, -1.0


class ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    """
    What is to become of the clock.
    """

    now: datetime | None = None
    move: float = 0.0  # seconds
    speed: float = UNCHANGED


class Control:
    """
    The handlers; each gives an answer or raises one of our errors.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        businesses: Sequence[str],
        book: Faultbook,
        clock: VirtualClock,
    ) -> None:
        self._clock = clock
        self._services = services
        self._businesses = list(businesses)
        self._book = book

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """The answer to a request under `/_sandbox/`."""
        parts = [unquote(part) for part in path.removeprefix(PREFIX).strip("/").split("/")]
        try:
            return self._routed(method, parts, parse_qs(query), body)
        except errors.MasterOpsError as error:
            status = 400 if isinstance(error, errors.UsageError) else 500
            return json_answer(status, {"error": error.message, "hint": error.advice, "code": error.code})

    def _routed(self, method: str, parts: list[str], query: dict[str, list[str]], body: bytes) -> Answer:
        match (method, parts):
            case ("GET", ["health"]):
                return json_answer(200, {"status": "ok", "pid": os.getpid(), "businesses": self._businesses})
            case ("GET", ["state"]):
                return json_answer(200, self._state())
            case ("PUT", ["faults", service, business]):
                return self._set(self._connection(service, business), body)
            case ("DELETE", ["faults", service, business]):
                self._book.set(self._connection(service, business), None)
                return Answer(204)
            case ("GET", ["settings", service, business]):
                self._connection(service, business)
                return json_answer(200, self._services[service].settings(business))
            case ("PUT", ["settings", service, business]):
                self._connection(service, business)
                self._services[service].set(business, _object(body, '{"latency_ms": 250}'))
                return json_answer(200, self._services[service].settings(business))
            case ("GET", ["clock"]):
                return json_answer(200, self._time())
            case ("PUT", ["clock"]):
                return self._set_clock(_object(body, '{"move": 86400}'))
            case ("POST", ["reset"]):
                return self._reset(query.get("business", self._businesses))
        known = (
            "GET health, GET state, PUT or DELETE faults/{service}/{business}, GET or PUT "
            "settings/{service}/{business}, GET or PUT clock, POST reset"
        )
        missing = {"error": f"There is no {method} {PREFIX}{'/'.join(parts)}.", "hint": f"Known: {known}."}
        return json_answer(404, missing)

    def _set(self, connection: str, body: bytes) -> Answer:
        fault = faults.parse(_object(body, '{"status": 503, "times": 3}', "fault"))
        self._book.set(connection, fault)
        return json_answer(200, {"connection": connection, "fault": fault})

    def _time(self) -> dict[str, Any]:
        return {
            "now": self._clock.now(),
            "ticks": self._clock.ticks(),
            "speed": self._clock.speed,
        }

    def _set_clock(self, given: dict[str, Any]) -> Answer:
        """`now` shows a moment, `move` lets seconds pass, `speed` runs it faster; in this order."""
        try:
            wanted = msgspec.convert(given, ClockChange)
        except msgspec.ValidationError as error:
            raise errors.BadValue(value=given, kind="clock", reason=f"{error}.") from None
        if not (0 <= wanted.speed <= FASTEST or wanted.speed == UNCHANGED) or abs(wanted.move) > FURTHEST:
            reason = f"speed is from 0 to {FASTEST}, move up to {FURTHEST} seconds."
            raise errors.BadValue(value=given, kind="clock", reason=reason)
        if wanted.now is not None:
            at = wanted.now
            self._clock.set(at if at.tzinfo is not None else at.replace(tzinfo=UTC))
        self._clock.move(wanted.move)
        if wanted.speed != UNCHANGED:
            self._clock.run(wanted.speed)
        return json_answer(200, self._time())

    def _reset(self, businesses: Sequence[str]) -> Answer:
        for business in businesses:
            self._check_business(business)
        for service in self._services.values():
            for business in businesses:
                service.reset(business)
                self._book.set(f"{service.name}/{business}", None)
        return json_answer(200, {"reset": list(businesses)})

    def _state(self) -> dict[str, Any]:
        return {
            "businesses": {
                business: {service.name: service.state(business) for service in self._services.values()}
                for business in self._businesses
            },
            "faults": self._book.now(),
            "trouble": self._book.trouble,
        }

    def _connection(self, service: str, business: str) -> str:
        if service not in self._services:
            raise unknown("service in this sandbox", service, list(self._services))
        self._check_business(business)
        return f"{service}/{business}"

    def _check_business(self, business: str) -> None:
        if business not in self._businesses:
            raise unknown("business in this sandbox", business, self._businesses)


def _object(body: bytes, example: str, kind: str = "setting") -> dict[str, Any]:
    """The JSON object that was sent. Raises BadValue."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        sent, reason = body.decode(errors="replace")[:80], f"send a JSON object like {example} ({error})."
        raise errors.BadValue(value=sent, kind=kind, reason=reason) from None
